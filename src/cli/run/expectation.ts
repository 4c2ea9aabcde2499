/** @file Compares a result with the expected one. */
import { indexOf, type NdArray } from "../../contract/ndarray.ts";

/** The largest difference between two arrays of one shape. */
export interface Difference {
  readonly index: readonly number[];
  readonly got: number;
  readonly want: number;
  /** got - want|; NaN if one of them is. */
  readonly difference: number;
  /** Whether no element differs by more than is allowed. */
  readonly within: boolean;
}

/**
 * Finds the element with the largest |got - want| / max(1, |want|), which may be at most `tolerance`. Integers and
 * bools must be equal. An infinity equals itself, and so does NaN, as in `torch.testing.assert_close(equal_nan=True)`.
 * Undefined for empty arrays.
 */
export function largestDifference(got: NdArray, want: NdArray, tolerance: number): Difference | undefined {
  const allowed = want.dtype === "f32" ? tolerance : 0;
  let [worst, at] = [-1, -1];
  for (let i = 0; i < got.data.length; i++) {
    const error = relative(got.data[i]!, want.data[i]!);
    // NaN is worse than any number.
    if (!(error <= worst)) [worst, at] = [Number.isNaN(error) ? Infinity : error, i];
    if (worst === Infinity) break;
  }
  if (at < 0) return undefined;
  const [a, b] = [got.data[at]!, want.data[at]!];
  return { index: indexOf(at, got.shape), got: a, want: b, difference: distance(a, b), within: worst <= allowed };
}

const isSame = (got: number, want: number): boolean => got === want || (Number.isNaN(got) && Number.isNaN(want));
const distance = (got: number, want: number): number => (isSame(got, want) ? 0 : Math.abs(got - want));
const relative = (got: number, want: number): number =>
  isSame(got, want) ? 0 : distance(got, want) / Math.max(1, Math.abs(want));
