/** @file Computes the results of a graph on a backend of TensorFlow.js. */
import { totalmem } from "node:os";
import * as tf from "@tensorflow/tfjs-core";
import type { Program } from "../check/program.ts";
import { buildFactory } from "../compile.ts";
import type { ModelGraph } from "../ir/graph.ts";
import type { DType, NdArray } from "../ir/ndarray.ts";
import { bytesOf, liveBytes, numbersAt } from "../plan/memory.ts";
import { plan, type Plan } from "../plan/plan.ts";
import { esmProfile } from "../plan/profile.ts";
import { InternalError } from "../source/internal-error.ts";
import {
  instantiate,
  model,
  selectBackend,
  type BackendChoice,
  type BackendName,
  type LoadedModel,
  type NamedTensors,
  type Tensors,
} from "../runtime/node/index.ts";
import { DataError } from "../weights/data-error.ts";
import { fail } from "./failure.ts";
import { bytesText } from "./numbers.ts";

/** What is computed, and of what. */
export interface Job {
  readonly program: Program;
  readonly graph: ModelGraph;
  readonly weights: NamedTensors;
  /** By name, all that the guard admitted. */
  readonly inputs: Readonly<Record<string, NdArray>>;
  /** What the guard found. */
  readonly sizes: Readonly<Record<string, number>>;
}

export interface Kernel {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  readonly milliseconds: number;
}

export interface Execution {
  readonly backend: BackendName;
  /** From the inputs to the values of the results; loading is not part of it. */
  readonly milliseconds: number;
  readonly results: ReadonlyMap<string, NdArray>;
  /** Empty unless they were asked for. */
  readonly kernels: readonly Kernel[];
}

const dtypes = { f32: "float32", i32: "int32", bool: "bool" } as const satisfies Record<DType, string>;
const arrays = { f32: Float32Array, i32: Int32Array, bool: Uint8Array } as const;

/** Runs once. Ends the command if the backend cannot be had or the memory does not suffice. */
export async function execute(job: Job, choice: BackendChoice, profile: boolean): Promise<Execution> {
  const { program, graph } = job;
  const backend = await start(choice);
  const planned = plan(graph, esmProfile(backend));
  const needed = bytesNeeded(planned, job.sizes);
  const available = backend === "wasm" ? Math.min(wasmLimit, totalmem()) : totalmem();
  const need = `\`${graph.name}\` needs ${bytesText(needed)} at once for inputs of this size`;
  if (needed > available) fail("bad-input", { message: `${need}, and ${backend} has ${bytesText(available)} here` });
  try {
    const models = await instantiate(buildFactory(program, [planned]), `${graph.name}.js`, model);
    const loaded = await models[graph.name]!.load(job.weights);
    return { backend, ...(await runOnce(loaded, job, profile)) };
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    return fail("bad-input", { message: `${need}, which ${backend} does not have` });
  }
}

/** What 32 bits can address. Beyond it the backend would write to wrong places rather than fail. */
const wasmLimit = 2 ** 32;

/** Inputs, weights, and what is alive at once between them. */
function bytesNeeded(planned: Plan, sizes: Job["sizes"]): number {
  const number = numbersAt(planned.graph.builder.sizes, sizes);
  const held = [...planned.inputs, ...planned.prepared.map(({ value }) => value)];
  return held.reduce((sum, value) => sum + bytesOf(value, number), liveBytes(planned, sizes).peak);
}

async function start(choice: BackendChoice): Promise<BackendName> {
  try {
    return await selectBackend(choice);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const reason = error.message.replace(/^the backend \w+ /, "it ");
    return fail("backend-unavailable", { backend: choice, reason });
  }
}

async function runOnce(loaded: LoadedModel, { graph, inputs }: Job, profile: boolean) {
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
      return [name, tf.tensor(arrays[dtype].from(data), [...shape], dtypes[dtype])];
    }),
  );
  const begin = performance.now();
  const { results, kernels } = profile ? await profiled(loaded, given) : { results: loaded.run(given), kernels: [] };
  const values = new Map<string, NdArray>();
  for (const { name } of graph.results) {
    const tensor = results[name];
    if (tensor === undefined) throw new InternalError(`the module did not return ${name}`);
    values.set(name, { dtype: dtypeOf(tensor), shape: tensor.shape, data: await tensor.data() });
  }
  const milliseconds = performance.now() - begin;
  tf.dispose([given, results]);
  loaded.dispose();
  return { milliseconds, results: values, kernels };
}

async function profiled(loaded: LoadedModel, given: Tensors) {
  let results: Tensors = {};
  const { kernels } = await tf.profile(() => (results = loaded.run(given)));
  // An operator of tfjs that is made of kernels is listed behind them.
  const own = kernels.filter(({ name }) => !name.endsWith("__op"));
  const timed = own.map(async ({ name, outputShapes, kernelTimeMs }): Promise<Kernel> => {
    const time = await kernelTimeMs;
    return { name, shapes: outputShapes, milliseconds: typeof time === "number" ? time : NaN };
  });
  return { results, kernels: await Promise.all(timed) };
}

function dtypeOf({ dtype }: tf.Tensor): DType {
  const found = (["f32", "i32", "bool"] as const).find((name) => dtypes[name] === dtype);
  if (found === undefined) throw new InternalError(`a result is of the dtype ${dtype}`);
  return found;
}

/** Of this process, or of WebAssembly, which aborts. */
function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error &&
    /allocation failed|out of memory|\bOOM\b|array length|enlarge memory|memory access out of bounds/i.test(
      error.message,
    )
  );
}
