/** @file The public API of the compiler. Generated modules import `fuse-lang/runtime` instead. */
export { build, buildFactory, buildGraphs, buildPlans, buildReports, findHints, openProgram } from "./compile.ts";
export type { BuildOptions, ModelOptions, Outcome, PlanOptions } from "./compile.ts";
export type { Host } from "./check/text/modules.ts";
export type { Program } from "./check/program.ts";
export type { Settings } from "./check/instantiate/settings.ts";
export type { BinaryFile } from "./codegen/target.ts";
export type { TargetName } from "./codegen/targets.ts";
export type { Backend } from "./contract/backends.ts";
export type { ModelGraph } from "./ir/model-graph.ts";
export type { OptimizeOptions } from "./optimize/optimize.ts";
export type { NearMiss } from "./optimize/near-misses.ts";
export type { Part, Report, ReportedChange, ReportedMiss } from "./optimize/report.ts";
export type { Written } from "./optimize/written.ts";
export type { Costs } from "./plan/costs.ts";
export type { Plan } from "./plan/plan.ts";
export type { Diagnostic } from "./source/diagnostic.ts";
export { renderDiagnostic, renderDiagnostics } from "./source/render.ts";
export { version } from "./version.ts";
