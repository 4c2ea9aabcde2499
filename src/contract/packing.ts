/** @file The form in which compiled code reads weights, as data: which elements of them go where. */
import { elements, type NdArray } from "./ndarray.ts";

/** Nested loops over elements of one tensor. Strides and offsets count elements. */
export interface Move {
  /** The index of the tensor among those that are packed together. */
  readonly operand: number;
  /** The first element, and its place. */
  readonly from: number;
  readonly to: number;
  /** The outermost loop first. */
  readonly axes: readonly MovedAxis[];
}

export interface MovedAxis {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** Returns `length` numbers, 0 where nothing is moved to. */
export function packed(arrays: readonly NdArray[], length: number, moves: readonly Move[]): Float32Array | Int32Array {
  const out = arrays[0]?.dtype === "f32" ? new Float32Array(length) : new Int32Array(length);
  for (const { operand, from, to, axes } of moves) move(arrays[operand]!.data, out, from, to, axes);
  return out;
}

function move(
  source: NdArray["data"],
  target: NdArray["data"],
  from: number,
  to: number,
  [axis, ...inner]: readonly MovedAxis[],
): void {
  if (axis === undefined) target[to] = source[from]!;
  else if (inner.length > 0)
    for (let i = 0; i < axis.size; i++) move(source, target, from + i * axis.from, to + i * axis.to, inner);
  else for (let i = 0; i < axis.size; i++) target[to + i * axis.to] = source[from + i * axis.from]!;
}

/** Moves a tensor as it is. */
export const unchanged = (shape: readonly number[]): Move => ({
  operand: 0,
  from: 0,
  to: 0,
  axes: [{ size: elements(shape), from: 1, to: 1 }],
});
