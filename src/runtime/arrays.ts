/** @file Tensors as typed arrays with shapes: the arguments and results of `runArrays`. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensors } from "../contract/definition.ts";
import { dtypeNames, typedArrays, type NdArray } from "../contract/ndarray.ts";
import { dtypeOf, requireOutputs, requireSound, type TensorArray, type TypedArray } from "./typed-arrays.ts";

/** The arrays for these inputs. */
export type InputArrays<T extends Tensors> = { readonly [Name in keyof T]: TensorArray };

/** The arrays for these results. If the model is known, results are f32 unless their types say otherwise. */
export type ResultArrays<T extends Tensors> = {
  readonly [Name in keyof T]: TensorArray<ResultData<T, Name>, T[Name]["shape"]>;
};
type ResultData<T extends Tensors, Name extends keyof T> = string extends keyof T
  ? TypedArray
  : T[Name]["dtype"] extends "int32"
    ? Int32Array
    : T[Name]["dtype"] extends "bool"
      ? Uint8Array
      : Float32Array;

/** Arrays to write results into, by result name. */
export type OutputArrays<T extends Tensors> = { readonly [Name in keyof T]?: ResultData<T, Name> };

/** Copies a tensor into an array of its type and length. Returns false, without copying, if that would need another array. */
export type CopyInto = (tensor: tf.Tensor, array: TypedArray) => boolean;

/** Returns the elements as tfjs and TensorFlow expect them. Shares memory if the array already has the right type. */
export function typedArray({ dtype, data }: NdArray): TypedArray {
  return data instanceof typedArrays[dtype] ? data : new typedArrays[dtype](data);
}

/** Creates a tensor that `tidy` does not free, and that may share memory with the array. */
export function keptTensor(array: NdArray): tf.Tensor {
  return tf.keep(tf.tensor(typedArray(array), [...array.shape], dtypeNames[array.dtype]));
}

/**
 * Creates tensors that share memory with the arrays where the backend allows it.
 * @throws GuardError that lists all invalid arrays
 */
export function tensorsOf(model: string, given: Readonly<Record<string, TensorArray>>): Tensors {
  requireSound(model, given);
  return Object.fromEntries(
    Object.entries(given).map(([name, { shape, data }]) => [name, keptTensor({ dtype: dtypeOf(data)!, shape, data })]),
  );
}

/**
 * Reads the elements of tensors, into the given arrays or new ones that nothing else shares. `areFresh` says that the backend
 * never returns its own memory.
 * @throws DataError if an array to write into does not fit, or overlaps another
 */
export async function readTensors(
  tensors: Tensors,
  into: Readonly<Record<string, TypedArray | undefined>>,
  areFresh: boolean,
  copy: CopyInto | undefined,
): Promise<Record<string, TensorArray>> {
  requireOutputs(into, tensors);
  const reads = Object.entries(tensors).map(async ([name, tensor]) => {
    const shape = [...tensor.shape];
    const array = Object.hasOwn(into, name) ? into[name] : undefined;
    if (array !== undefined) {
      if (copy === undefined || !copy(tensor, array)) array.set(await tensor.data());
      return [name, { shape, data: array }] as const;
    }
    const data = await tensor.data();
    return [name, { shape, data: areFresh ? data : data.slice() }] as const;
  });
  return Object.fromEntries(await Promise.all(reads));
}
