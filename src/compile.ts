/** @file The driver: text to program, to graphs, to plans, to the files of a target. Runs in a browser: files come through a host. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Settings } from "./check/instantiate/settings.ts";
import { Program } from "./check/program.ts";
import type { Block, Host } from "./check/text/modules.ts";
import { emitFactory } from "./codegen/esm/emit.ts";
import { needsWeights, type BinaryFile, type Emission, type SourceInfo } from "./codegen/target.ts";
import { defaultTarget, targets, type TargetName } from "./codegen/targets.ts";
import type { Backend } from "./contract/backends.ts";
import type { NdArray } from "./contract/ndarray.ts";
import type { ModelGraph } from "./ir/model-graph.ts";
import { library } from "./library.ts";
import { plan, type Plan } from "./plan/plan.ts";
import type { Diagnostic } from "./source/diagnostic.ts";
import { InternalError, invariant } from "./source/internal-error.ts";
import { diagnostic, Reporter } from "./source/reporter.ts";
import { nearest } from "./source/suggest.ts";
import { version } from "./version.ts";

/** Which models, and with which settings. */
export interface ModelOptions {
  /** One model of the file; all of them if left out. */
  readonly model?: string | undefined;
  readonly settings?: Settings;
}

export interface PlanOptions extends ModelOptions {
  /** The format that the models will be written in: an ES module unless another is chosen. */
  readonly target?: TargetName;
  /** An ES module for this backend only may be faster; without it, it runs on every backend. Other targets do so anyway. */
  readonly backend?: Backend | undefined;
}

export interface BuildOptions {
  /** Gives a weight of a model by its path, in the shape of its manifest entry. Targets need it whose files hold the weights. */
  readonly weights?: (path: string, model: string) => NdArray;
  /**
   * The place of a program as seen from the folder that is built into, with `/` between names, for source maps; undefined if
   * there is no way. Without it the files are beside their program.
   */
  readonly locate?: (path: string) => string | undefined;
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
export function buildGraphs(program: Program, options: ModelOptions = {}): Outcome<readonly ModelGraph[]> {
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

/** The plans of the chosen models, for a target. */
export function buildPlans(program: Program, options: PlanOptions = {}): Outcome<readonly Plan[]> {
  const { target = defaultTarget, backend } = options;
  const { profile, profileFor } = targets[target];
  const chosen = backend === undefined ? profile : (profileFor?.(backend) ?? profile);
  const { value, diagnostics } = buildGraphs(program, options);
  return { value: value?.map((graph) => plan(graph, chosen)), diagnostics };
}

/**
 * The files of a target that hold these models. The plans are those that `buildPlans` made for the same target. All models of
 * the plans are written together: which files that makes is the target's choice.
 */
export function build(
  program: Program,
  target: TargetName,
  plans: readonly Plan[],
  options: BuildOptions = {},
): Outcome<readonly BinaryFile[]> {
  const { weights, locate } = options;
  const { emit, holdsWeights } = targets[target];
  for (const { profile } of plans)
    invariant(profile.name === target, `a plan for ${profile.name} is built as ${target}`);
  const open = plans.find(({ manifest }) => weights === undefined && manifest.length > 0);
  if (holdsWeights && open !== undefined)
    return nothing(diagnostic("bad-input", undefined, { message: needsWeights(open) }));
  const models = plans.map((each) => ({
    plan: each,
    load: (path: string) => weights?.(path, each.graph.name) ?? unknownWeight(path),
  }));
  return outcomeOf(target, emit(models, { ...info(program), ...(locate === undefined ? {} : { locate }) }));
}

function unknownWeight(path: string): never {
  throw new InternalError(`the weight ${path} is asked for, and nobody gives it`);
}

/** The files, or what the target cannot express, each thing at its place in the program. */
function outcomeOf(target: TargetName, emission: Emission): Outcome<readonly BinaryFile[]> {
  if ("files" in emission) return { value: emission.files, diagnostics: [] };
  const reporter = new Reporter();
  if ("tooLarge" in emission)
    reporter.report("too-large-for-target", undefined, { target, bytes: String(emission.tooLarge) });
  else
    for (const { primitive, reason, origin } of emission.unsupported) {
      // Where there is a place, that tells more than a primitive's name.
      const what = origin === undefined ? `\`${primitive}\`` : "this";
      const helps = [{ text: "the ES module supports everything", code: `--target ${defaultTarget}` }];
      reporter.report("not-in-target", origin?.span, { what, target, reason }, { helps });
    }
  return { value: undefined, diagnostics: reporter.diagnostics };
}

/** The module as one text without imports, for running it at once. */
export function buildFactory(program: Program, plans: readonly Plan[]): string {
  return emitFactory(plans, info(program));
}

function info(program: Program): SourceInfo {
  const texts = program.modules.map(({ path, ast }) => `${path}\0${ast.span.source.text}`);
  const hash = bytesToHex(sha256(utf8ToBytes(texts.join("\0")))).slice(0, 16);
  return { source: program.main.path, hash, version };
}

/** The models of a program that have a name, or all of them without one; what is wrong if there is none. */
export function chooseModels(program: Program, name: string | undefined): Outcome<readonly Block[]> {
  const { models } = program;
  if (models.length === 0) return nothing(diagnostic("no-model", undefined, { path: program.main.path }));
  const names = models.map(({ decl }) => decl.name.text);
  const value = models.filter((_, i) => name === undefined || names[i] === name);
  return value.length > 0 || name === undefined ? { value, diagnostics: [] } : nothing(unknownModel(name, names));
}

/** What is said of a name that no model has. */
export function unknownModel(name: string, models: readonly string[]): Diagnostic {
  const near = nearest(name, models);
  const helps = near === undefined ? [] : [{ text: "did you mean", code: near }];
  return diagnostic("unknown-model", undefined, { name, models: models.join(", ") }, { helps });
}

const nothing = (found: Diagnostic): Outcome<never> => ({ value: undefined, diagnostics: [found] });

/** The settings that a model has; with several models each takes its own. */
function own(program: Program, block: Block, settings: Settings): Settings {
  const known = program.context.signature(block).parameters.map(({ name }) => name);
  return Object.fromEntries(Object.entries(settings).filter(([name]) => known.includes(name)));
}

function failed(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === "error");
}
