/** @file Models at run time: load weights, guard the inputs, run, free. */
import * as tf from "@tensorflow/tfjs-core";
import { checkGuard, type Given, type Guard } from "../ir/guard.ts";
import type { NdArray } from "../ir/ndarray.ts";
import { DataError } from "../weights/data-error.ts";
import { areComplete, matchWeights, type ManifestEntry, type MatchOptions } from "../weights/manifest.ts";
import { evaluate } from "../weights/prepare.ts";
import { formatProblems } from "../weights/problems.ts";
import type { ModelDefinition, Tensors } from "./definition.ts";
import { openSource, type Read, type WeightSource } from "./source.ts";

/** Inputs that the entry guard refuses. The message is the first problem, `details` are the others. */
export class GuardError extends DataError {}

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
  load(source?: WeightSource, options?: MatchOptions): Promise<LoadedModel<Inputs, Results>>;
}

/** A model with weights. */
export interface LoadedModel<Inputs extends Tensors = Tensors, Results extends Tensors = Tensors> {
  readonly name: string;
  /**
   * Checks the inputs and computes. The inputs stay their owner's, the results are the caller's to dispose; nothing else
   * is left, also if something throws. Computes on the backend that is set then: tfjs moves the weights there at first use.
   * @throws GuardError before anything is computed, with everything that is wrong about the inputs
   */
  run(inputs: Inputs): Results;
  /** Frees the weights; a second call does nothing. */
  dispose(): void;
}

/** What differs between a browser and Node. */
export interface Host {
  readonly read: Read;
  /** Sees to it that there is a backend. */
  readonly ready: () => Promise<void>;
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
      await host.ready();
      if (source === undefined && manifest.length > 0)
        throw new DataError(`${name} has weights: load() needs a path, a URL, bytes or named tensors`);
      const stored = source === undefined ? new Map() : await openSource(source, host.read);
      const { tensors, problems } = matchWeights(manifest, stored, options);
      if (!areComplete(problems)) throw new DataError(`the weights do not fit ${name}`, formatProblems(problems));
      return new Loaded(definition, (path) => tensors.get(path)!());
    },
  };
}

/** Holds the prepared tensors from loading to disposal. */
class Loaded<Inputs extends Tensors, Results extends Tensors> implements LoadedModel<Inputs, Results> {
  readonly name: string;
  readonly #definition: ModelDefinition;
  #prepared: Tensors | undefined;

  constructor(definition: ModelDefinition, load: (path: string) => NdArray) {
    this.name = definition.name;
    this.#definition = definition;
    this.#prepared = prepare(definition, load);
  }

  run(inputs: Inputs): Results {
    const prepared = this.#prepared;
    if (prepared === undefined) throw new Error(`${this.name}: run() after dispose()`);
    const admission = checkGuard(this.#definition.guard, describe(this.name, inputs));
    if ("problems" in admission) throw new GuardError(admission.problems[0]!, admission.problems.slice(1));
    // The names and shapes of the results are those that the definition was typed with.
    return tf.tidy(() => this.#definition.run(inputs, prepared, admission.sizes)) as Results;
  }

  dispose(): void {
    if (this.#prepared !== undefined) tf.dispose(Object.values(this.#prepared));
    this.#prepared = undefined;
  }
}

/** All prepared tensors, or none. */
function prepare({ prepared }: ModelDefinition, load: (path: string) => NdArray): Tensors {
  const made: [string, tf.Tensor][] = [];
  try {
    for (const [name, { dtype, prepare }] of Object.entries(prepared))
      made.push([name, tensorOf({ ...evaluate(prepare, load), dtype })]);
    return Object.fromEntries(made);
  } catch (error) {
    tf.dispose(made.map(([, tensor]) => tensor));
    throw error;
  }
}

/** A tensor that no tidy frees, of an array that is nobody else's: a native backend may go on using what it is given. */
function tensorOf({ dtype, shape, data }: NdArray): tf.Tensor {
  switch (dtype) {
    case "f32":
      return tf.keep(tf.tensor(data instanceof Float32Array ? data : new Float32Array(data), [...shape], "float32"));
    case "i32":
      return tf.keep(tf.tensor(data instanceof Int32Array ? data : new Int32Array(data), [...shape], "int32"));
    case "bool":
      return tf.keep(tf.tensor(data instanceof Uint8Array ? data : new Uint8Array(data), [...shape], "bool"));
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
