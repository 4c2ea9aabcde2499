/** @file Arrays that TensorFlow can use without copying. */
import type * as tf from "@tensorflow/tfjs-core";
import { elements, typedArrays, type DType } from "../../../contract/ndarray.ts";
import { dataTypes } from "../../../protobuf/tensorflow.ts";
import { emptyArray, type TypedArray } from "../../typed-arrays.ts";
import { nativeBackend, type Binding } from "./binding.ts";

/** The alignment that TensorFlow requires, in bytes. */
const alignment = 64;
/** Offsets to try, because arrays are aligned only to 16 bytes. Most likely first: large arrays begin 16 bytes after a boundary. */
const offsets = [48, 0, 16, 32];

/**
 * Creates an array of zeros for a tensor. On the tensorflow backend it begins on a 64-byte boundary, so `runArrays` does not
 * copy it. On other backends it is a plain array.
 */
export function alignedArray(dtype: "f32", shape: readonly number[]): Float32Array;
export function alignedArray(dtype: "i32", shape: readonly number[]): Int32Array;
export function alignedArray(dtype: "bool", shape: readonly number[]): Uint8Array;
export function alignedArray(dtype: DType, shape: readonly number[]): TypedArray;
export function alignedArray(dtype: DType, shape: readonly number[]): TypedArray {
  const backend = nativeBackend();
  const plain = emptyArray(dtype, shape);
  if (backend === undefined || isAligned(backend.binding, plain)) return plain;
  const buffer = new ArrayBuffer(plain.byteLength + alignment);
  const views = offsets.map((offset) => new typedArrays[dtype](buffer, offset, elements(shape)));
  return views.find((view) => isAligned(backend.binding, view)) ?? plain;
}

/** The minimum number of bytes. Copying fewer through a new array is faster than calling two operations. */
const worthwhile = 400_000;

/** Copies a tensor of the tensorflow backend directly into an aligned array. */
export function copyInto(tensor: tf.Tensor, array: TypedArray): boolean {
  const backend = nativeBackend();
  if (backend === undefined || array.byteLength < worthwhile) return false;
  const { binding } = backend;
  if (binding.isUsingGpuDevice() || !isAligned(binding, array)) return false;
  const dtype = dtypeOf(array);
  const type = (name: string, value: number) => ({ name, type: binding.TF_ATTR_TYPE, value });
  const held: number[] = [];
  const hold = (id: number): number => {
    held.push(id);
    return id;
  };
  const run = (op: string, attributes: ReturnType<typeof type>[], inputs: number[]) =>
    hold(binding.executeOp(op, attributes, inputs, 1)[0]!.id);
  try {
    // Replaces the only row of a matrix that shares the array's memory: the kernel copies the tensor into it.
    const row = [1, array.length];
    const [source] = backend.getInputTensorIds([tensor]);
    const shape = hold(binding.createTensor([2], dataTypes.i32, Int32Array.from(row)));
    const index = hold(binding.createTensor([1], dataTypes.i32, Int32Array.of(0)));
    const reshaped = run("Reshape", [type("T", dtype), type("Tshape", dataTypes.i32)], [source!, shape]);
    const target = hold(binding.createTensor(row, dtype, array));
    run("InplaceUpdate", [type("T", dtype)], [target, index, reshaped]);
    return true;
  } finally {
    held.forEach((id) => binding.deleteTensor(id));
  }
}

/** Whether TensorFlow would share the array's memory. Tries it with the first element. */
function isAligned(binding: Binding, array: TypedArray): boolean {
  const [before] = array;
  if (before === undefined) return false;
  const id = binding.createTensor([1], dtypeOf(array), array.subarray(0, 1));
  array[0] = before === 0 ? 1 : 0;
  const isShared = binding.tensorDataSync(id)[0] === array[0];
  array[0] = before;
  binding.deleteTensor(id);
  return isShared;
}

function dtypeOf(array: TypedArray): number {
  if (array instanceof Float32Array) return dataTypes.f32;
  return array instanceof Int32Array ? dataTypes.i32 : dataTypes.bool;
}
