/** @file Dense arrays of numbers, row-major: positional ones for files and primitives, named ones for operators. */

/** Backends compute `f32` in float32, the reference interpreter in float64. `bool` is stored as 0 or 1. */
export type DType = "f32" | "i32" | "bool";

/** The arrays that hold the elements of each dtype at run time. Files use the same widths. */
export const typedArrays = { f32: Float32Array, i32: Int32Array, bool: Uint8Array } as const satisfies Record<
  DType,
  unknown
>;

/** The name of each dtype in TensorFlow.js and ONNX Runtime. */
export const dtypeNames = { f32: "float32", i32: "int32", bool: "bool" } as const satisfies Record<DType, string>;

/** Whether an i32 can hold the number. */
export const isI32 = (value: number): boolean => value === (value | 0);

export type NumberArray = Float64Array | Float32Array | Int32Array | Uint8Array;

/** A positional array. The length of `data` is the product of `shape`. */
export interface NdArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: NumberArray;
}

/** An array over named axes; `axes` names the positions of `shape`. */
export interface NamedArray extends NdArray {
  readonly axes: readonly string[];
}

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Returns row-major strides, in elements. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** Returns the index of an element from its position in row-major order. */
export function indexOf(flat: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = flat;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}

/** Makes an array filled by `value(index)`. `index` is reused between calls. */
export function generate(
  dtype: DType,
  shape: readonly number[],
  value: (index: readonly number[], flat: number) => number,
): NdArray & { readonly data: Float64Array } {
  const data = new Float64Array(elements(shape));
  const index = shape.map(() => 0);
  for (let flat = 0; flat < data.length; flat++) {
    data[flat] = value(index, flat);
    for (let i = shape.length - 1; i >= 0; i--) {
      if (++index[i]! < shape[i]!) break;
      index[i] = 0;
    }
  }
  return { dtype, shape, data };
}

/** Transposes an array: position `i` of the result is position `permutation[i]` of the array. */
export function transpose(array: NdArray, permutation: readonly number[]): NdArray {
  if (permutation.every((from, to) => from === to)) return array;
  const strides = stridesOf(array.shape);
  const steps = permutation.map((from) => strides[from]!);
  return generate(
    array.dtype,
    permutation.map((from) => array.shape[from]!),
    (index) => {
      let flat = 0;
      for (let i = 0; i < index.length; i++) flat += index[i]! * steps[i]!;
      return array.data[flat]!;
    },
  );
}

/** Returns the array with its axes in the given order. */
export function arrange(array: NamedArray, axes: readonly string[]): NamedArray {
  const permutation = axes.map((axis) => array.axes.indexOf(axis));
  return { ...transpose(array, permutation), axes };
}

export function named(array: NdArray, axes: readonly string[]): NamedArray {
  return { ...array, axes };
}
