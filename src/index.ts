/** @file The public API of the compiler. What generated modules import is `fuse-lang/runtime`. */
export {
  buildEngine,
  buildFactory,
  buildGraphModel,
  buildGraphs,
  buildModule,
  buildOnnx,
  buildPlans,
  buildSavedModel,
  openProgram,
} from "./compile.ts";
export type { BuildOptions, Outcome } from "./compile.ts";
export type { Host } from "./check/text/modules.ts";
export type { Program } from "./check/program.ts";
export type { Settings } from "./check/instantiate/settings.ts";
export type { EmittedFile } from "./codegen/esm/emit.ts";
export type { BinaryFile, WeightedPlan } from "./codegen/target.ts";
export type { ModelGraph } from "./ir/model-graph.ts";
export type { Plan } from "./plan/plan.ts";
export { graphModelProfile, onnxProfile, savedModelProfile, type Backend, type Profile } from "./plan/profile.ts";
export type { Diagnostic } from "./source/diagnostic.ts";
export { renderDiagnostic, renderDiagnostics } from "./source/render.ts";
export { version } from "./version.ts";
