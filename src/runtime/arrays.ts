/** @file Tensors as typed arrays with shapes: the arguments and results of `runArrays`. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensors } from "../contract/definition.ts";
import { dtypeNames, elements, typedArrays, type DType, type NdArray } from "../contract/ndarray.ts";
import { DataError } from "../weights/data-error.ts";
import { GuardError } from "./guard-error.ts";

/** The array types of f32, i32 and bool. A bool is a byte that is 0 or 1. */
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** A tensor as a row-major array. */
export interface TensorArray<
  Data extends TypedArray = TypedArray,
  Shape extends readonly number[] = readonly number[],
> {
  readonly shape: Shape;
  readonly data: Data;
}

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

/** Creates an array of zeros for a tensor. */
export function emptyArray(dtype: "f32", shape: readonly number[]): Float32Array;
export function emptyArray(dtype: "i32", shape: readonly number[]): Int32Array;
export function emptyArray(dtype: "bool", shape: readonly number[]): Uint8Array;
export function emptyArray(dtype: DType, shape: readonly number[]): TypedArray;
export function emptyArray(dtype: DType, shape: readonly number[]): TypedArray {
  return new typedArrays[dtype](elements(shape));
}

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
  const problems = Object.entries(given).flatMap(([name, array]) => {
    const problem = unsoundness(array);
    return problem === undefined ? [] : [`${model}: ${name} ${problem}.`];
  });
  if (problems.length > 0) throw new GuardError(problems[0]!, problems.slice(1));
  return Object.fromEntries(
    Object.entries(given).map(([name, { shape, data }]) => [name, keptTensor({ dtype: dtypeOf(data)!, shape, data })]),
  );
}

/** Whether a value looks like one array, rather than like arrays by name. */
export function isTensorArray(value: unknown): boolean {
  return typeof value === "object" && value !== null && "data" in value && dtypeOf(value.data) !== undefined;
}

function unsoundness(array: unknown): string | undefined {
  const { shape, data } = (array ?? {}) as { readonly shape?: unknown; readonly data?: unknown };
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    return "must have a shape, a list of sizes";
  const dtype = dtypeOf(data);
  if (dtype === undefined) return "must have data, a Float32Array, Int32Array or Uint8Array";
  const { length } = data as TypedArray;
  if (elements(shape as number[]) !== length)
    return `has ${length} elements, which does not match [${shape.join(", ")}]`;
  return dtype === "bool" && (data as TypedArray).some((byte) => byte > 1) ? "must be 0 or 1 everywhere" : undefined;
}

function dtypeOf(data: unknown): DType | undefined {
  return (Object.keys(typedArrays) as DType[]).find((dtype) => data instanceof typedArrays[dtype]);
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
  for (const [name, array] of Object.entries(into)) if (array !== undefined) checkOutput(name, array, tensors);
  checkApart(into);
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

/** Two results would be written to the same memory. */
function checkApart(into: Readonly<Record<string, TypedArray | undefined>>): void {
  const arrays = Object.entries(into).flatMap(([name, array]) => (array === undefined ? [] : [{ name, array }]));
  for (const [i, { name, array: a }] of arrays.entries())
    for (const { name: other, array: b } of arrays.slice(0, i)) {
      const overlap = a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
      if (a.buffer === b.buffer && overlap)
        throw new DataError(`the arrays for the results ${other} and ${name} overlap`);
    }
}

function checkOutput(name: string, array: TypedArray, tensors: Tensors): void {
  const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
  if (tensor === undefined)
    throw new DataError(
      `there is no result ${JSON.stringify(name)}; the results are ${Object.keys(tensors).join(", ")}`,
    );
  const dtype = dtypeOf(array);
  if (dtype === undefined || dtypeNames[dtype] !== tensor.dtype || array.length !== tensor.size)
    throw new DataError(
      `the result ${name} is ${tensor.dtype} [${tensor.shape.join(", ")}], but the array for it is not`,
    );
}
