/** @file Finds the graph of a model in an engine file, checks it against the module, and fills in weights. */
import type { ModelDefinition } from "../../../contract/definition.ts";
import type { Guard } from "../../../contract/guard.ts";
import { elements, typedArrays, type DType, type NdArray } from "../../../contract/ndarray.ts";
import { evaluate } from "../../../contract/prepare-evaluate.ts";
import { parseSteps, type PrepareStep } from "../../../contract/prepare.ts";
import { decodeEngine, type EngineModel, type EnginePrepared } from "../../../protobuf/engine.ts";
import { dataTypes, type NodeDef } from "../../../protobuf/tensorflow.ts";
import { DataError } from "../../../weights/data-error.ts";
import { typedArray } from "../../arrays.ts";
import type { LoadWeight } from "../../load-weights.ts";

/** A graph that has been checked against its module. */
export interface EngineGraph {
  readonly nodes: readonly NodeDef[];
  /** Tensor names by input or result name. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly results: ReadonlyMap<string, string>;
  readonly prepared: readonly PreparedPort[];
  readonly steps: readonly PrepareStep[];
  /** The names of the outputs of each operation. */
  readonly outputs: ReadonlyMap<string, readonly string[]>;
  /** How long a run takes with one thread for each element of the inputs, in nanoseconds, as predicted. */
  readonly perElement: number;
}

interface PreparedPort {
  readonly tensor: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly step: number;
}

/**
 * Returns the graph of a model; undefined if the file has none, because nodes could not express the model.
 * @throws DataError if the file is damaged or belongs to another module
 */
export function readGraph(
  file: Uint8Array,
  { name, guard, hash }: Pick<ModelDefinition, "name" | "guard" | "hash">,
): EngineGraph | undefined {
  return decoding(() => {
    const { hash: built, models } = decodeEngine(file);
    if (hash !== undefined && hash !== built) throw new RangeError("it belongs to another build of the program");
    const model = models?.get(name);
    if (model === undefined) return undefined;
    const nodes = model.graph?.node ?? [];
    checkInputs(guard, model, nodes);
    const steps = parseSteps(model.steps ?? "[]");
    return {
      nodes,
      inputs: namesOf(model.inputs),
      results: namesOf(model.results),
      prepared: (model.prepared ?? []).map((prepared) => preparedPort(prepared, steps)),
      steps,
      outputs: new Map([...(model.outputs ?? [])].map(([op, names]) => [op, names.split(",")])),
      perElement: (model.cost ?? Infinity) / Math.max(1, model.elements ?? 0),
    };
  });
}

function decoding<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new DataError(`${error.message}; build the program again, or delete the file`);
  }
}

/** Checks that the graph's inputs match the guard. TensorFlow crashes the process if a tensor has a rank that a kernel rejects. */
function checkInputs(guard: Guard, model: EngineModel, nodes: readonly NodeDef[]): void {
  const tensors = namesOf(model.inputs);
  const placeholders = new Map(nodes.map((node) => [node.name, node]));
  for (const { name, dtype, axes } of guard.inputs) {
    const { attr } = placeholders.get(tensors.get(name)) ?? {};
    const sizes = (attr?.get("shape")?.shape?.dim ?? []).map(({ size = 0 }) => size);
    const fits = sizes.length === axes.length && axes.every(({ size }, i) => sizes[i] === -1 || sizes[i] === size);
    if (!fits || attr?.get("dtype")?.type !== dataTypes[dtype]) throw new RangeError(`the module has no input ${name}`);
  }
  if (tensors.size !== guard.inputs.length) throw new RangeError("it has inputs that the module does not have");
}

function namesOf(ports: EngineModel["inputs"]): Map<string, string> {
  return new Map((ports ?? []).map(({ name = "", tensor = "" }) => [name, tensor]));
}

function preparedPort(
  { tensor = "", dtype, shape = [], step }: EnginePrepared,
  steps: readonly PrepareStep[],
): PreparedPort {
  const known = (Object.keys(dataTypes) as DType[]).find((name) => dataTypes[name] === dtype);
  if (known === undefined) throw new RangeError(`${tensor} has the type ${dtype}`);
  if (step === undefined || steps[step] === undefined) throw new RangeError(`no step makes ${tensor}`);
  return { tensor, dtype: known, shape, step };
}

export interface FilledGraph {
  readonly nodes: readonly NodeDef[];
  /** The bytes of its constants. */
  readonly bytes: number;
  /** Weights to feed at every run in addition to the inputs, by tensor name. */
  readonly fed: ReadonlyMap<string, NdArray>;
}

/**
 * Turns prepared tensors into constants, small ones first, up to `limit` bytes in total. The others must be fed.
 * @throws DataError from `load`, or if a tensor's shape is not the graph's
 */
export function fillGraph(graph: EngineGraph, load: LoadWeight, limit: number): FilledGraph {
  const constants = new Map<string, NodeDef>();
  const fed = new Map<string, NdArray>();
  let [bytes, held] = [0, 0];
  const isConstant = new Set<PreparedPort>();
  for (const port of graph.prepared.toSorted((a, b) => elements(a.shape) - elements(b.shape))) {
    bytes += elements(port.shape) * typedArrays[port.dtype].BYTES_PER_ELEMENT;
    if (bytes > limit) continue;
    isConstant.add(port);
    held = bytes;
  }
  const wanted = new Map(graph.prepared.map((port) => [port.step, port]));
  for (const [step, made] of evaluate(graph.steps, new Set(wanted.keys()), load)) {
    const port = wanted.get(step)!;
    const { tensor, dtype, shape } = port;
    const array = { ...made, dtype };
    if (array.shape.join() !== shape.join())
      throw new DataError(
        `${tensor} has the shape [${shape.join(", ")}] in the graph but [${array.shape.join(", ")}] in the weights`,
      );
    const data = typedArray(array);
    if (!isConstant.has(port)) fed.set(tensor, { ...array, data });
    else constants.set(tensor, constant(tensor, dtype, shape, data));
  }
  return { nodes: graph.nodes.map((node) => constants.get(node.name ?? "") ?? node), bytes: held, fed };
}

function constant(name: string, dtype: DType, shape: readonly number[], data: ReturnType<typeof typedArray>): NodeDef {
  const tensor = {
    dtype: dataTypes[dtype],
    tensorShape: { dim: shape.map((size) => ({ size })) },
    // TensorFlow runs only on little-endian machines.
    tensorContent: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
  return {
    name,
    op: "Const",
    attr: new Map([
      ["dtype", { type: dataTypes[dtype] }],
      ["value", { tensor }],
    ]),
  };
}
