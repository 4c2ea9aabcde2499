/** @file Sources of weights: the bytes of a safetensors file, or tensors by name. */
import type { Tensor } from "@tensorflow/tfjs-core";
import { elements } from "../contract/ndarray.ts";
import { DataError, inPlace, quote } from "../weights/data-error.ts";
import { readSafetensors } from "../weights/safetensors.ts";
import type { StoredTensor, TensorSource } from "../weights/tensors.ts";

/** A shape and values, which are copied when the model is loaded. */
export interface PlainTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** Tensors by name. tfjs tensors are only read, never disposed. */
export type NamedTensors = Readonly<Record<string, Tensor | PlainTensor>>;

/** A path or URL, the bytes of a file, or named tensors. */
export type WeightSource = string | URL | ArrayBuffer | Uint8Array | NamedTensors;

/** Reads the bytes at a path or URL. Rejects more than `limit` bytes, without reading them if the place says how many it has. */
export type Read = (place: string | URL, limit?: number) => Promise<Uint8Array>;

/** @throws DataError */
export async function openSource(source: WeightSource, read: Read): Promise<TensorSource> {
  if (typeof source === "string" || source instanceof URL) {
    const bytes = await read(source);
    return inPlace(String(source), () => readSafetensors(bytes));
  }
  if (source instanceof Uint8Array) return readSafetensors(source);
  if (source instanceof ArrayBuffer) return readSafetensors(new Uint8Array(source));
  const tensors = Object.entries(source).map(async ([name, tensor]) => [name, await named(name, tensor)] as const);
  return new Map(await Promise.all(tensors));
}

function isTensor(value: unknown): boolean {
  return typeof value === "object" && value !== null && "shape" in value && ("dataId" in value || "data" in value);
}

async function named(name: string, tensor: Tensor | PlainTensor): Promise<StoredTensor> {
  if (!isTensor(tensor)) throw new DataError(`${quote(name)} is not a tensor, nor a shape with data`);
  const data = "dataId" in tensor ? await tensor.data() : tensor.data;
  const shape = [...tensor.shape];
  if (elements(shape) !== data.length) {
    throw new DataError(`tensor ${quote(name)} has ${data.length} values, which does not match [${shape.join(", ")}]`);
  }
  if (data instanceof Float32Array)
    return { name, dtype: "F32", shape, read: () => ({ dtype: "f32", shape, data: data.slice() }) };
  if (data instanceof Int32Array)
    return { name, dtype: "I32", shape, read: () => ({ dtype: "i32", shape, data: data.slice() }) };
  // In float64, which holds every integer that a weight may have.
  return { name, dtype: "F64", shape, read: () => ({ dtype: "f32", shape, data: Float64Array.from(data) }) };
}
