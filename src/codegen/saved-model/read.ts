/** @file Reads a SavedModel that Fuse wrote, with limits. Rejects others: TensorFlow does whatever a file says. */
import type { GuardInput } from "../../contract/guard.ts";
import type { DType, NdArray } from "../../contract/ndarray.ts";
import { isWritten } from "../../primitives/tensorflow/operations.ts";
import { decode, encode, type ValueOf } from "../../protobuf/message.ts";
import { dataTypes, SavedModel, type AttrValue, type NodeDef, type TensorInfo } from "../../protobuf/tensorflow.ts";
import { DataError, quote } from "../../weights/data-error.ts";
import { field, items, parseJson, readText } from "../../weights/json.ts";
import { readSafetensors } from "../../weights/safetensors.ts";
import type { TensorSource } from "../../weights/tensors.ts";
import { areEqual } from "../content.ts";
import { parseModelInfo, type ModelInfo } from "../model-info.ts";
import { isSealed } from "../seal.ts";
import type { StoredModel } from "../target.ts";

/** The files of its folder. */
export interface SavedModelBytes {
  readonly model: Uint8Array;
  readonly notes: Uint8Array;
  readonly weights: Uint8Array | undefined;
}

/** A signature: the tensors that a session is fed and returns, by their TensorFlow names (`x:0`). */
export interface SessionModel extends StoredModel {
  /** The content of the `saved_model.pb`, which TensorFlow opens. */
  readonly bytes: Uint8Array;
  readonly inputs: ReadonlyMap<string, string>;
  /** The tensors to feed on every run in addition to the inputs, by name. */
  readonly fed: ReadonlyMap<string, NdArray>;
  readonly results: ReadonlyMap<string, string>;
}

/** Reads a SavedModel. @throws DataError in one line, if a byte is not as Fuse wrote it */
export function readSavedModel({ model, notes, weights }: SavedModelBytes): readonly SessionModel[] {
  const text = readText(notes);
  if (!isSealed(text, weights === undefined ? [model] : [model, weights]))
    throw new DataError("has been modified or is incomplete");
  const models = readNotes(text);
  const decoded = decoding(() => decode(SavedModel, model));
  // Rejects anything that another reader might see as well: unknown fields, and repeated ones.
  if (!areEqual(encode(SavedModel, decoded), model)) throw notOurs("it is encoded differently");
  const [graph, ...others] = decoded.metaGraphs ?? [];
  if (graph === undefined || others.length > 0) throw notOurs("it does not have exactly one graph");
  const nodes = new Map<string, NodeDef>();
  for (const node of graph.graphDef?.node ?? []) {
    if (!isWritten(node.op ?? "")) throw notOurs(`it uses the unknown operation ${quote(node.op ?? "")}`);
    nodes.set(node.name ?? "", node);
  }
  const stored: TensorSource = weights === undefined ? new Map() : readSafetensors(weights);
  return models.map((info): SessionModel => {
    const signature = graph.signatureDef?.get(info.model);
    if (signature === undefined) throw notOurs(`it has no signature ${quote(info.model)}`);
    const inputs = new Map<string, string>();
    const fed = new Map<string, NdArray>();
    for (const [name, { name: tensor = "" }] of signature.inputs ?? []) {
      const node = nodes.get(tensor.replace(/:0$/, ""));
      if (node?.op !== "Placeholder") throw notOurs(`the input ${quote(name)} is not an input`);
      const input = info.guard.inputs.find((given) => given.name === name);
      if (input === undefined) fed.set(tensor, fedTensor(name, node, stored));
      else {
        checkInput(input, node);
        inputs.set(name, tensor);
      }
    }
    const missing = info.guard.inputs.find(({ name }) => !inputs.has(name));
    if (missing !== undefined) throw notOurs(`it has no input ${quote(missing.name)}`);
    const results = info.results.map(
      ({ name, dtype }) => [name, resultTensor(name, dtype, signature.outputs ?? new Map())] as const,
    );
    return { info, bytes: model, inputs, fed, results: new Map(results) };
  });
}

function readNotes(text: string): readonly ModelInfo[] {
  return items(field(parseJson(text), "models")).map((model) => parseModelInfo(JSON.stringify(model)));
}

/** Checks an input before a session is fed, because TensorFlow checks ranks too late. */
function checkInput({ name, dtype, axes }: GuardInput, { attr }: NodeDef): void {
  const sizes = sizesOf(attr?.get("shape")?.shape);
  const fits = axes.every(({ size }, i) => sizes[i] === -1 || sizes[i] === size);
  if (attr?.get("dtype")?.type !== dataTypes[dtype] || sizes.length !== axes.length || !fits)
    throw notOurs(`its input ${quote(name)} does not match its metadata`);
}

function fedTensor(name: string, { attr }: NodeDef, stored: TensorSource): NdArray {
  const shape = sizesOf(attr?.get("shape")?.shape);
  const tensor = stored.get(name);
  if (tensor?.dtype !== "F32" || tensor.shape.join() !== shape.join() || attr?.get("dtype")?.type !== dataTypes.f32)
    throw notOurs(`the weight ${quote(name)} is missing`);
  return tensor.read();
}

function resultTensor(name: string, dtype: DType, outputs: ReadonlyMap<string, ValueOf<typeof TensorInfo>>): string {
  const found = outputs.get(name);
  if (found?.name === undefined || found.dtype !== dataTypes[dtype]) throw notOurs(`it has no result ${quote(name)}`);
  return found.name;
}

function sizesOf(shape: AttrValue["shape"]): readonly (number | undefined)[] {
  return (shape?.dim ?? []).map(({ size }) => size);
}

function decoding<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw notOurs(error.message);
  }
}

const notOurs = (reason: string) => new DataError(`is not a file that Fuse writes: ${reason}`);
