/** @file Arrays over named axes: parts, other orders, functions of elements, differences. */
import { arrange, generate, named, stridesOf, type NamedArray } from "../../src/contract/ndarray.ts";
import type { Axis } from "../../src/ir/type.ts";
import { difference } from "./arrays.ts";

/** Nothing may differ by more, relative to elements of at least 1. Errors of rounding are smaller, wrong claims differ more. */
export const tolerance = 1e-12;

/** Whether an array has an axis. */
export const has = (array: NamedArray, axis: Axis): boolean => array.axes.includes(axis);

/** Returns the size of an axis. */
export const sizeOf = (array: NamedArray, axis: Axis): number => array.shape[array.axes.indexOf(axis)]!;

/** Keeps these elements of an axis, in this order. */
export function taken(array: NamedArray, axis: Axis, places: readonly number[]): NamedArray {
  const at = array.axes.indexOf(axis);
  const strides = stridesOf(array.shape);
  const read = (index: readonly number[]) =>
    array.data[index.reduce((sum, i, j) => sum + (j === at ? places[i]! : i) * strides[j]!, 0)]!;
  return named(generate(array.dtype, array.shape.with(at, places.length), read), array.axes);
}

/** Drops an axis of size 1. */
export function without(array: NamedArray, axis: Axis): NamedArray {
  const kept = [...array.axes.keys()].filter((i) => array.axes[i] !== axis);
  return { ...array, axes: kept.map((i) => array.axes[i]!), shape: kept.map((i) => array.shape[i]!) };
}

/** Joins two arrays along a new axis. */
export function joined(axis: Axis, a: NamedArray, b: NamedArray): NamedArray {
  const data = Float64Array.from([...a.data, ...arrange(b, a.axes).data]);
  return { ...a, axes: [axis, ...a.axes], shape: [2, ...a.shape], data };
}

/** Applies a function to elements at the same places. */
export function mapped(of: (...elements: number[]) => number, ...arrays: NamedArray[]): NamedArray {
  const [first, ...others] = arrays.map((array) => arrange(array, arrays[0]!.axes));
  const data = Float64Array.from(first!.data, (x, i) => of(x, ...others.map((other) => other.data[i]!)));
  return { ...first!, data };
}

/** Describes where results differ; undefined if they do not. */
export function differenceOf(
  got: readonly NamedArray[],
  want: readonly NamedArray[],
  allowed = tolerance,
): string | undefined {
  if (got.length !== want.length) return "the operator refuses that";
  const found = want.map((array, i) => difference(arrange(got[i]!, array.axes), array, allowed));
  return found.find((text) => text !== undefined);
}

/** Returns all places in another order, each of them elsewhere. */
export function shuffled(count: number, random: () => number): number[] {
  const places = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * i);
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  return places;
}

/** Replaces the elements at one place of an axis by those of another array. */
export function withPlace(array: NamedArray, other: NamedArray, axis: Axis, place: number): NamedArray {
  const at = array.axes.indexOf(axis);
  const strides = stridesOf(array.shape);
  const read = (index: readonly number[]) => {
    const flat = index.reduce((sum, i, j) => sum + i * strides[j]!, 0);
    return (index[at] === place ? other : array).data[flat]!;
  };
  return named(generate(array.dtype, array.shape, read), array.axes);
}
