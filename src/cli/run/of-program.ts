/** @file The model of a program, ready for `fuse run`: its weights, the engine that suits, and the memory that it takes. */
import { totalmem } from "node:os";
import type { Program } from "../../check/program.ts";
import type { ModelGraph } from "../../ir/graph.ts";
import { manifestOf } from "../../plan/manifest.ts";
import { bytesOf, liveBytes, numbersAt } from "../../plan/memory.ts";
import { plan, type Plan } from "../../plan/plan.ts";
import { esmProfile } from "../../plan/profile.ts";
import type { BackendName } from "../../runtime/node/index.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { InternalError } from "../../source/internal-error.ts";
import { diagnostic } from "../../source/reporter.ts";
import { targets } from "../build/targets.ts";
import { oneGraph, openFile, sourcesOf } from "../files/programs.ts";
import { fittingWeights, limitWeights, readAll } from "../files/weights.ts";
import { fail, Failure } from "../terminal/failure.ts";
import { show, type Terminal } from "../terminal/terminal.ts";
import { readers, type BuiltFiles } from "./built-models.ts";
import type { Arrays } from "./engines/engine.ts";
import { moduleEngine } from "./engines/esm.ts";
import type { RunOptions } from "./options.ts";
import { backendOf, isOutOfMemory, runOnce, type Execution, type Runnable, type Sizes } from "./runnable.ts";

/** Opens and builds; ends the command if the program has a mistake. */
export async function programModel(file: string, options: RunOptions, terminal: Terminal): Promise<Runnable> {
  const program = await openFile(file);
  const graph = oneGraph(program, options, terminal);
  const { sizes } = graph.builder;
  return {
    name: graph.name,
    guard: graph.guard,
    results: graph.results.map(({ name, order, value }) => ({ name, dtype: value.type.dtype, axes: order })),
    sources: [...sourcesOf(program), ...(options.weights === undefined ? [] : [options.weights])],
    shapeOf: (name, values) => {
      const result = graph.results.find((candidate) => candidate.name === name);
      const number = numbersAt(sizes, values);
      return result?.order.map((axis) => number(result.value.type.axes.get(axis)!));
    },
    execute: async (inputs, values) => {
      const weights = await readWeights(graph, options, terminal);
      return execute({ program, graph, weights, inputs, sizes: values }, options, terminal);
    },
  };
}

/** What is computed, and of what. */
interface Job {
  readonly program: Program;
  readonly graph: ModelGraph;
  readonly weights: Arrays;
  /** By name, all that the guard admitted. */
  readonly inputs: Arrays;
  /** What the guard found. */
  readonly sizes: Sizes;
}

async function execute(
  job: Job,
  { engine: asked, backend, debug }: RunOptions,
  terminal: Terminal,
): Promise<Execution> {
  if (debug && asked !== "auto" && asked !== "esm") {
    const reason = "`--debug` lists the kernels that the ES module calls, which runs instead";
    show(terminal, [diagnostic("engine-unavailable", undefined, { engine: asked, reason }, { severity: "warning" })]);
  }
  const choice = debug ? "esm" : asked;
  const on = await backendOf(choice === "auto" ? "esm" : choice, backend);
  if (choice === "esm" || (choice === "auto" && on !== "tensorflow")) return runModule(job, on!, debug ?? false);
  const name = choice === "auto" ? "saved-model" : choice;
  const planned = plan(job.graph, targets[name].profile);
  const { value: files, diagnostics } = targets[name].build(job.program, [{ plan: planned, load: weightsOf(job) }]);
  if (files === undefined) {
    if (choice !== "auto") throw new Failure(diagnostics);
    // What the format lacks, the module has.
    return runModule(job, on!, false);
  }
  return inMemory(job, planned, on, async () => {
    const [built] = await readers[name]((part) =>
      Promise.resolve(files.find(({ path }) => isPart(name, path, part))?.bytes),
    );
    if (built === undefined) throw new InternalError(`the target ${name} wrote no model`);
    return runOnce(name, await built.start(on), job.inputs);
  });
}

/** Every target but ONNX has a folder around its files. */
function isPart(engine: BuiltFiles["engine"], path: string, part: string): boolean {
  return engine === "onnx" || path.slice(path.indexOf("/") + 1) === part;
}

function runModule(job: Job, on: BackendName, debug: boolean): Promise<Execution> {
  const planned = plan(job.graph, esmProfile(on));
  return inMemory(job, planned, on, async () => {
    const engine = await moduleEngine(job.program, planned, job.weights, on);
    if (!debug) return runOnce("esm", engine, job.inputs);
    const begin = performance.now();
    const { results, kernels } = await engine.profile(job.inputs);
    const milliseconds = performance.now() - begin;
    engine.dispose();
    return { engine: "esm", on, milliseconds, results, kernels };
  });
}

/** What 32 bits can address. Beyond it the backend would write to wrong places rather than fail. */
const wasmLimit = 2 ** 32;

/** Ends the command if the memory does not suffice. */
async function inMemory<T>(job: Job, planned: Plan, on: BackendName | undefined, run: () => Promise<T>): Promise<T> {
  const needed = bytesNeeded(planned, job.sizes);
  const available = on === "wasm" ? Math.min(wasmLimit, totalmem()) : totalmem();
  const need = `\`${job.graph.name}\` needs ${bytesText(needed)} at once for inputs of this size`;
  const where = on ?? "ONNX Runtime";
  if (needed > available) fail("bad-input", { message: `${need}, and ${where} has ${bytesText(available)} here` });
  try {
    return await run();
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    return fail("bad-input", { message: `${need}, which ${where} does not have` });
  }
}

/** Inputs, weights, and what is alive at once between them. */
function bytesNeeded(planned: Plan, sizes: Sizes): number {
  const number = numbersAt(planned.graph.builder.sizes, sizes);
  const held = [...planned.inputs, ...planned.prepared.map(({ value }) => value)];
  return held.reduce((sum, value) => sum + bytesOf(value, number), liveBytes(planned, sizes).peak);
}

const weightsOf =
  ({ weights, graph }: Job) =>
  (path: string) => {
    const array = weights[path];
    if (array === undefined) throw new InternalError(`${graph.name} asks for ${path}, which is none of its weights`);
    return array;
  };

async function readWeights(graph: ModelGraph, options: RunOptions, terminal: Terminal): Promise<Arrays> {
  const model = { name: graph.name, manifest: manifestOf(graph) };
  limitWeights(model, options.maxWeights);
  if (model.manifest.length === 0) return {};
  if (options.weights === undefined) {
    const helps = [{ text: "give them", code: "--weights FILE" }];
    return fail("bad-input", { message: `\`${graph.name}\` needs its weights` }, { helps });
  }
  const found = await fittingWeights(model, options.weights, options);
  return Object.fromEntries(await readAll(found, options.weights, terminal));
}
