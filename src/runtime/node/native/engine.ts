/** @file The native engine: runs a model as one TensorFlow session call. */
import * as tf from "@tensorflow/tfjs-core";
import { statSync } from "node:fs";
import type { ModelDefinition, Tensors } from "../../../contract/definition.ts";
import type { GuardInput } from "../../../contract/guard.ts";
import { dataTypes } from "../../../protobuf/tensorflow.ts";
import { DataError, inPlace, quote } from "../../../weights/data-error.ts";
import { keptTensor } from "../../arrays.ts";
import { GuardError } from "../../guard-error.ts";
import type { Engine, LoadWeight, Unavailable } from "../../model.ts";
import type { Read } from "../../weight-source.ts";
import { nativeBackend, type NativeBackend } from "./binding.ts";
import { fillGraph, readGraph, type EngineGraph } from "./graph.ts";
import { openSession } from "./session.ts";

/**
 * The maximum total size of constants in bytes. Kernels store constant weights in an order of their own (8 convolutions of 512
 * channels at 14 x 14: 21 ms instead of 31), but loading them takes five times their memory, and 1.2 s for 100 MB.
 */
const maxConstants = 150e6;

/** The maximum size of an engine file in bytes. */
const maxFile = 256e6;

/**
 * Creates the engine of a model, or says why there is none: the current backend has no sessions, or the module no graph.
 * @throws DataError if the graph file is damaged or belongs to another module
 */
export async function nativeEngine(
  definition: ModelDefinition,
  load: LoadWeight,
  read: Read,
  limit = maxConstants,
): Promise<Engine | Unavailable> {
  const backend = nativeBackend();
  const { name, graph: place } = definition;
  if (backend === undefined) return `the backend ${tf.getBackend()} has no sessions`;
  if (place === undefined) return "the module has no graph";
  const where = place instanceof URL ? quote(String(place)) : `the graph of ${name}`;
  if (place instanceof URL && place.protocol === "file:") {
    const found = statSync(place, { throwIfNoEntry: false });
    // A module may be used without the files next to it.
    if (found === undefined) return `${where} is missing`;
    if (found.size > maxFile)
      throw new DataError(`${where} has ${found.size} bytes, too many for a graph without weights`);
  }
  const file = place instanceof URL ? await read(place) : place;
  const graph = inPlace(where, () => readGraph(file, definition));
  if (graph === undefined) return `${where} has no graph of ${name}`;
  const { bytes, fed } = fillGraph(graph, load, limit);
  let session: number;
  try {
    session = openSession(backend, bytes);
  } catch (error) {
    // Perhaps no space for a temporary file, or another version of TensorFlow. Running slower is better than not at all.
    const reason = error instanceof Error ? error.message : String(error);
    process.emitWarning(
      `${name} runs op by op in TensorFlow.js, because a session cannot be opened: ${reason}`,
      "FuseWarning",
    );
    return `a session cannot be opened: ${reason}`;
  }
  const weights = new Map([...fed].map(([tensor, array]) => [tensor, keptTensor(array)]));
  return new NativeEngine(backend, session, definition, graph, weights);
}

class NativeEngine implements Engine {
  readonly name = "session";
  readonly #backend: NativeBackend;
  readonly #session: number;
  readonly #inputs: readonly GuardInput[];
  readonly #fed: readonly tf.Tensor[];
  /** The names of the inputs, then of the fed weights. */
  readonly #names: readonly { readonly name: string }[];
  readonly #results: readonly string[];
  readonly #fetched: readonly string[];

  constructor(
    backend: NativeBackend,
    session: number,
    { guard }: ModelDefinition,
    { inputs, results }: EngineGraph,
    fed: ReadonlyMap<string, tf.Tensor>,
  ) {
    this.#backend = backend;
    this.#session = session;
    this.#inputs = guard.inputs;
    this.#fed = [...fed.values()];
    const tensors = [...guard.inputs.map(({ name }) => inputs.get(name)!), ...fed.keys()];
    this.#names = tensors.map((name) => ({ name: `${name}:0` }));
    this.#results = [...results.keys()];
    this.#fetched = [...results.values()].map((name) => `${name}:0`);
  }

  isActive(): boolean {
    return nativeBackend() === this.#backend;
  }

  run(inputs: Tensors): Tensors {
    const made: tf.Tensor[] = [];
    try {
      const tensors = this.#inputs.map((input) => {
        const tensor = this.#asHeld(input, inputs[input.name]!);
        if (tensor !== inputs[input.name]) made.push(tensor);
        return tensor;
      });
      const results = this.#backend.runSavedModel(
        this.#session,
        [...tensors, ...this.#fed],
        this.#names,
        this.#fetched,
      );
      return Object.fromEntries(this.#results.map((name, i) => [name, results[i]!]));
    } finally {
      tf.dispose(made);
    }
  }

  dispose(): void {
    this.#backend.deleteSavedModel(this.#session);
    tf.dispose([...this.#fed]);
  }

  /**
   * Returns the tensor as TensorFlow must have it: in the shape that the guard checked. A tensor that was reshaped on another
   * backend and then moved here still has its old shape here, and a wrong rank would crash the process.
   */
  #asHeld({ name, dtype }: GuardInput, tensor: tf.Tensor): tf.Tensor {
    const held = this.#backend.tensorMap.get(tensor.dataId);
    if (held?.dtype !== dataTypes[dtype]) throw new GuardError(`${name} is not stored as ${dtype}: cast it.`);
    return held.shape.length === tensor.rank && held.shape.every((size, i) => size === tensor.shape[i])
      ? tensor
      : tf.reshape(tensor, tensor.shape);
  }
}
