/** @file Models at run time: loading weights, checking inputs, running, disposal. */
import * as tf from "@tensorflow/tfjs-core";
import { backendOf } from "../contract/backends.ts";
import type { ModelDefinition, Tensors } from "../contract/definition.ts";
import { checkGuard, type Given, type Guard } from "../contract/guard.ts";
import type { ManifestEntry } from "../contract/manifest.ts";
import { dtypeNames, type DType } from "../contract/ndarray.ts";
import { evaluate } from "../contract/prepare-evaluate.ts";
import { DataError } from "../weights/data-error.ts";
import { keptTensor, readTensors, tensorsOf } from "./arrays.ts";
import type { CopyInto, InputArrays, OutputArrays, ResultArrays } from "./arrays.ts";
import { watchedRun, type Report } from "./debug.ts";
import { GuardError } from "./guard-error.ts";
import { findWeights, type LoadWeight, type WeightOptions } from "./load-weights.ts";
import { threadsFor, type Threads, type ThreadsHere } from "./threads.ts";
import { isTensorArray, requireNames } from "./typed-arrays.ts";
import { warmUpAt, type WarmUp, type WarmUpAt } from "./warm-up.ts";
import type { Read, WeightSource } from "./weight-source.ts";

export interface LoadOptions extends WeightOptions {
  /**
   * Lets TensorFlow in Node multiply in bfloat16, about twice as fast on processors with AMX or AVX512-BF16. Products keep
   * about three digits, so results differ in the third digit (by 0.007 where they are about 3, instead of 0.000002). Sets
   * `ONEDNN_DEFAULT_FPMATH_MODE=BF16` in the environment, for everything the process computes from then on. tfjs-node reads
   * it when it is loaded; setting it later is a DataError. Other backends ignore it. Off by default.
   */
  readonly allowBf16?: boolean | undefined;
  /**
   * Looks at every value in every run, and names the first that is infinite and the first that is NaN: its line of the
   * program, and the range of what it was computed from. On WebGPU, also names the first that the graphics card refused to compute,
   * which tfjs ignores. `true` prints them with `console.warn`. Runs as separate tfjs calls, and needs the module unminified.
   * Slow. Off by default.
   */
  readonly debug?: boolean | Report | undefined;
  /**
  /**
   * How `run` computes: see `LoadedModel.engine`. If that is impossible here, `load` throws a DataError. By default, the
   * fastest: in Node on the tensorflow backend, a session and WebAssembly are timed on zeros, in less than 0.2 s. If sizes are
   * open and `warmUp` does not say them, they are timed once the same sizes have come several times.
   */
  readonly engine?: EngineName | undefined;
  /**
   * How many threads compute when the model runs as WebAssembly: 1 to 64. By default half the processors, at most 4; in a page
   * that is not cross-origin isolated, 1. Results are the same, bit for bit. Sessions and separate calls ignore it.
   */
  readonly threads?: number | undefined;
  /**
   * The sizes of the inputs for which the model is made ready, by the names that the model declares: `{ n: 1, h: 256 }`. The
   * first run is then as fast as later ones. Compiles and computes on zeros, for some tenths of a second. By default, this is
   * done if the model has no such names, because all its sizes are numbers, and can run as WebAssembly; `false` prevents it.
   * @throws DataError in `load`, if the model rejects the sizes
   */
  readonly warmUp?: WarmUp | undefined;
}

/** A model without weights. `Inputs` and `Results` map names to tensors. */
export interface Model<Inputs extends Tensors = Tensors, Results extends Tensors = Tensors> {
  readonly name: string;
  /** The checks that `run` makes on its inputs. */
  readonly guard: Guard;
  /** The weights that `load` needs. */
  readonly manifest: readonly ManifestEntry[];
  /**
   * Loads weights onto the current backend and makes the model ready to run. A model without weights needs no source. The
   * source is copied; it is not kept, changed or disposed. `prefix` selects tensors and is removed from their names; `rename`
   * maps names to paths. Unused tensors are ignored, with a warning if they belong to a layer that the model uses.
   * @throws DataError that lists all weights that are missing or have the wrong shape
   */
  load(source?: WeightSource, options?: LoadOptions): Promise<LoadedModel<Inputs, Results>>;
}

/** How a model runs: see `LoadedModel.engine`. */
export type EngineName = "session" | "wasm" | "calls";

/** A model with weights. */
export interface LoadedModel<Inputs extends Tensors = Tensors, Results extends Tensors = Tensors> {
  readonly name: string;
  /**
   * How `run` computes on the current backend: as one TensorFlow session call, as WebAssembly compiled for the sizes of the
   * inputs, or as separate tfjs calls. A session requires that the model was loaded on the tensorflow backend, with the
   * `.graph` file next to its module; WebAssembly, that it was loaded on the wasm or tensorflow backend, with the `.plan` file.
   * If it depends on the sizes of the inputs, it is what the last run did.
   */
  readonly engine: EngineName;
  /** Why `run` makes separate calls, as part of a sentence; undefined if it does not. */
  readonly whyCalls: string | undefined;
  /** The most threads that a run as WebAssembly computes with; undefined with other engines, where TensorFlow.js decides. */
  readonly threads: number | undefined;
  /**
   * Checks the inputs and computes the results. The caller keeps the inputs and must dispose the results. Leaves no other
   * tensors, even if something throws. Runs on the current backend; tfjs moves the weights there on first use.
   * @throws GuardError before computing anything, with everything that is wrong with the inputs
   */
  run(inputs: Inputs): Results;
  /**
   * Like `run`, with typed arrays. The inputs are read until the promise settles, and never changed. The results are new
   * arrays that the caller owns, or the arrays in `out`; no later run touches either. On the tensorflow backend, inputs on a
   * 64-byte boundary are not copied, and results are written to such arrays in one copy. `alignedArray` creates them, and
   * reusing one `out` for many runs pays off (134 MB: 10 ms instead of 60). Returns a promise because some backends cannot
   * be read synchronously; on cpu, wasm and tensorflow, everything is computed when it returns.
   * @throws GuardError like `run`, and DataError if an array in `out` differs from its result in type or length
   */
  runArrays(inputs: InputArrays<Inputs>, out?: OutputArrays<Results>): Promise<ResultArrays<Results>>;
  /** Frees the weights. Idempotent. */
  dispose(): void;
}

/** The parts of the runtime that differ between a browser and Node. */
export interface Host {
  readonly read: Read;
  /** Ensures that there is a backend. */
  readonly ready: (options: LoadOptions) => Promise<void>;
  /**
   * Creates an engine that is faster than straight-line code on the current backend, or says why there is none. `load` returns
   * weights.
   */
  readonly engine: (
    definition: ModelDefinition,
    load: LoadWeight,
    options: EngineOptions,
  ) => Promise<Engine | Unavailable>;
  /** What it allows, and how threads start. */
  readonly threads: ThreadsHere & Pick<Threads, "start">;
  readonly copyInto?: CopyInto;
}

/** Thrown by `load` if the model cannot run as its options say. */
export class UnavailableEngine extends DataError {
  readonly reason: Unavailable;

  constructor(model: string, engine: string, reason: Unavailable) {
    super(`${model} cannot run as ${engine}: ${reason}`);
    this.reason = reason;
  }
}

export interface EngineOptions {
  /** The only engine to create. */
  readonly engine: Engine["name"] | undefined;
  readonly threads: Threads;
}

/** Why there is no engine, or why it cannot run at some sizes, as part of a sentence: "its plan is missing". */
export type Unavailable = string;

/** Runs a model without its straight-line code. */
export interface Engine {
  /** What it is or, if it chooses by sizes, what it was in the last run. */
  readonly name: "session" | "wasm";
  /** Whether it can run on the current backend. */
  isActive(): boolean;
  /** Like `ModelDefinition.run`. The inputs have passed the guard. */
  run(inputs: Tensors, sizes: Readonly<Record<string, number>>): Tensors | Unavailable;
  /** Makes everything ready for such inputs, which have passed the guard. */
  warmUp?(inputs: Tensors, sizes: Readonly<Record<string, number>>): Promise<void>;
  /** The most threads that a run computes with, if the engine decides that. */
  readonly threads?: number | undefined;
  /** Frees everything. Called once. */
  dispose(): void;
}

export function makeModel<Inputs extends Tensors, Results extends Tensors>(
  definition: ModelDefinition,
  host: Host,
): Model<Inputs, Results> {
  const { name, guard, manifest } = definition;
  return {
    name,
    guard,
    manifest,
    load: async (given, options = {}) => {
      // A program in JavaScript may say that it has none in either way.
      const source = given ?? undefined;
      const warn = options.warn ?? console.warn;
      const threads = { ...host.threads, count: threadsFor(name, options.threads, host.threads, warn), warn };
      const warmUp = warmUpAt(guard, options.warmUp);
      await host.ready(options);
      const load = await findWeights(definition, source, options, host.read);
      const { debug = false, engine: wanted } = options;
      if (debug !== false) {
        const run = await watchedRun(definition, debug === true ? (message) => console.warn(message) : debug);
        return new Loaded({ ...definition, run }, host, "it is being debugged", prepare(definition, load));
      }
      const engine =
        wanted === "calls" ? "they were asked for" : await host.engine(definition, load, { engine: wanted, threads });
      if (typeof engine === "string") {
        if (wanted !== undefined && wanted !== "calls") throw new UnavailableEngine(name, wanted, engine);
        return warmedUp(new Loaded<Inputs, Results>(definition, host, engine, prepare(definition, load)), warmUp);
      }
      try {
        // Load all weights now: the source may change or disappear before a run on another backend needs them.
        for (const { path } of manifest) load(path);
      } catch (error) {
        engine.dispose();
        throw error;
      }
      return warmedUp(new Loaded<Inputs, Results>(definition, host, engine, () => prepare(definition, load)), warmUp);
    },
  };
}

/** Runs of a session that are slow: TensorFlow plans the first one, and its kernels prepare themselves. */
const leastWarmUps = 3;

/** A loaded model. Owns its prepared tensors, or the engine that needs none, until disposal. */
class Loaded<Inputs extends Tensors, Results extends Tensors> implements LoadedModel<Inputs, Results> {
  readonly name: string;
  readonly #definition: ModelDefinition;
  readonly #host: Host;
  #engine: Engine | Unavailable;
  /** Why the engine could not run at the last sizes. */
  #refused: Unavailable | undefined;
  /** The tensors that the straight-line code uses, or a function that creates them on first use; undefined after disposal. */
  #prepared: Tensors | (() => Tensors) | undefined;

  constructor(
    definition: ModelDefinition,
    host: Host,
    engine: Engine | Unavailable,
    prepared: Tensors | (() => Tensors),
  ) {
    this.name = definition.name;
    this.#definition = definition;
    this.#host = host;
    this.#engine = engine;
    this.#prepared = prepared;
  }

  get engine(): EngineName {
    return this.whyCalls !== undefined || typeof this.#engine === "string" ? "calls" : this.#engine.name;
  }

  get whyCalls(): string | undefined {
    if (typeof this.#engine === "string") return this.#engine;
    return this.#engine.isActive() ? this.#refused : "the model was loaded on another backend";
  }

  get threads(): number | undefined {
    return typeof this.#engine === "string" || this.whyCalls !== undefined ? undefined : this.#engine.threads;
  }

  async warmUp({ inputs, sizes, wasAsked }: WarmUpAt): Promise<void> {
    const engine = typeof this.#engine !== "string" && this.#engine.isActive() ? this.#engine : undefined;
    if (engine?.warmUp === undefined && !wasAsked) return;
    const zeros = Object.entries(inputs).map(
      ([name, { dtype, shape }]) => [name, tf.keep(tf.zeros([...shape], dtypeNames[dtype as DType]))] as const,
    );
    const tensors = Object.fromEntries(zeros);
    try {
      if (engine?.warmUp !== undefined) await engine.warmUp(tensors, sizes);
      else for (let run = 0; run < leastWarmUps; run++) tf.dispose(this.run(tensors as Inputs));
    } finally {
      tf.dispose(tensors);
    }
  }

  run(inputs: Inputs): Results {
    if (this.#prepared === undefined) throw new Error(`${this.name}: run() was called after dispose()`);
    requireNames(this.#definition.guard, inputs, isTensor(inputs), "run");
    const admission = checkGuard(this.#definition.guard, describe(this.name, inputs));
    if ("problems" in admission) throw new GuardError(admission.problems[0]!, admission.problems.slice(1));
    if (typeof this.#engine !== "string" && this.#engine.isActive()) {
      const results = this.#engine.run(inputs, admission.sizes);
      this.#refused = typeof results === "string" ? results : undefined;
      // The results have the names and shapes that the model's type declares.
      if (typeof results !== "string") return results as Results;
    }
    const prepared = typeof this.#prepared === "function" ? this.#prepared() : this.#prepared;
    this.#prepared = prepared;
    return tf.tidy(() => this.#definition.run(inputs, prepared, admission.sizes)) as Results;
  }

  async runArrays(inputs: InputArrays<Inputs>, out: OutputArrays<Results> = {}): Promise<ResultArrays<Results>> {
    requireNames(this.#definition.guard, inputs, isTensorArray(inputs), "runArrays");
    const tensors = tensorsOf(this.name, inputs);
    let results: Tensors = {};
    try {
      results = this.run(tensors as Inputs);
      // A tidy around this call would end, and free the results, before they are read.
      for (const result of Object.values(results)) tf.keep(result);
      // The results of engines are their own, and reading any tensor copies on some backends. Elsewhere, reading may return an input's own array.
      const areFresh = this.engine !== "calls" || backendOf(tf.getBackend())?.readingCopies === true;
      return (await readTensors(results, out, areFresh, this.#host.copyInto)) as ResultArrays<Results>;
    } finally {
      tf.dispose([tensors, results]);
    }
  }

  dispose(): void {
    if (this.#prepared === undefined) return;
    if (typeof this.#engine !== "string") this.#engine.dispose();
    if (typeof this.#prepared === "object") tf.dispose(Object.values(this.#prepared));
    this.#engine = "the model was disposed";
    this.#prepared = undefined;
  }
}

/** Returns a model that is ready for inputs, if there are any to be ready for. Frees it if that fails. */
async function warmedUp<Inputs extends Tensors, Results extends Tensors>(
  model: Loaded<Inputs, Results>,
  at: WarmUpAt | undefined,
): Promise<LoadedModel<Inputs, Results>> {
  try {
    if (at !== undefined) await model.warmUp(at);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Creates all prepared tensors. Frees them again if one fails. */
function prepare({ prepare: steps, prepared }: ModelDefinition, load: LoadWeight): Tensors {
  const made: [string, tf.Tensor][] = [];
  const wanted = new Map(Object.entries(prepared).map(([name, { dtype, step }]) => [step, { name, dtype }]));
  try {
    for (const [step, array] of evaluate(steps, new Set(wanted.keys()), load)) {
      const { name, dtype } = wanted.get(step)!;
      made.push([name, keptTensor({ ...array, dtype })]);
    }
    return Object.fromEntries(made);
  } catch (error) {
    tf.dispose(made.map(([, tensor]) => tensor));
    throw error;
  }
}

const dtypes: Readonly<Record<string, string>> = { float32: "f32", int32: "i32", bool: "bool" };

/** Returns the dtypes and shapes that the guard checks. */
function describe(model: string, inputs: Tensors): Record<string, Given> {
  const problems = Object.entries(inputs).flatMap(([name, input]) => {
    if (!isTensor(input)) return [`${model}: ${name} must be a tensor.`];
    return input.isDisposed ? [`${model}: ${name} has been disposed.`] : [];
  });
  if (problems.length > 0) throw new GuardError(problems[0]!, problems.slice(1));
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, shape }]) => [name, { dtype: dtypes[dtype] ?? dtype, shape }]),
  );
}

/** Checks properties rather than the class, because a process may have several copies of tfjs-core. */
function isTensor(value: unknown): value is tf.Tensor {
  return typeof value === "object" && value !== null && "dataId" in value && "shape" in value && "dtype" in value;
}
