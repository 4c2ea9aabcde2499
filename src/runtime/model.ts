/** @file Models at run time: loading weights, checking inputs, running, disposal. */
import * as tf from "@tensorflow/tfjs-core";
import { backendOf } from "../contract/backends.ts";
import type { ModelDefinition, Tensors } from "../contract/definition.ts";
import { checkGuard, type Given, type Guard } from "../contract/guard.ts";
import type { ManifestEntry } from "../contract/manifest.ts";
import type { NdArray } from "../contract/ndarray.ts";
import { evaluate } from "../contract/prepare-evaluate.ts";
import { DataError } from "../weights/data-error.ts";
import { areComplete, matchWeights, type MatchOptions } from "../weights/match.ts";
import { forgottenTensors, formatProblems } from "../weights/problems.ts";
import { isTensorArray, keptTensor, readTensors, tensorsOf } from "./arrays.ts";
import type { CopyInto, InputArrays, OutputArrays, ResultArrays } from "./arrays.ts";
import { watchedRun, type Report } from "./debug.ts";
import { GuardError } from "./guard-error.ts";
import { openSource, type Read, type WeightSource } from "./weight-source.ts";

export interface LoadOptions extends MatchOptions {
  /**
   * Called with a warning if the source has tensors that the model does not use, in layers of which it uses others. By
   * default, `console.warn` writes it.
   */
  readonly warn?: ((message: string) => void) | undefined;
  /**
   * Lets TensorFlow in Node multiply in bfloat16, about twice as fast on processors with AMX or AVX512-BF16. Products keep
   * about three digits, so results differ in the third digit (by 0.007 where they are about 3, instead of 0.000002). Sets
   * `ONEDNN_DEFAULT_FPMATH_MODE=BF16` in the environment, for everything the process computes from then on. tfjs-node reads
   * it when it is loaded; setting it later is a DataError. Other backends ignore it. Off by default.
   */
  readonly allowBf16?: boolean | undefined;
  /**
   * Looks at every value in every run, and names the first that is infinite and the first that is NaN: its line of the
   * program, and the range of what it was computed from. `true` prints them with `console.warn`. Runs as separate tfjs calls,
   * and needs the module unminified. Slow. Off by default.
   */
  readonly debug?: boolean | Report | undefined;
  /**
   * How `run` computes: see `LoadedModel.engine`. If that is impossible here, `load` throws a DataError. By default, the
   * fastest: in Node on the tensorflow backend, a session and WebAssembly are timed on zeros, in less than 0.2 s. If sizes are
   * open and `warmUp` does not say them, they are timed once the same sizes have come several times.
   */
  readonly engine?: EngineName | undefined;
  /** Sizes of the inputs by name, for example `{ n: 1, h: 256, w: 256 }`: `load` prepares the model for them. */
  readonly warmUp?: Readonly<Record<string, number>> | undefined;
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
  readonly copyInto?: CopyInto;
}

/** Returns the weight at a path, in the shape of its manifest entry. */
export type LoadWeight = (path: string) => NdArray;

/** Thrown by `load` if the model cannot run as its options say. */
export class UnavailableEngine extends DataError {
  readonly reason: Unavailable;

  constructor(model: string, engine: string, reason: Unavailable) {
    super(`${model} cannot run as ${engine}: ${reason}`);
    this.reason = reason;
  }
}

export interface EngineOptions extends Pick<LoadOptions, "warmUp"> {
  /** The only engine to create. */
  readonly engine?: Engine["name"] | undefined;
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
      await host.ready(options);
      if (source === undefined && manifest.length > 0)
        throw new DataError(`${name} needs weights: pass load() a path, a URL, bytes or named tensors`);
      const stored = source === undefined ? new Map() : await openSource(source, host.read);
      const { tensors, problems } = matchWeights(manifest, stored, options);
      if (!areComplete(problems)) throw new DataError(`weights do not match ${name}`, formatProblems(problems));
      const forgotten = forgottenTensors(problems.extra);
      if (forgotten !== undefined)
        (options.warn ?? console.warn)([`${name} does not use:`, ...forgotten.lines].join("\n  "));
      const copies = new Map<string, NdArray>();
      const load: LoadWeight = (path) => {
        const copy = copies.get(path) ?? tensors.get(path)!();
        copies.set(path, copy);
        return copy;
      };
      const { debug = false, engine: wanted, warmUp } = options;
      if (debug !== false) {
        const run = await watchedRun(definition, debug === true ? (message) => console.warn(message) : debug);
        return new Loaded({ ...definition, run }, host, "it is being debugged", prepare(definition, load));
      }
      if (wanted === "calls") return new Loaded(definition, host, "they were asked for", prepare(definition, load));
      const engine = await host.engine(definition, load, { engine: wanted, warmUp });
      if (typeof engine === "string") {
        if (wanted !== undefined) throw new UnavailableEngine(name, wanted, engine);
        return new Loaded(definition, host, engine, prepare(definition, load));
      }
      try {
        // Load all weights now: the source may change or disappear before a run on another backend needs them.
        for (const { path } of manifest) load(path);
      } catch (error) {
        engine.dispose();
        throw error;
      }
      return new Loaded(definition, host, engine, () => prepare(definition, load));
    },
  };
}

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

  run(inputs: Inputs): Results {
    if (this.#prepared === undefined) throw new Error(`${this.name}: run() was called after dispose()`);
    this.#requireNames(inputs, isTensor(inputs), "run");
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
    this.#requireNames(inputs, isTensorArray(inputs), "runArrays");
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

  /** Rejects what is not inputs by name, such as nothing, or the only input itself. @throws GuardError */
  #requireNames(inputs: unknown, isInput: boolean, method: string): void {
    if (typeof inputs === "object" && inputs !== null && !isInput) return;
    const names = this.#definition.guard.inputs.map(({ name }) => name).join(", ");
    throw new GuardError(`${this.name}: ${method}() takes its inputs by name: ${method}({ ${names} }).`);
  }

  dispose(): void {
    if (this.#prepared === undefined) return;
    if (typeof this.#engine !== "string") this.#engine.dispose();
    if (typeof this.#prepared === "object") tf.dispose(Object.values(this.#prepared));
    this.#engine = "the model was disposed";
    this.#prepared = undefined;
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
