/** @file The native engine: runs a model as one TensorFlow session call. */
import * as tf from "@tensorflow/tfjs-core";
import { statSync } from "node:fs";
import type { ModelDefinition, Tensors } from "../../../contract/definition.ts";
import type { GuardInput } from "../../../contract/guard.ts";
import { elements } from "../../../contract/ndarray.ts";
import { dataTypes } from "../../../protobuf/tensorflow.ts";
import { DataError, inPlace, quote } from "../../../weights/data-error.ts";
import { keptTensor } from "../../arrays.ts";
import { GuardError } from "../../guard-error.ts";
import type { LoadWeight } from "../../load-weights.ts";
import type { Engine, Unavailable } from "../../model.ts";
import type { Read } from "../../weight-source.ts";
import { nativeBackend, type NativeBackend } from "./binding.ts";
import { fillGraph, readGraph, type EngineGraph } from "./graph.ts";
import { savedModel, type SessionForm } from "./saved-model.ts";
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
  const filled = fillGraph(graph, load, limit);
  const start = performance.now();
  const open = (form: SessionForm): number => openSession(backend, savedModel(graph, filled.nodes, form));
  let session: number;
  try {
    const isFixed = definition.guard.variables.length === 0;
    session = open({ inOrder: isFixed && isShort(graph, elementsOf(definition.guard.inputs)) });
  } catch (error) {
    // Perhaps no space for a temporary file, or another version of TensorFlow. Running slower is better than not at all.
    const reason = error instanceof Error ? error.message : String(error);
    process.emitWarning(
      `${name} runs op by op in TensorFlow.js, because a session cannot be opened: ${reason}`,
      "FuseWarning",
    );
    return `a session cannot be opened: ${reason}`;
  }
  const opening = performance.now() - start;
  const weights = new Map([...filled.fed].map(([tensor, array]) => [tensor, keptTensor(array)]));
  const own = filled.bytes > maxCopied || definition.guard.variables.length === 0 ? undefined : { open, opening };
  return new NativeEngine(backend, session, definition, graph, weights, own);
}

/** Runs that are predicted to take less than this, with one thread, gain from a session of their own. In nanoseconds. */
const short = 20e6;

const isShort = ({ perElement }: EngineGraph, count: number): boolean => perElement * count < short;

/** Returns the number of elements of inputs whose sizes are known. */
const elementsOf = (inputs: readonly GuardInput[]): number =>
  inputs.reduce((sum, { axes }) => sum + elements(axes.map(({ size }) => Number(size))), 0);

/** The most bytes of constants of which each of several sessions holds a copy. */
const maxCopied = 16e6;

/** The most sizes that have a session of their own, and the most for which times are remembered. */
const mostSessions = 4;
const mostTimes = 1000;

/** How to open sessions for certain sizes, and how many milliseconds that takes. */
interface OwnSessions {
  readonly open: (form: SessionForm) => number;
  readonly opening: number;
}

class NativeEngine implements Engine {
  readonly name = "session";
  readonly #backend: NativeBackend;
  readonly #session: number;
  readonly #inputs: readonly GuardInput[];
  readonly #graph: EngineGraph;
  readonly #fed: readonly tf.Tensor[];
  /** The names of the inputs, then of the fed weights. */
  readonly #names: readonly { readonly name: string }[];
  readonly #results: readonly string[];
  readonly #fetched: readonly string[];
  readonly #own: OwnSessions | undefined;
  /** Sessions by sizes, the last used one at the end. */
  readonly #sessions = new Map<string, number>();
  /** How many milliseconds runs at some sizes took so far. */
  readonly #spent = new Map<string, number>();

  constructor(
    backend: NativeBackend,
    session: number,
    { guard }: ModelDefinition,
    graph: EngineGraph,
    fed: ReadonlyMap<string, tf.Tensor>,
    own: OwnSessions | undefined,
  ) {
    const { inputs, results } = graph;
    this.#backend = backend;
    this.#session = session;
    this.#inputs = guard.inputs;
    this.#graph = graph;
    this.#own = own;
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
      const key = this.#own && tensors.map(({ shape }) => shape.join()).join(" ");
      const start = performance.now();
      const results = this.#backend.runSavedModel(
        key === undefined ? this.#session : this.#sessionFor(key, tensors),
        [...tensors, ...this.#fed],
        this.#names,
        this.#fetched,
      );
      if (key !== undefined) this.#note(key, performance.now() - start);
      return Object.fromEntries(this.#results.map((name, i) => [name, results[i]!]));
    } finally {
      tf.dispose(made);
    }
  }

  /**
   * Returns the session for some shapes: one of their own, once runs at them have taken as long as opening it takes. So sizes that
   * never come again cost nothing, and all others at most twice what would have been best.
   */
  #sessionFor(key: string, tensors: readonly tf.Tensor[]): number {
    const known = this.#sessions.get(key);
    const { open, opening } = this.#own!;
    if (known !== undefined) {
      this.#sessions.delete(key);
      this.#sessions.set(key, known);
      return known;
    }
    const count = tensors.reduce((sum, { size }) => sum + size, 0);
    if ((this.#spent.get(key) ?? 0) < opening || !isShort(this.#graph, count)) return this.#session;
    const shapes = new Map(this.#inputs.map(({ name }, i) => [this.#graph.inputs.get(name)!, tensors[i]!.shape]));
    let session: number;
    try {
      session = open({ shapes, inOrder: true });
    } catch {
      // There may be no space for another temporary file.
      this.#spent.set(key, -Infinity);
      return this.#session;
    }
    this.#sessions.set(key, session);
    const [oldest] = this.#sessions;
    if (this.#sessions.size > mostSessions && oldest !== undefined) {
      this.#backend.deleteSavedModel(oldest[1]);
      this.#sessions.delete(oldest[0]);
      this.#spent.delete(oldest[0]);
    }
    return session;
  }

  #note(key: string, milliseconds: number): void {
    if (this.#spent.size >= mostTimes) this.#spent.clear();
    this.#spent.set(key, (this.#spent.get(key) ?? 0) + milliseconds);
  }

  dispose(): void {
    for (const session of [this.#session, ...this.#sessions.values()]) this.#backend.deleteSavedModel(session);
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
