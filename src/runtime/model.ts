/** @file Models at run time: load weights, guard the inputs, run, free. */
import * as tf from "@tensorflow/tfjs-core";
import type { ModelDefinition, Tensors } from "../contract/definition.ts";
import { checkGuard, type Given, type Guard } from "../contract/guard.ts";
import type { ManifestEntry } from "../contract/manifest.ts";
import type { NdArray } from "../contract/ndarray.ts";
import { evaluate } from "../contract/prepare-evaluate.ts";
import { DataError } from "../weights/data-error.ts";
import { areComplete, matchWeights, type MatchOptions } from "../weights/match.ts";
import { formatProblems } from "../weights/problems.ts";
import { keptTensor, readTensors, tensorsOf } from "./arrays.ts";
import type { CopyInto, InputArrays, OutputArrays, ResultArrays } from "./arrays.ts";
import { GuardError } from "./guard-error.ts";
import { openSource, type Read, type WeightSource } from "./weight-source.ts";

export interface LoadOptions extends MatchOptions {
  /**
   * Lets TensorFlow in Node multiply in bfloat16, which processors with AMX or AVX512-BF16 do about twice as fast, and keep
   * about three digits of every product: results differ in the third digit (0.007 where they are about 3, instead of
   * 0.000002). It is `ONEDNN_DEFAULT_FPMATH_MODE=BF16` in the environment, holds for all that the process computes from then
   * on, and is read when tfjs-node is loaded: later it is a DataError. Other backends take no notice. Off by default.
   */
  readonly allowBf16?: boolean | undefined;
}

/** A model of a program, without weights yet. `Inputs` and `Results` map names to tensors. */
export interface Model<Inputs extends Tensors = Tensors, Results extends Tensors = Tensors> {
  readonly name: string;
  /** What `run` will ask of its inputs. */
  readonly guard: Guard;
  /** The weights that `load` needs. */
  readonly manifest: readonly ManifestEntry[];
  /**
   * Makes the model ready to run, with its weights on the backend that is set. The source may be left out if there are no
   * weights. It is copied: nothing of it is kept, changed or disposed. `prefix` selects tensors and is taken off their
   * names; `rename` maps names to paths. What nothing asks for is ignored.
   * @throws DataError that lists all weights that are missing or have another shape
   */
  load(source?: WeightSource, options?: LoadOptions): Promise<LoadedModel<Inputs, Results>>;
}

/** A model with weights. */
export interface LoadedModel<Inputs extends Tensors = Tensors, Results extends Tensors = Tensors> {
  readonly name: string;
  /**
   * How `run` computes on the backend that is set now: as one call of a TensorFlow session, or as calls of tfjs. A session
   * needs the tensorflow backend when the model is loaded, and the `.graph` file beside its module.
   */
  readonly engine: "session" | "calls";
  /**
   * Checks the inputs and computes. The inputs stay their owner's, the results are the caller's to dispose; nothing else
   * is left, also if something throws. Computes on the backend that is set then: tfjs moves the weights there at first use.
   * @throws GuardError before anything is computed, with everything that is wrong about the inputs
   */
  run(inputs: Inputs): Results;
  /**
   * The same with typed arrays. The inputs stay their owner's, are read until the promise is settled, and never changed.
   * The results are new arrays that are the caller's, or the arrays `out` names for them; no later run touches either.
   * On the tensorflow backend an input that begins on a 64-byte boundary is not copied, and a result goes into such an
   * array in one copy: `alignedArray` makes them, and it pays to use one `out` for many runs (134 MB: 10 ms, not 60).
   * A promise, for some backends cannot be read at once; on cpu, wasm and tensorflow all is computed when it is returned.
   * @throws GuardError as `run`, and DataError if an array of `out` is of another type or length than its result
   */
  runArrays(inputs: InputArrays<Inputs>, out?: OutputArrays<Results>): Promise<ResultArrays<Results>>;
  /** Frees the weights; a second call does nothing. */
  dispose(): void;
}

/** What differs between a browser and Node. */
export interface Host {
  readonly read: Read;
  /** Sees to it that there is a backend. */
  readonly ready: (options: LoadOptions) => Promise<void>;
  /** A better way than straight-line code on the backend that is set, if there is one. `load` gives the weights. */
  readonly engine?: (definition: ModelDefinition, load: LoadWeight) => Promise<Engine | undefined>;
  readonly copyInto?: CopyInto;
}

/** By path, in the shape of its manifest entry. */
export type LoadWeight = (path: string) => NdArray;

/** What computes a model without its straight-line code. */
export interface Engine {
  /** Whether it can compute on the backend that is set now. */
  isActive(): boolean;
  /** As `ModelDefinition.run`. The guard has let the inputs in. */
  run(inputs: Tensors): Tensors;
  /** Is called once. */
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
    load: async (source, options = {}) => {
      await host.ready(options);
      if (source === undefined && manifest.length > 0)
        throw new DataError(`${name} has weights: load() needs a path, a URL, bytes or named tensors`);
      const stored = source === undefined ? new Map() : await openSource(source, host.read);
      const { tensors, problems } = matchWeights(manifest, stored, options);
      if (!areComplete(problems)) throw new DataError(`the weights do not fit ${name}`, formatProblems(problems));
      const copies = new Map<string, NdArray>();
      const load: LoadWeight = (path) => {
        const copy = copies.get(path) ?? tensors.get(path)!();
        copies.set(path, copy);
        return copy;
      };
      const engine = await host.engine?.(definition, load);
      if (engine === undefined) return new Loaded(definition, host, undefined, prepare(definition, load));
      try {
        // The source may change or go before a run on another backend needs them.
        for (const { path } of manifest) load(path);
      } catch (error) {
        engine.dispose();
        throw error;
      }
      return new Loaded(definition, host, engine, () => prepare(definition, load));
    },
  };
}

/** Holds the prepared tensors, or what computes without them, from loading to disposal. */
class Loaded<Inputs extends Tensors, Results extends Tensors> implements LoadedModel<Inputs, Results> {
  readonly name: string;
  readonly #definition: ModelDefinition;
  readonly #host: Host;
  #engine: Engine | undefined;
  /** What the straight-line code uses, or how it is made when it is needed first; undefined after disposal. */
  #prepared: Tensors | (() => Tensors) | undefined;

  constructor(
    definition: ModelDefinition,
    host: Host,
    engine: Engine | undefined,
    prepared: Tensors | (() => Tensors),
  ) {
    this.name = definition.name;
    this.#definition = definition;
    this.#host = host;
    this.#engine = engine;
    this.#prepared = prepared;
  }

  get engine(): "session" | "calls" {
    return this.#engine?.isActive() ? "session" : "calls";
  }

  run(inputs: Inputs): Results {
    if (this.#prepared === undefined) throw new Error(`${this.name}: run() after dispose()`);
    const admission = checkGuard(this.#definition.guard, describe(this.name, inputs));
    if ("problems" in admission) throw new GuardError(admission.problems[0]!, admission.problems.slice(1));
    // The names and shapes of the results are those that the definition was typed with.
    if (this.#engine?.isActive()) return this.#engine.run(inputs) as Results;
    const prepared = typeof this.#prepared === "function" ? this.#prepared() : this.#prepared;
    this.#prepared = prepared;
    return tf.tidy(() => this.#definition.run(inputs, prepared, admission.sizes)) as Results;
  }

  async runArrays(inputs: InputArrays<Inputs>, out: OutputArrays<Results> = {}): Promise<ResultArrays<Results>> {
    const tensors = tensorsOf(this.name, inputs);
    let results: Tensors = {};
    try {
      results = this.run(tensors as Inputs);
      // A tidy around this call ends before the results are read.
      for (const result of Object.values(results)) tf.keep(result);
      // Reading from wasm is copying, and so is reading what a session has made. Elsewhere it may give the array of an input.
      const areFresh = this.engine === "session" || tf.getBackend() === "wasm";
      return (await readTensors(results, out, areFresh, this.#host.copyInto)) as ResultArrays<Results>;
    } finally {
      tf.dispose([tensors, results]);
    }
  }

  dispose(): void {
    if (this.#prepared === undefined) return;
    this.#engine?.dispose();
    if (typeof this.#prepared === "object") tf.dispose(Object.values(this.#prepared));
    this.#engine = this.#prepared = undefined;
  }
}

/** All prepared tensors, or none. */
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

/** What the guard looks at. */
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

/** By what it has, for there may be several copies of tfjs-core in a process. */
function isTensor(value: unknown): value is tf.Tensor {
  return typeof value === "object" && value !== null && "dataId" in value && "shape" in value && "dtype" in value;
}
