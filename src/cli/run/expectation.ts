/** @file Compares a result with what it should be. */
import type { NdArray } from "../../contract/ndarray.ts";

/** Where two arrays of one shape differ most. */
export interface Difference {
  readonly index: readonly number[];
  readonly got: number;
  readonly want: number;
  /** |got - want|; NaN where one of them is. */
  readonly difference: number;
  /** Whether no element differs by more than is allowed. */
  readonly within: boolean;
}

/**
 * The element whose |got - want| / max(1, |want|) is largest; it may be `tolerance` at most. Integers and truth values must be
 * equal. A NaN is equal to nothing, since it is not what a person expects; an infinity is equal to itself. Undefined for empty arrays.
 */
export function largestDifference(got: NdArray, want: NdArray, tolerance: number): Difference | undefined {
  const allowed = want.dtype === "f32" ? tolerance : 0;
  let [worst, at] = [-1, -1];
  for (let i = 0; i < got.data.length; i++) {
    const error = relative(got.data[i]!, want.data[i]!);
    // What is not a number is worse than any number.
    if (!(error <= worst)) [worst, at] = [Number.isNaN(error) ? Infinity : error, i];
    if (worst === Infinity) break;
  }
  if (at < 0) return undefined;
  const [a, b] = [got.data[at]!, want.data[at]!];
  return { index: indexOf(at, got.shape), got: a, want: b, difference: distance(a, b), within: worst <= allowed };
}

const distance = (got: number, want: number): number => (got === want ? 0 : Math.abs(got - want));
const relative = (got: number, want: number): number =>
  got === want ? 0 : distance(got, want) / Math.max(1, Math.abs(want));

/** The index of an element from its position in row-major order. */
function indexOf(flat: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = flat;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}
