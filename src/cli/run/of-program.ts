/** @file A program's model, ready for `fuse run`: its weights, a suitable engine, and its memory needs. */
import { totalmem } from "node:os";
import type { Program } from "../../check/program.ts";
import { esmProfile } from "../../codegen/esm/profile.ts";
import { targets } from "../../codegen/targets.ts";
import { build } from "../../compile.ts";
import { backends } from "../../contract/backends.ts";
import type { NdArray } from "../../contract/ndarray.ts";
import type { ModelGraph } from "../../ir/model-graph.ts";
import { bytesOf } from "../../plan/buffers.ts";
import { planCost } from "../../plan/cost.ts";
import type { Costs } from "../../plan/costs.ts";
import { manifestOf } from "../../plan/manifest.ts";
import { liveBytes, numbersAt } from "../../plan/memory.ts";
import { asWritten, type OptimizeOptions } from "../../optimize/optimize.ts";
import { planOptimized } from "../../optimize/planned.ts";
import { withCostsElsewhere, type Plan } from "../../plan/plan.ts";
import { withCosts, type Profile } from "../../plan/profile.ts";
import { UnavailableEngine, type NodeBackend } from "../../runtime/node/index.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { InternalError } from "../../source/internal-error.ts";
import { diagnostic } from "../../source/reporter.ts";
import { lineOf } from "../../source/source.ts";
import { readCosts } from "../files/costs.ts";
import { oneGraph, openFile, sourcesOf } from "../files/programs.ts";
import { warnOfUnused, watchFinite } from "../files/weight-warnings.ts";
import { fittingWeights, limitWeights, readAll } from "../files/weights.ts";
import { fail, Failure } from "../terminal/failure.ts";
import { show, type Terminal } from "../terminal/terminal.ts";
import { modelOf } from "./built-models.ts";
import type { Arrays } from "./engines/engine.ts";
import { moduleEngine } from "./engines/esm.ts";
import { defaultEngine, isTarget, type ModuleRun } from "./engines/table.ts";
import type { RunOptions } from "./options.ts";
import { backendOf, isOutOfMemory, runEngine, type Execution, type Runnable, type Sizes } from "./runnable.ts";
import { timed } from "./timing.ts";

/** Opens and builds the program. Ends the command if it has an error. */
export async function programModel(file: string, options: RunOptions, terminal: Terminal): Promise<Runnable> {
  const program = await openFile(file);
  const graph = oneGraph(program, options, terminal);
  const { sizes } = graph.builder;
  return {
    name: graph.name,
    guard: graph.guard,
    results: graph.results.map(({ name, order, value }) => ({ name, dtype: value.type.dtype, axes: order })),
    sources: [...sourcesOf(program), ...[options.weights, options.costs].filter((path) => path !== undefined)],
    shapeOf: (name, values) => {
      const result = graph.results.find((candidate) => candidate.name === name);
      const number = numbersAt(sizes, values);
      return result?.order.map((axis) => number(result.value.type.axes.get(axis)!));
    },
    execute: async (inputs, values) => {
      const weights = await readWeights(graph, options, terminal);
      const costs = await readCosts(options.costs);
      // Values are looked at as the program writes them.
      const isOptimized = options.optimize && !options.debug;
      const optimize = isOptimized ? { at: values, limit: options.optimizeLimit } : asWritten;
      return execute({ program, graph, weights, costs, optimize, inputs, sizes: values }, options, terminal);
    },
  };
}

/** A model to run, with its inputs. */
interface Job {
  readonly program: Program;
  readonly graph: ModelGraph;
  readonly weights: Arrays;
  /** What work costs here, if it is not what ships with Fuse. */
  readonly costs: Costs | undefined;
  readonly optimize: OptimizeOptions;
  /** Inputs by name, all accepted by the guard. */
  readonly inputs: Arrays;
  /** The sizes that the guard found. */
  readonly sizes: Sizes;
}

async function execute(
  job: Job,
  { engine: asked, backend, debug, repeat }: RunOptions,
  terminal: Terminal,
): Promise<Execution> {
  if (debug && asked !== "auto" && asked !== defaultEngine && asked !== "calls") {
    const reason = "`--debug` lists kernel calls, so the ES module runs instead";
    show(terminal, [diagnostic("engine-unavailable", undefined, { engine: asked, reason }, { severity: "warning" })]);
  }
  const name = debug || asked === "auto" ? defaultEngine : asked;
  const on = await backendOf(name, backend);
  if (debug) return debugModule(job, on!, terminal);
  if (!isTarget(name)) return runModule(job, name, on!, repeat);
  const planned = planOf(job, targets[name].profile);
  const { value: files, diagnostics } = build(job.program, name, [planned], { weights: (path) => weightOf(job, path) });
  if (files === undefined) throw new Failure(diagnostics);
  return inMemory(job, planned, on, async () => {
    const built = await modelOf(name, files);
    return runEngine(name, await built.start(on), job.inputs, repeat);
  });
}

function planOf({ graph, costs, optimize }: Job, profile: Profile): Plan {
  return withCostsElsewhere(planOptimized(graph, withCosts(profile, costs), optimize).plan, costs);
}

/** In picoseconds: what takes longer is run once, not to find out how it is fastest. */
const shortRun = 1000e9;

async function runModule(job: Job, as: ModuleRun, on: NodeBackend, repeat: number | undefined): Promise<Execution> {
  const planned = planOf(job, esmProfile(on));
  const isShort = planCost(planned, numbersAt(planned.graph.builder.sizes, job.sizes)) < shortRun;
  const options = { engine: as === defaultEngine ? undefined : as, warmUp: isShort ? job.sizes : undefined };
  return inMemory(job, planned, on, async () => {
    const engine = await moduleEngine(job.program, planned, job.weights, on, options).catch((error: unknown) => {
      if (!(error instanceof UnavailableEngine)) throw error;
      return fail("engine-unavailable", { engine: as, reason: error.reason });
    });
    return runEngine(as, engine, job.inputs, repeat);
  });
}

/** Runs the module twice: to list its kernels, and to look at its values. */
function debugModule(job: Job, on: NodeBackend, terminal: Terminal): Promise<Execution> {
  const planned = planOf(job, esmProfile(on));
  const report = (message: string, place: string, name: string): void => {
    const here = planned.steps.filter(({ note }) => note.origin && lineOf(note.origin.span) === place);
    const { note } = here.find(({ note }) => note.name === name) ?? here[0] ?? {};
    show(terminal, [diagnostic("not-finite", note?.origin?.span, { what: message })]);
  };
  return inMemory(job, planned, on, async () => {
    const watched = await moduleEngine(job.program, planned, job.weights, on, { debug: report });
    await watched.run(job.inputs);
    watched.dispose();
    const engine = await moduleEngine(job.program, planned, job.weights, on, { engine: "calls" });
    const { value, timing } = await timed(() => engine.profile(job.inputs));
    engine.dispose();
    return { engine: "calls", on, timings: [timing], ...value };
  });
}

/** Ends the command if memory runs out. */
async function inMemory<T>(job: Job, planned: Plan, on: NodeBackend | undefined, run: () => Promise<T>): Promise<T> {
  const needed = bytesNeeded(planned, job.sizes);
  const addressable = on === undefined ? undefined : backends[on].addressable;
  const available = Math.min(addressable ?? Infinity, totalmem());
  const need = `\`${job.graph.name}\` needs ${bytesText(needed)} of memory for inputs of this size`;
  const where = on ?? "ONNX Runtime";
  if (needed > available) fail("bad-input", { message: `${need}, and ${where} has ${bytesText(available)} here` });
  try {
    return await run();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    return fail("bad-input", { message: `${need}, which ${where} does not have` });
  }
}

/** Returns the bytes of inputs, weights, and peak memory between them. */
function bytesNeeded(planned: Plan, sizes: Sizes): number {
  const number = numbersAt(planned.graph.builder.sizes, sizes);
  const held = [...planned.inputs, ...planned.prepared.map(({ value }) => value)];
  return held.reduce((sum, value) => sum + bytesOf(value, number), liveBytes(planned, sizes).peak);
}

function weightOf({ weights, graph }: Job, path: string): NdArray {
  const array = weights[path];
  if (array === undefined) throw new InternalError(`${graph.name} requested ${path}, which is not one of its weights`);
  return array;
}

async function readWeights(graph: ModelGraph, options: RunOptions, terminal: Terminal): Promise<Arrays> {
  const model = { name: graph.name, manifest: manifestOf(graph) };
  limitWeights(model, options.maxWeights);
  if (model.manifest.length === 0) return {};
  if (options.weights === undefined) {
    const helps = [{ text: "pass them", code: "--weights FILE" }];
    return fail("bad-input", { message: `\`${graph.name}\` needs its weights` }, { helps });
  }
  const found = await fittingWeights(model, options.weights, options);
  warnOfUnused(options.weights, [found], terminal);
  const arrays = await readAll(found, options.weights, terminal);
  const watch = watchFinite(options.weights, terminal);
  for (const [name, array] of arrays) watch(name, array);
  return Object.fromEntries(arrays);
}
