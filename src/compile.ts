/** @file The driver: text to program, to graphs, to plans, to the files of a target. Runs in a browser: files come through a host. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Settings } from "./check/instantiate/settings.ts";
import { Program } from "./check/program.ts";
import type { Block, Host } from "./check/text/modules.ts";
import { emitEsm, emitFactory, type EmittedFile, type ModuleInfo } from "./codegen/esm/emit.ts";
import { emitGraphModel } from "./codegen/graph-model/emit.ts";
import { emitOnnx } from "./codegen/onnx/emit.ts";
import { emitSavedModel } from "./codegen/saved-model/emit.ts";
import type { BinaryFile, Emission, WeightedPlan } from "./codegen/target.ts";
import { emitEngine } from "./codegen/tensorflow/engine.ts";
import type { ModelGraph } from "./ir/model-graph.ts";
import { library } from "./library.ts";
import { plan, type Plan } from "./plan/plan.ts";
import { esmProfile, savedModelProfile, type Backend, type Profile } from "./plan/profile.ts";
import type { Diagnostic, Help } from "./source/diagnostic.ts";
import { diagnostic, Reporter } from "./source/reporter.ts";
import { nearest } from "./source/suggest.ts";
import { version } from "./version.ts";

export interface BuildOptions {
  /** One model of the file; all of them if left out. */
  readonly model?: string | undefined;
  readonly settings?: Settings;
  /** A module for this backend only may be faster; without one it runs on every backend. */
  readonly backend?: Backend | undefined;
}

/** What a stage makes, with what it says; `value` is undefined exactly if there is an error. */
export interface Outcome<T> {
  readonly value: T | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses a file and all that it imports. Library modules come with the compiler; other files through the host. */
export function openProgram(path: string, text: string, host: Host): Program {
  return new Program(path, text, {
    read: (path) => (Object.hasOwn(library, path) ? library[path] : host.read(path)),
    modules: (from) => [...Object.keys(library), ...(host.modules?.(from) ?? [])],
  });
}

/** The graphs of the chosen models. Reports all that `Program.check` reports, and what the settings decide. */
export function buildGraphs(program: Program, options: BuildOptions = {}): Outcome<readonly ModelGraph[]> {
  const checked = program.check();
  const models = chooseModels(program, options.model);
  const diagnostics = [...checked, ...models.diagnostics];
  if (models.value === undefined || failed(diagnostics)) return { value: undefined, diagnostics };
  const settings = options.settings ?? {};
  const taken = (block: Block) => (models.value!.length === 1 ? settings : own(program, block, settings));
  const instances = models.value.map((block) => program.instantiate(block, taken(block)));
  for (const name of Object.keys(settings))
    if (models.value.length > 1 && !models.value.some((block) => Object.hasOwn(own(program, block, settings), name)))
      diagnostics.push(diagnostic("unknown-setting", undefined, { name, model: program.main.path }));
  diagnostics.push(...instances.flatMap((instance) => instance.diagnostics));
  const graphs = instances.flatMap(({ graph }) => graph ?? []);
  return { value: failed(diagnostics) ? undefined : graphs, diagnostics };
}

/** The plans of the chosen models, for the ES module unless another profile is given. */
export function buildPlans(
  program: Program,
  options: BuildOptions = {},
  profile: Profile = esmProfile(options.backend),
): Outcome<readonly Plan[]> {
  const { value, diagnostics } = buildGraphs(program, options);
  return { value: value?.map((graph) => plan(graph, profile)), diagnostics };
}

/**
 * One ES module with all models of the plans, its types and its source map. `locate` gives the place of a program as seen
 * from the module's folder, with `/` between names; without it the module is beside the program. `graph` says whether the
 * module is to know of the file that `buildEngine` makes.
 */
export function buildModule(
  program: Program,
  plans: readonly Plan[],
  locate?: (path: string) => string | undefined,
  graph = false,
): EmittedFile[] {
  return emitEsm(plans, { ...info(program), graph, ...(locate === undefined ? {} : { locate }) });
}

/** `<program>.graph`: what lets the runtime run the models of a module as sessions of TensorFlow. */
export function buildEngine(program: Program, plans: readonly Plan[]): Uint8Array {
  return emitEngine(
    plans.map(({ graph }) => plan(graph, savedModelProfile)),
    info(program),
  );
}

/** The folder `<program>.saved-model`; the plans are for `savedModelProfile`. */
export function buildSavedModel(program: Program, models: readonly WeightedPlan[]): Outcome<readonly BinaryFile[]> {
  return outcomeOf("saved-model", emitSavedModel(models, info(program)));
}

/** The folder `<program>.graph-model`, or one for each model; the plans are for `graphModelProfile`. */
export function buildGraphModel(program: Program, models: readonly WeightedPlan[]): Outcome<readonly BinaryFile[]> {
  return outcomeOf("graph-model", emitGraphModel(models, info(program)));
}

/** `<program>.onnx`, or `<program>-<Model>.onnx` for each of several models; the plans are for `onnxProfile`. */
export function buildOnnx(program: Program, models: readonly WeightedPlan[]): Outcome<readonly BinaryFile[]> {
  return outcomeOf("onnx", emitOnnx(models, info(program)));
}

/** The files, or what the target cannot express, each thing at its place in the program. */
function outcomeOf(target: string, emission: Emission): Outcome<readonly BinaryFile[]> {
  if ("files" in emission) return { value: emission.files, diagnostics: [] };
  const reporter = new Reporter();
  if ("tooLarge" in emission)
    reporter.report("too-large-for-target", undefined, { target, bytes: String(emission.tooLarge) });
  else
    for (const { primitive, reason, origin } of emission.unsupported) {
      // Where there is a place, that tells more than a primitive's name.
      const what = origin === undefined ? `\`${primitive}\`` : "this";
      const helps = [{ text: "the ES module has everything", code: "--target esm" }];
      reporter.report("not-in-target", origin?.span, { what, target, reason }, { helps });
    }
  return { value: undefined, diagnostics: reporter.diagnostics };
}

/** The module as one text without imports, for running it at once. */
export function buildFactory(program: Program, plans: readonly Plan[]): string {
  return emitFactory(plans, info(program));
}

function info(program: Program): ModuleInfo {
  const texts = program.modules.map(({ path, ast }) => `${path}\0${ast.span.source.text}`);
  const hash = bytesToHex(sha256(utf8ToBytes(texts.join("\0")))).slice(0, 16);
  return { source: program.main.path, hash, version };
}

function chooseModels(program: Program, name: string | undefined): Outcome<readonly Block[]> {
  const models = program.models;
  const chosen = models.filter(({ decl }) => name === undefined || decl.name.text === name);
  if (chosen.length > 0) return { value: chosen, diagnostics: [] };
  const names = models.map(({ decl }) => decl.name.text).join(", ");
  const found =
    name === undefined || models.length === 0
      ? diagnostic("no-model", undefined, { path: program.main.path })
      : diagnostic("unknown-model", undefined, { name, models: names }, { helps: modelHelps(models, name) });
  return { value: undefined, diagnostics: [found] };
}

function modelHelps(models: readonly Block[], name: string): Help[] {
  const near = nearest(
    name,
    models.map(({ decl }) => decl.name.text),
  );
  return near === undefined ? [] : [{ text: "did you mean", code: near }];
}

/** The settings that a model has; with several models each takes its own. */
function own(program: Program, block: Block, settings: Settings): Settings {
  const known = program.context.signature(block).parameters.map(({ name }) => name);
  return Object.fromEntries(Object.entries(settings).filter(([name]) => known.includes(name)));
}

function failed(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === "error");
}
