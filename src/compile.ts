/** @file The driver: text to program, graphs, plans, and target files. Runs in a browser: files come through a host. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Settings } from "./check/instantiate/settings.ts";
import { Program } from "./check/program.ts";
import type { Block, Host } from "./check/text/modules.ts";
import { emitFactory } from "./codegen/esm/emit.ts";
import { needsWeights, type BinaryFile, type Emission, type SourceInfo } from "./codegen/target.ts";
import { defaultTarget, targets, type TargetName } from "./codegen/targets.ts";
import { backends, type Backend } from "./contract/backends.ts";
import { dtypeOf, shapeOf } from "./contract/manifest.ts";
import { elements, type NdArray } from "./contract/ndarray.ts";
import type { ModelGraph } from "./ir/model-graph.ts";
import { library } from "./library.ts";
import { costsFrom, type Costs } from "./plan/costs.ts";
import { asWritten, type OptimizeOptions } from "./optimize/optimize.ts";
import { planOptimized } from "./optimize/planned.ts";
import { reportHints } from "./optimize/hints.ts";
import { reportOn, type Report } from "./optimize/report.ts";
import { refusedSizes, unknownSize } from "./plan/given-sizes.ts";
import type { Plan } from "./plan/plan.ts";
import { withCosts, type Profile } from "./plan/profile.ts";
import type { Diagnostic } from "./source/diagnostic.ts";
import { invariant } from "./source/internal-error.ts";
import { diagnostic, Reporter } from "./source/reporter.ts";
import { nearest } from "./source/suggest.ts";
import { version } from "./version.ts";
import { DataError, printShape, quote } from "./weights/data-error.ts";
import { exactly } from "./weights/exact.ts";

/** Which models to build, and with which settings. */
export interface ModelOptions {
  /** One model of the file; all of them if omitted. */
  readonly model?: string | undefined;
  readonly settings?: Settings;
}

/** How to plan the models. */
export interface PlanOptions extends ModelOptions {
  /** The format to write the models in. Default: an ES module. */
  readonly target?: TargetName;
  /**
   * Builds an ES module for this backend only, which may be faster. By default it runs on every backend. Other targets
   * always do.
   */
  readonly backend?: Backend | undefined;
  /**
   * Whether to make the models cheaper, or how. Results are then equal up to rounding. Default: yes, for all sizes where
   * that can be proved, otherwise for `n` = 1 and 64 for any other size.
   */
  readonly optimize?: boolean | OptimizeOptions;
  /** What work costs on the machine that will run the plans, as `fuse calibrate` measures it. Default: the target's costs. */
  readonly costs?: Costs | undefined;
}

export interface BuildOptions {
  /**
   * Returns a weight of a model by its path, in the shape of its manifest entry. Required by targets whose files hold
   * the weights.
   */
  readonly weights?: (path: string, model: string) => NdArray;
  /**
   * Returns the place of a program relative to the output folder, with `/` between names, for source maps; undefined if
   * it has none. By default, files are next to their program.
   */
  readonly locate?: (path: string) => string | undefined;
}

/** The value of a stage, with its diagnostics. `value` is undefined exactly if there is an error. */
export interface Outcome<T> {
  readonly value: T | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses a file and everything it imports. Library modules come with the compiler; other files through the host. */
export function openProgram(path: string, text: string, host: Host): Program {
  return new Program(path, text, {
    read: (path) => (Object.hasOwn(library, path) ? library[path] : host.read(path)),
    modules: (from) => [...Object.keys(library), ...(host.modules?.(from) ?? [])],
  });
}

/**
 * Builds the graphs of the chosen models. Reports everything that `Program.check` reports, and errors that depend on
 * the settings.
 */
export function buildGraphs(program: Program, options: ModelOptions = {}): Outcome<readonly ModelGraph[]> {
  const mistake = mistakeInOptions(options);
  if (mistake !== undefined) return nothing(mistake);
  const checked = program.check();
  const models = chooseModels(program, options.model);
  const reporter = new Reporter();
  for (const found of [...checked, ...models.diagnostics]) reporter.add(found);
  const { diagnostics } = reporter;
  if (models.value === undefined || reporter.failed) return { value: undefined, diagnostics };
  const settings = options.settings ?? {};
  const taken = (block: Block) => (models.value!.length === 1 ? settings : own(program, block, settings));
  const instances = models.value.map((block) => program.instantiate(block, taken(block)));
  for (const name of Object.keys(settings))
    if (models.value.length > 1 && !models.value.some((block) => Object.hasOwn(own(program, block, settings), name)))
      reporter.report("unknown-setting", undefined, { name, model: program.main.path });
  for (const found of instances.flatMap((instance) => instance.diagnostics)) reporter.add(found);
  const graphs = instances.flatMap(({ graph }) => graph ?? []);
  return { value: reporter.failed ? undefined : graphs, diagnostics };
}

/** Builds the plans of the chosen models for a target. */
export function buildPlans(program: Program, options: PlanOptions = {}): Outcome<readonly Plan[]> {
  const { optimize = true } = options;
  return forTarget(program, options, (graph, profile) => planOptimized(graph, profile, choicesOf(optimize)).plan);
}

/** Optimizes the chosen models for a target, and reports what was done and what was nearly done. */
export function buildReports(program: Program, options: PlanOptions = {}): Outcome<readonly Report[]> {
  const { optimize = true } = options;
  return forTarget(program, options, (graph, profile) => reportOn(graph, profile, choicesOf(optimize)));
}

function choicesOf(optimize: boolean | OptimizeOptions): OptimizeOptions {
  if (typeof optimize !== "boolean") return optimize;
  return optimize ? {} : asWritten;
}

/** Makes something of each of the chosen models, for a target. */
function forTarget<T>(
  program: Program,
  options: PlanOptions,
  make: (graph: ModelGraph, profile: Profile) => T,
): Outcome<readonly T[]> {
  const mistake = mistakeInPlanOptions(options);
  if (mistake !== undefined) return nothing(mistake);
  const profile = profileOf(options);
  const { value, diagnostics } = buildGraphs(program, options);
  const misfit = value && mistakeInSizes(value, options);
  if (misfit !== undefined) return { value: undefined, diagnostics: [...diagnostics, misfit] };
  return { value: value?.map((graph) => make(graph, profile)), diagnostics };
}

function profileOf({ target = defaultTarget, backend, costs }: PlanOptions): Profile {
  const { profile, profileFor } = targets[target];
  return withCosts(backend === undefined ? profile : (profileFor?.(backend) ?? profile), costs);
}

/**
 * Returns what an author could change to make models cheaper, beyond what the optimizer does by itself: of each model whose
 * parameters have defaults, or are among the settings.
 */
export function findHints(program: Program, options: PlanOptions = {}): readonly Diagnostic[] {
  const mistake = mistakeInPlanOptions(options);
  if (mistake !== undefined) return [mistake];
  const { model, settings = {} } = options;
  const isFree = (block: Block) =>
    program.context
      .signature(block)
      .parameters.every(({ ast, name }) => ast.default !== undefined || Object.hasOwn(settings, name));
  const graphs = program.models
    .filter((block) => isFree(block) && (model === undefined || block.decl.name.text === model))
    .flatMap((block) => {
      const chosen = { model: block.decl.name.text, settings: own(program, block, settings) };
      return buildGraphs(program, chosen).value ?? [];
    });
  const misfit = mistakeInSizes(graphs, options);
  if (misfit !== undefined) return [misfit];
  const [profile, reporter] = [profileOf(options), new Reporter()];
  const isLibrary = (path: string) => Object.hasOwn(library, path);
  for (const graph of graphs) reportHints(graph, profile, { at: givenSizes(options) }, isLibrary, reporter);
  return reporter.diagnostics;
}

/**
 * Builds the files of a target from plans that `buildPlans` made for the same target. All models are written together;
 * the target decides on the files.
 */
export function build(
  program: Program,
  target: TargetName,
  plans: readonly Plan[],
  options: BuildOptions = {},
): Outcome<readonly BinaryFile[]> {
  const mistake = unknownName("target", target, targets);
  if (mistake !== undefined) return nothing(mistake);
  const { weights, locate } = options;
  const { emit, holdsWeights } = targets[target];
  for (const { profile } of plans)
    invariant(profile.name === target, `a plan for ${profile.name} is built as ${target}`);
  const open = plans.find(({ manifest }) => weights === undefined && manifest.length > 0);
  if (holdsWeights && open !== undefined)
    return nothing(diagnostic("bad-input", undefined, { message: needsWeights(open) }));
  const models = plans.map((each) => ({
    plan: each,
    load: (path: string) => fitting(each, path, weights?.(path, each.graph.name)),
  }));
  try {
    return outcomeOf(target, emit(models, { ...info(program), ...(locate === undefined ? {} : { locate }) }));
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return nothing(diagnostic("bad-input", undefined, { message: error.message }));
  }
}

/**
 * Returns the tensor that a caller gives for a weight.
 * @throws DataError unless it has the shape of the manifest's entry, as many numbers, and only those that its dtype holds.
 */
function fitting({ graph, manifest }: Plan, path: string, given: NdArray | undefined): NdArray {
  const entry = manifest.find((one) => one.path === path);
  invariant(entry !== undefined, `the weight ${path} is not in the manifest`);
  const shape = shapeOf(entry);
  const what = `the weight ${quote(path)} of ${graph.name}`;
  if (given === undefined) throw new DataError(`${what} is missing`);
  if (printShape(given.shape) !== printShape(shape))
    throw new DataError(`${what} must have the shape ${printShape(shape)}, not ${printShape(given.shape)}`);
  if (given.data.length !== elements(shape))
    throw new DataError(`${what} must have ${elements(shape)} numbers, not ${given.data.length}`);
  return exactly(dtypeOf(entry), given, path);
}

/** Returns the files, or a diagnostic for each thing that the target cannot express, at its place in the program. */
function outcomeOf(target: TargetName, emission: Emission): Outcome<readonly BinaryFile[]> {
  if ("files" in emission) return { value: emission.files, diagnostics: [] };
  const reporter = new Reporter();
  if ("tooLarge" in emission)
    reporter.report("too-large-for-target", undefined, { target, bytes: String(emission.tooLarge) });
  else
    for (const { primitive, reason, origin } of emission.unsupported) {
      // With a place, the name of the primitive adds nothing.
      const what = origin === undefined ? `\`${primitive}\`` : "this";
      const helps = [{ text: "the ES module supports everything", code: `--target ${defaultTarget}` }];
      reporter.report("not-in-target", origin?.span, { what, target, reason }, { helps });
    }
  return { value: undefined, diagnostics: reporter.diagnostics };
}

/** Returns the module as one text without imports, for running it immediately. */
export function buildFactory(program: Program, plans: readonly Plan[]): string {
  return emitFactory(plans, info(program));
}

function info(program: Program): SourceInfo {
  const texts = program.modules.map(({ path, ast }) => `${path}\0${ast.span.source.text}`);
  const hash = bytesToHex(sha256(utf8ToBytes(texts.join("\0")))).slice(0, 16);
  return { source: program.main.path, hash, version };
}

/** Returns the models with this name, or all models without a name; an error if there are none. */
export function chooseModels(program: Program, name: string | undefined): Outcome<readonly Block[]> {
  const { models } = program;
  if (models.length === 0) return nothing(diagnostic("no-model", undefined, { path: program.main.path }));
  const names = models.map(({ decl }) => decl.name.text);
  const value = models.filter((_, i) => name === undefined || names[i] === name);
  return value.length > 0 || name === undefined ? { value, diagnostics: [] } : nothing(unknownModel(name, names));
}

/** Returns the diagnostic for a name that no model has or, if a block is possible too, neither. */
export function unknownModel(name: string, models: readonly string[], blocks?: readonly string[]): Diagnostic {
  const known = [...models, ...(blocks ?? [])];
  const near = nearest(name, known);
  const helps = near === undefined ? [] : [{ text: "did you mean", code: near }];
  const what = blocks === undefined ? "model" : "model or block";
  return diagnostic("unknown-model", undefined, { what, name, known: known.join(", ") }, { helps });
}

/** Returns the first option that TypeScript would refuse, for callers without types. */
function mistakeInOptions({ model, settings = {} }: ModelOptions): Diagnostic | undefined {
  if (model !== undefined && !isText(model)) return mustBeText("the option `model`", model);
  const wrong = Object.entries<unknown>(settings).find(([, value]) => !isText(value));
  return wrong && mustBeText(`the setting \`${wrong[0]}\``, wrong[1]);
}

/** The names that each object of options may have. */
const planOptions: Readonly<Record<keyof PlanOptions, true>> = {
  model: true,
  settings: true,
  target: true,
  backend: true,
  optimize: true,
  costs: true,
};
const optimizeOptions: Readonly<Record<keyof OptimizeOptions, true>> = { at: true, limit: true };

function mistakeInPlanOptions(options: PlanOptions): Diagnostic | undefined {
  const { target, backend, costs, optimize = true } = options;
  return (
    unknownNames("option", options, planOptions) ??
    mistakeInOptions(options) ??
    unknownName("target", target, targets) ??
    unknownName("backend", backend, backends) ??
    mistakeInCosts(costs) ??
    mistakeInOptimization(optimize)
  );
}

function mistakeInCosts(costs: Costs | undefined): Diagnostic | undefined {
  const found = costs && costsFrom(costs);
  return typeof found === "string"
    ? diagnostic("bad-input", undefined, { message: `the option \`costs\`: ${found}` })
    : undefined;
}

function mistakeInOptimization(optimize: unknown): Diagnostic | undefined {
  if (typeof optimize === "boolean") return undefined;
  if (!isRecord(optimize)) return wrongOption("optimize", "true, false, or options");
  const { limit, at = {} } = optimize as { readonly limit?: unknown; readonly at?: unknown };
  const isCount = (value: unknown, least: number) => Number.isInteger(value) && (value as number) >= least;
  const unknown = unknownNames("option of `optimize`", optimize, optimizeOptions);
  if (unknown !== undefined) return unknown;
  if (limit !== undefined && !isCount(limit, 0)) return wrongOption("optimize.limit", "a whole number of at least 0");
  return isRecord(at) && Object.values(at).every((size) => isCount(size, 1))
    ? undefined
    : wrongOption("optimize.at", "sizes of at least 1 by name");
}

const isRecord = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function unknownNames(what: string, given: object, known: Readonly<Record<string, true>>): Diagnostic | undefined {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  return unknown === undefined ? undefined : unknownName(what, unknown, known);
}

/** The sizes for which costs are compared. */
const givenSizes = ({ optimize }: PlanOptions): OptimizeOptions["at"] =>
  typeof optimize === "object" ? optimize.at : undefined;

/** Returns what is wrong with the given sizes: a name that no model has, or sizes that a model does not accept. */
function mistakeInSizes(graphs: readonly ModelGraph[], options: PlanOptions): Diagnostic | undefined {
  const at = givenSizes(options);
  if (at === undefined) return undefined;
  const unknown = unknownSize(graphs, at);
  if (unknown !== undefined) return diagnostic("bad-input", undefined, { message: unknown });
  return graphs.map((graph) => refusedSizes(graph, at)).find((found) => found !== undefined);
}

const wrongOption = (name: string, expected: string): Diagnostic =>
  diagnostic("bad-input", undefined, { message: `the option \`${name}\` must be ${expected}` });

const isText = (value: unknown): boolean => typeof value === "string";

function mustBeText(what: string, value: unknown): Diagnostic {
  const help = typeof value === "number" || typeof value === "boolean" ? ` "${value}"` : "";
  return diagnostic("bad-input", undefined, { message: `${what} must be a string${help}, not ${String(value)}` });
}

/** Returns the diagnostic for a name that is given and not in the table. */
function unknownName(what: string, name: unknown, table: Readonly<Record<string, unknown>>): Diagnostic | undefined {
  if (name === undefined || (typeof name === "string" && Object.hasOwn(table, name))) return undefined;
  const message = `there is no ${what} ${JSON.stringify(name)}; there are ${Object.keys(table).join(", ")}`;
  return diagnostic("bad-input", undefined, { message });
}

const nothing = (found: Diagnostic): Outcome<never> => ({ value: undefined, diagnostics: [found] });

/** Returns the settings that a model has parameters for. With several models, each takes its own. */
function own(program: Program, block: Block, settings: Settings): Settings {
  const known = program.context.signature(block).parameters.map(({ name }) => name);
  return Object.fromEntries(Object.entries(settings).filter(([name]) => known.includes(name)));
}
