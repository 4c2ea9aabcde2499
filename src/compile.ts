/** @file From graphs to plans and target files. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Program } from "./check/program.ts";
import type { Block } from "./check/text/modules.ts";
import { besideModule } from "./codegen/esm/beside.ts";
import { emitFactory } from "./codegen/esm/emit.ts";
import { needsWeights, type BinaryFile, type Emission, type SourceInfo } from "./codegen/target.ts";
import { defaultTarget, targets, type TargetName } from "./codegen/targets.ts";
import { backends, type Backend } from "./contract/backends.ts";
import { dtypeOf, shapeOf } from "./contract/manifest.ts";
import { elements, type NdArray } from "./contract/ndarray.ts";
import {
  buildGraphs,
  chooseModels,
  isLibrary,
  mistakeInOptions,
  nothing,
  own,
  type ModelOptions,
  type Outcome,
} from "./graphs.ts";
import type { ModelGraph } from "./ir/model-graph.ts";
import { costsFrom, type Costs } from "./plan/costs.ts";
import { asWritten, type OptimizeOptions } from "./optimize/optimize.ts";
import { planOptimized } from "./optimize/planned.ts";
import { reportHints } from "./optimize/hints.ts";
import { reportOn, type Report } from "./optimize/report.ts";
import { refusedSizes, unknownSize, type GivenSizes } from "./plan/given-sizes.ts";
import { withCostsElsewhere, type Plan } from "./plan/plan.ts";
import { withCosts, type Profile } from "./plan/profile.ts";
import type { Diagnostic } from "./source/diagnostic.ts";
import { invariant } from "./source/internal-error.ts";
import { diagnostic, Reporter } from "./source/reporter.ts";
import { version } from "./version.ts";
import { DataError, printShape, quote } from "./weights/data-error.ts";
import { exactly } from "./weights/exact.ts";

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
  /** The sizes of the inputs, for a target whose files are for some sizes only. */
  readonly at?: GivenSizes | undefined;
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

/** Builds the plans of the chosen models for a target. */
export function buildPlans(program: Program, options: PlanOptions = {}): Outcome<readonly Plan[]> {
  const { optimize = true } = options;
  return forTarget(program, options, (graph, profile) => {
    const made = planOptimized(graph, profile, choicesOf(optimize)).plan;
    return withCostsElsewhere(made, options.costs);
  });
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
  const misfit = value && mistakeInSizes(value, givenSizes(options));
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
  const { value, diagnostics } = chooseModels(program, model);
  if (value === undefined) return diagnostics;
  const isFree = (block: Block) =>
    program.context
      .signature(block)
      .parameters.every(({ ast, name }) => ast.default !== undefined || Object.hasOwn(settings, name));
  const graphs = value
    .filter((block) => isFree(block))
    .flatMap((block) => {
      const chosen = { model: block.decl.name.text, settings: own(program, block, settings) };
      return buildGraphs(program, chosen).value ?? [];
    });
  const misfit = mistakeInSizes(graphs, givenSizes(options));
  if (misfit !== undefined) return [misfit];
  const [profile, reporter] = [profileOf(options), new Reporter()];
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
  const { weights, locate, at = {} } = options;
  const { emit, holdsWeights, fixesSizes } = targets[target];
  for (const { profile } of plans)
    invariant(profile.name === target, `a plan for ${profile.name} is built as ${target}`);
  const open = plans.find(({ manifest }) => weights === undefined && manifest.length > 0);
  if (holdsWeights && open !== undefined)
    return nothing(diagnostic("bad-input", undefined, { message: needsWeights(open) }));
  const misfit = fixesSizes && mistakeInFixedSizes(plans, target, at);
  if (misfit !== undefined) return nothing(misfit);
  const models = plans.map((each) => ({
    plan: each,
    ...(fixesSizes ? { at } : {}),
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

/**
 * Returns the module as one text without imports, for running it immediately. It holds what engines run, too: a model runs as
 * fast as from files.
 */
export function buildFactory(program: Program, plans: readonly Plan[]): string {
  return emitFactory(plans, info(program), besideModule(plans, info(program)));
}

function info(program: Program): SourceInfo {
  const texts = program.modules.map(({ path, ast }) => `${path}\0${ast.span.source.text}`);
  const hash = bytesToHex(sha256(utf8ToBytes(texts.join("\0")))).slice(0, 16);
  return { source: program.main.path, hash, version };
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
    mistakeInBackend(target, backend) ??
    mistakeInCosts(costs) ??
    mistakeInOptimization(optimize)
  );
}

function mistakeInBackend(target: TargetName = defaultTarget, backend: Backend | undefined): Diagnostic | undefined {
  if (backend === undefined || targets[target].profileFor !== undefined) return undefined;
  const message = `the target ${target} runs on every backend, and cannot be built for ${backend} alone`;
  return diagnostic("bad-input", undefined, { message });
}

function mistakeInCosts(costs: Costs | undefined): Diagnostic | undefined {
  const found = costs === undefined ? undefined : costsFrom(costs);
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
const givenSizes = ({ optimize }: PlanOptions): GivenSizes | undefined =>
  typeof optimize === "object" ? optimize.at : undefined;

/** Returns what is wrong with the given sizes: a name that no model has, or sizes that a model does not accept. */
function mistakeInSizes(graphs: readonly ModelGraph[], at: GivenSizes | undefined): Diagnostic | undefined {
  if (at === undefined) return undefined;
  const unknown = unknownSize(graphs, at);
  if (unknown !== undefined) return diagnostic("bad-input", undefined, { message: unknown });
  return graphs.map((graph) => refusedSizes(graph, at)).find((found) => found !== undefined);
}

/** Returns what is wrong with the sizes that models are built for: also that they are not all given. */
function mistakeInFixedSizes(plans: readonly Plan[], target: TargetName, at: GivenSizes): Diagnostic | undefined {
  const graphs = plans.map(({ graph }) => graph);
  for (const { name: model, guard } of graphs) {
    const names = guard.variables.map(({ name }) => name);
    const open = names.filter((name) => !Object.hasOwn(at, name)).join(", ");
    if (open === "") continue;
    const helps = [
      { text: "give the sizes of all inputs", code: `--at ${names.map((name) => `${name}=…`).join(",")}` },
    ];
    return diagnostic("open-sizes", undefined, { model, target, names: open }, { helps });
  }
  return mistakeInSizes(graphs, at);
}

const wrongOption = (name: string, expected: string): Diagnostic =>
  diagnostic("bad-input", undefined, { message: `the option \`${name}\` must be ${expected}` });

/** Returns the diagnostic for a name that is given and not in the table. */
function unknownName(what: string, name: unknown, table: Readonly<Record<string, unknown>>): Diagnostic | undefined {
  if (name === undefined || (typeof name === "string" && Object.hasOwn(table, name))) return undefined;
  const message = `there is no ${what} ${JSON.stringify(name)}; there are ${Object.keys(table).join(", ")}`;
  return diagnostic("bad-input", undefined, { message });
}
