/** @file Access to arrays over named axes for reference implementations: by an index over other axes, or in a given order. */
import {
  arrange,
  elements,
  named,
  stridesOf,
  type DType,
  type NamedArray,
  type NumberArray,
} from "../../contract/ndarray.ts";
import type { Axis } from "../../ir/type.ts";
import { InternalError } from "../../source/internal-error.ts";

/** Reads the element at an index over `axes`. Ignores axes that the array lacks, so the array broadcasts. */
export function reader(array: NamedArray, axes: readonly Axis[]): (index: readonly number[]) => number {
  const { data } = array;
  const strides = stridesOf(array.shape);
  const steps = axes.map((axis) => strides[array.axes.indexOf(axis)] ?? 0);
  return (index) => {
    let flat = 0;
    for (let i = 0; i < steps.length; i++) flat += index[i]! * steps[i]!;
    return data[flat]!;
  };
}

/** An array as a matrix. Some axes are the columns, in a given order; all others are the rows, in their own order. */
export interface Rows {
  readonly data: NumberArray;
  /** The axes of the rows. */
  readonly axes: readonly Axis[];
  readonly count: number;
  readonly width: number;
}

export function rows(array: NamedArray, axes: readonly Axis[]): Rows {
  const others = array.axes.filter((axis) => !axes.includes(axis));
  const arranged = arrange(array, [...others, ...axes]);
  const count = elements(arranged.shape.slice(0, others.length));
  return { data: arranged.data, axes: others, count, width: arranged.data.length / count };
}

/** Axes and their sizes: an array, or a result as `type` computed it. */
type Shaped = Pick<NamedArray, "axes" | "shape">;

export function sizeOf({ axes, shape }: Shaped, axis: Axis): number {
  const size = shape[axes.indexOf(axis)];
  if (size === undefined) throw new InternalError(`an array over ${axes.join()} has no axis ${axis}`);
  return size;
}

/** Returns height and width over one or two spatial axes; a missing height is 1. */
export function extent(array: Shaped, spatial: readonly Axis[]): readonly [number, number] {
  const [width, height = 1] = spatial.map((axis) => sizeOf(array, axis)).reverse();
  return [height, width!];
}

/** Returns depth, height and width over one to three spatial axes; missing ones are 1. */
export function volumeExtent(array: Shaped, spatial: readonly Axis[]): readonly [number, number, number] {
  const [width, height = 1, depth = 1] = spatial.map((axis) => sizeOf(array, axis)).reverse();
  return [depth, height, width!];
}

/** Makes a result from data in this order of axes. */
export function made(data: Float64Array, axes: readonly Axis[], result: Shaped, dtype: DType = "f32"): NamedArray {
  const shape = axes.map((axis) => sizeOf(result, axis));
  return named({ dtype, shape, data }, axes);
}

/** Multiplies matrices a [batch, rows, inner] by the transposes of b [batch, columns, inner]. `count` gets the MACs. */
export function matrixProduct(
  a: NumberArray,
  b: NumberArray,
  size: { readonly batch: number; readonly rows: number; readonly columns: number; readonly inner: number },
  count: (macs: number) => void,
): Float64Array {
  const { batch, rows, columns, inner } = size;
  const data = new Float64Array(batch * rows * columns);
  let [at, macs] = [0, 0];
  for (let matrix = 0; matrix < batch; matrix++)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const [startA, startB] = [(matrix * rows + row) * inner, (matrix * columns + column) * inner];
        let sum = 0;
        for (let i = 0; i < inner; i++, macs++) sum += a[startA + i]! * b[startB + i]!;
        data[at++] = sum;
      }
  count(macs);
  return data;
}
