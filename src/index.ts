/** @file The public API of the compiler. Generated modules import `fuse-lang/runtime` instead. */
export { build, buildFactory, buildPlans } from "./compile.ts";
export { buildGraphs, openProgram } from "./graphs.ts";
export type { BuildOptions, PlanOptions } from "./compile.ts";
export type { ModelOptions, Outcome } from "./graphs.ts";
export type { Host } from "./check/text/modules.ts";
export type { Program } from "./check/program.ts";
export type { Settings } from "./check/instantiate/settings.ts";
export type { BinaryFile } from "./codegen/target.ts";
export type { TargetName } from "./codegen/targets.ts";
export type { Backend } from "./contract/backends.ts";
export type { ModelGraph } from "./ir/model-graph.ts";
export type { Costs } from "./plan/costs.ts";
export type { Plan } from "./plan/plan.ts";
export type { Diagnostic } from "./source/diagnostic.ts";
export { renderDiagnostic, renderDiagnostics } from "./source/render.ts";
export { version } from "./version.ts";
