/** @file Reads a graph model that Fuse wrote, with limits, and rejects others. */
import { elements } from "../../contract/ndarray.ts";
import { isWritten } from "../../primitives/tensorflow/operations.ts";
import { dataTypes } from "../../protobuf/tensorflow.ts";
import { DataError, quote } from "../../weights/data-error.ts";
import { field, isObject, items, parseJson } from "../../weights/json.ts";
import { checkShape } from "../../weights/tensors.ts";
import { parseModelInfo } from "../model-info.ts";
import { isSealed } from "../seal.ts";
import type { StoredModel } from "../target.ts";
import { typeName } from "./json.ts";

/** A graph model as TensorFlow.js loads it from memory, and the names of its nodes. */
export interface LoadableGraphModel extends StoredModel {
  readonly artifacts: {
    readonly modelTopology: object;
    readonly weightSpecs: readonly WeightSpec[];
    readonly weightData: Uint8Array;
    readonly signature: object;
  };
  /** Node names by the names in the program. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly results: ReadonlyMap<string, string>;
}

interface WeightSpec {
  readonly name: string;
  readonly shape: number[];
  readonly dtype: "float32" | "int32" | "bool";
}

/** Returns Fuse's notes in a `model.json`; undefined if Fuse did not write it. */
export const notesOf = (json: unknown): unknown => field(field(json, "userDefinedMetadata"), "fuse");

/**
 * Reads a `model.json`. `data` is its shards, concatenated.
 * @throws DataError in one line, if a byte is not as Fuse wrote it
 */
export function readGraphModel(text: string, data: Uint8Array): LoadableGraphModel {
  if (!isSealed(text, [data])) throw new DataError("has been modified or is incomplete");
  const json = parseJson(text);
  const info = parseModelInfo(JSON.stringify(field(notesOf(json), "model")));
  const modelTopology = field(json, "modelTopology");
  const [group, ...others] = items(field(json, "weightsManifest"));
  const specs = items(field(group, "weights"));
  if (!isObject(modelTopology) || others.length > 0) throw notOurs("it has no nodes, or more than one weight group");

  const weightSpecs = specs.map(specOf);
  const bytes = weightSpecs.reduce((sum, { shape, dtype }) => sum + elements(shape) * widths[dtype], 0);
  if (bytes !== data.length) throw notOurs(`its shards have ${data.length} bytes instead of ${bytes}`);
  const nodes = new Map<string, unknown>();
  const held = new Set(weightSpecs.map(({ name }) => name));
  for (const node of items(field(modelTopology, "node"))) {
    const [name, op] = [field(node, "name"), field(node, "op")];
    if (typeof name !== "string" || !/^[A-Za-z0-9.][\w./-]*$/.test(name) || nodes.has(name))
      throw notOurs("a node has no unique name");
    if (typeof op !== "string" || !isWritten(op)) throw notOurs(`it uses the unknown operation ${quote(String(op))}`);
    if (op === "Const" && !held.has(name)) throw notOurs(`the constant ${quote(name)} is not in its shards`);
    nodes.set(name, node);
  }
  const signature = field(json, "signature");
  const port = (kind: "inputs" | "outputs", name: string, dtype: keyof typeof dataTypes): string => {
    const tensor = field(field(field(signature, kind), name), "name");
    const node = typeof tensor === "string" ? nodes.get(tensor.replace(/:0$/, "")) : undefined;
    const type = field(field(field(node, "attr"), kind === "inputs" ? "dtype" : "T"), "type");
    if (typeof tensor !== "string" || type !== typeName(dataTypes[dtype]))
      throw notOurs(`it has no ${kind === "inputs" ? "input" : "result"} ${quote(name)}`);
    return tensor;
  };
  return {
    info,
    artifacts: { modelTopology, weightSpecs, weightData: data, signature: isObject(signature) ? signature : {} },
    inputs: new Map(info.guard.inputs.map(({ name, dtype }) => [name, port("inputs", name, dtype)])),
    results: new Map(info.results.map(({ name, dtype }) => [name, port("outputs", name, dtype)])),
  };
}

const widths = { float32: 4, int32: 4, bool: 1 } as const;

function specOf(spec: unknown): WeightSpec {
  const [name, dtype] = [field(spec, "name"), field(spec, "dtype")];
  if (typeof name !== "string") throw notOurs("a constant has no name");
  const shape = [...checkShape(name, field(spec, "shape"))];
  if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") throw notOurs(`${quote(name)} has no known dtype`);
  return { name, shape, dtype };
}

const notOurs = (reason: string) => new DataError(`is not a file that Fuse writes: ${reason}`);
