/** @file What the evaluator of preparations does with whole arrays, in loops that are fast enough for large weights. */
import { InternalError, invariant } from "../source/internal-error.ts";
import { elements, stridesOf, type NdArray, type NumberArray } from "./ndarray.ts";
import { productOf, sumOf } from "./prepare-functions.ts";
import type { PrepareOp } from "./prepare.ts";

type Scan = PrepareOp & { readonly op: "scan" };

/** The elements of an array from `offset` on, `steps[i]` apart along axis `i` of the result. */
export function strided(
  { dtype, data }: NdArray,
  shape: readonly number[],
  steps: readonly number[],
  offset = 0,
): NdArray {
  const made = new Float64Array(elements(shape));
  const last = shape.length - 1;
  const [width, step] = last < 0 ? [1, 0] : [shape[last]!, steps[last]!];
  const index = new Int32Array(Math.max(last, 0));
  let from = offset;
  for (let at = 0; at < made.length; at += width) {
    for (let i = 0; i < width; i++) made[at + i] = data[from + i * step]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * steps[axis]!;
      index[axis] = 0;
    }
  }
  return { dtype, shape, data: made };
}

export function transposed(of: NdArray, permutation: readonly number[]): NdArray {
  const sorted = permutation.toSorted((a, b) => a - b);
  invariant(
    sorted.length === of.shape.length && sorted.every((from, i) => from === i),
    `[${permutation.join()}] does not permute rank ${of.shape.length}`,
  );
  const strides = stridesOf(of.shape);
  return strided(
    of,
    permutation.map((from) => of.shape[from]!),
    permutation.map((from) => strides[from]!),
  );
}

/** NumPy's broadcasting: shapes are aligned at their last positions; a size of 1, or a missing one, fits any size. */
export function broadcastTo(of: NdArray, shape: readonly number[]): NdArray {
  if (of.shape.length === shape.length && of.shape.every((size, i) => size === shape[i])) return of;
  const skip = shape.length - of.shape.length;
  const strides = stridesOf(of.shape);
  const steps = shape.map((size, i) => {
    const own = of.shape[i - skip] ?? 1;
    invariant(skip >= 0 && (own === size || own === 1), `cannot broadcast [${of.shape.join()}] to [${shape.join()}]`);
    return own === 1 ? 0 : strides[i - skip]!;
  });
  return strided(of, shape, steps);
}

/** The shape to which all these broadcast. */
export function commonShape(shapes: readonly (readonly number[])[]): readonly number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, i) => {
    const sizes = shapes.map((shape) => shape[i - rank + shape.length] ?? 1);
    return sizes.find((size) => size !== 1) ?? 1;
  });
}

export function concatenated(parts: readonly NdArray[], axis: number): NdArray {
  const [first] = parts;
  if (first === undefined) throw new InternalError("nothing to concatenate");
  const fits = (part: NdArray) =>
    part.shape.length === first.shape.length && part.shape.every((size, i) => i === axis || size === first.shape[i]);
  invariant(axis < first.shape.length && parts.every(fits), `shapes differ beside axis ${axis}`);
  const size = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const shape = first.shape.with(axis, size);
  const data = new Float64Array(elements(shape));
  const blocks = parts.map((part) => elements(part.shape.slice(axis)));
  let position = 0;
  for (let outer = 0; outer < elements(shape.slice(0, axis)); outer++)
    parts.forEach((part, i) => {
      data.set(part.data.subarray(outer * blocks[i]!, (outer + 1) * blocks[i]!), position);
      position += blocks[i]!;
    });
  return { dtype: first.dtype, shape, data };
}

export function sliced(of: NdArray, begin: readonly number[], size: readonly number[]): NdArray {
  const inside = of.shape.every((all, i) => begin[i]! >= 0 && size[i]! >= 0 && begin[i]! + size[i]! <= all);
  invariant(
    begin.length === of.shape.length && size.length === of.shape.length && inside,
    `slice of ${size.join()} at ${begin.join()} is outside [${of.shape.join()}]`,
  );
  const strides = stridesOf(of.shape);
  const offset = begin.reduce((sum, at, i) => sum + at * strides[i]!, 0);
  return strided(of, size, strides, offset);
}

export function reversed(of: NdArray, axes: readonly number[]): NdArray {
  const strides = stridesOf(of.shape);
  const offset = axes.reduce((sum, axis) => sum + (of.shape[axis]! - 1) * strides[axis]!, 0);
  return strided(
    of,
    of.shape,
    strides.map((stride, i) => (axes.includes(i) ? -stride : stride)),
    offset,
  );
}

export function gathered(of: NdArray, indices: NdArray, axis: number): NdArray {
  const inner = elements(of.shape.slice(axis + 1));
  const size = of.shape[axis]!;
  const outer = elements(of.shape.slice(0, axis));
  const shape = of.shape.toSpliced(axis, 1, ...indices.shape);
  const data = new Float64Array(elements(shape));
  let at = 0;
  for (let block = 0; block < outer; block++)
    for (const index of indices.data) {
      invariant(index >= 0 && index < size, `the index ${index} is outside of ${size}`);
      const start = (block * size + index) * inner;
      data.set(of.data.subarray(start, start + inner), at);
      at += inner;
    }
  return { dtype: of.dtype, shape, data };
}

/** Rows of all elements along some axes, each made one number. */
export function reduced(
  of: NdArray,
  axes: readonly number[],
  keepdims: boolean,
  fold: (data: NumberArray, start: number, end: number) => number,
): NdArray {
  const kept = of.shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const rows = transposed(of, [...kept, ...axes]);
  const width = elements(axes.map((i) => of.shape[i]!));
  const shape = keepdims ? of.shape.map((size, i) => (axes.includes(i) ? 1 : size)) : kept.map((i) => of.shape[i]!);
  const data = new Float64Array(elements(shape));
  for (let i = 0; i < data.length; i++) data[i] = fold(rows.data, i * width, (i + 1) * width);
  return { dtype: of.dtype, shape, data };
}

/** Sums or products of every element and those before it along an axis. */
export function scanned(of: NdArray, { function: name, axis, reverse, exclusive }: Scan): NdArray {
  const size = of.shape[axis]!;
  const step = elements(of.shape.slice(axis + 1));
  const data = new Float64Array(of.data.length);
  const combine = (name === "sum" ? sumOf : productOf)(of.dtype);
  for (let block = 0; block < data.length; block += size * step)
    for (let inner = block; inner < block + step; inner++) {
      let total = name === "sum" ? 0 : 1;
      for (let i = 0; i < size; i++) {
        const at = inner + (reverse ? size - 1 - i : i) * step;
        const next = combine(total, of.data[at]!);
        data[at] = exclusive ? total : next;
        total = next;
      }
    }
  return { dtype: of.dtype, shape: of.shape, data };
}

/** Along the last axis. */
export function softmaxed(of: NdArray): NdArray {
  const width = of.shape.at(-1)!;
  const data = new Float64Array(of.data.length);
  for (let start = 0; start < data.length; start += width) {
    let [largest, total] = [-Infinity, 0];
    for (let i = start; i < start + width; i++) largest = Math.max(largest, of.data[i]!);
    for (let i = start; i < start + width; i++) total += data[i] = Math.exp(of.data[i]! - largest);
    for (let i = start; i < start + width; i++) data[i]! /= total;
  }
  return { dtype: "f32", shape: of.shape, data };
}

/** The block of `b` that stays in the cache while all rows of `a` are multiplied with it. */
const [columnsAtOnce, rowsAtOnce] = [256, 64];

export function product(a: NdArray, b: NdArray): NdArray {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const [inner, n] = b.shape.slice(-2) as [number, number];
  const batch = a.shape.slice(0, -2);
  const alone = b.shape.length === 2;
  invariant(
    k === inner && (alone || (b.shape.length === a.shape.length && batch.every((size, i) => size === b.shape[i]))),
    `no product of [${a.shape.join()}] and [${b.shape.join()}]`,
  );
  const [left, right] = [Float64Array.from(a.data), Float64Array.from(b.data)];
  const data = new Float64Array(elements(batch) * m * n);
  for (let i = 0; i < elements(batch); i++)
    multiply(
      left.subarray(i * m * k, (i + 1) * m * k),
      alone ? right : right.subarray(i * k * n, (i + 1) * k * n),
      data.subarray(i * m * n, (i + 1) * m * n),
      [m, k, n],
    );
  return { dtype: "f32", shape: [...batch, m, n], data };
}

/** c += a b. Four rows of `b` at a time: `c` is read and written a quarter as often. */
function multiply(
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  [m, k, n]: readonly [number, number, number],
): void {
  for (let column = 0; column < n; column += columnsAtOnce) {
    const width = Math.min(columnsAtOnce, n - column);
    for (let first = 0; first < k; first += rowsAtOnce) {
      const end = Math.min(first + rowsAtOnce, k);
      for (let i = 0; i < m; i++) {
        const at = i * n + column;
        let l = first;
        for (; l + 3 < end; l += 4) {
          const p = i * k + l;
          const [a0, a1, a2, a3] = [a[p]!, a[p + 1]!, a[p + 2]!, a[p + 3]!];
          const b0 = l * n + column;
          const [b1, b2, b3] = [b0 + n, b0 + 2 * n, b0 + 3 * n];
          for (let j = 0; j < width; j++)
            c[at + j]! += a0 * b[b0 + j]! + a1 * b[b1 + j]! + a2 * b[b2 + j]! + a3 * b[b3 + j]!;
        }
        for (; l < end; l++) {
          const factor = a[i * k + l]!;
          for (let j = 0; j < width; j++) c[at + j]! += factor * b[l * n + column + j]!;
        }
      }
    }
  }
}
