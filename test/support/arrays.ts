/** @file Random arrays, and differences between arrays. */
import { generate, type DType, type NdArray } from "../../src/contract/ndarray.ts";

/** Returns numbers in [0, 1), always the same for one seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Source {
  /** Elements are drawn uniformly from this range … */
  readonly range?: readonly [number, number];
  /** … or from these values. */
  readonly values?: readonly number[];
}

/** Returns an array of values that its dtype can hold: float32 numbers, integers, zeros and ones. */
export function randomArray(
  random: () => number,
  dtype: DType,
  shape: readonly number[],
  { range: [from, to] = [-3, 3], values }: Source = {},
): NdArray {
  return generate(dtype, shape, () => {
    if (dtype === "bool") return random() < 0.5 ? 0 : 1;
    const value = values === undefined ? from + random() * (to - from) : values[Math.floor(random() * values.length)]!;
    return dtype === "f32" ? Math.fround(value) : Math.round(value);
  });
}

/** How far a result may be from a wanted number: relative to max(1, |want|), or as a function of that number. */
export type Tolerance = number | ((want: number) => number);

/**
 * Describes where `got` differs from `want` by more than `tolerance`; undefined if it does not. Integers, infinities and NaN must
 * be the same, and for a tolerance of 0 the bits of float32 numbers.
 */
export function difference(got: NdArray, want: NdArray, tolerance: Tolerance): string | undefined {
  const allowed =
    typeof tolerance === "function" ? tolerance : (want: number) => tolerance * Math.max(1, Math.abs(want));
  const type = ({ dtype, shape }: NdArray): string => `${dtype}[${shape.join(", ")}]`;
  if (type(got) !== type(want)) return `${type(got)} instead of ${type(want)}`;
  const agree = (a: number, b: number): boolean => {
    if (want.dtype !== "f32") return a === b;
    if (tolerance === 0) return Object.is(Math.fround(a), Math.fround(b));
    return a === b || Math.abs(a - b) <= allowed(b) || (Number.isNaN(a) && Number.isNaN(b));
  };
  const at = want.data.findIndex((value, i) => !agree(got.data[i]!, value));
  return at < 0 ? undefined : `${got.data[at]} instead of ${want.data[at]} at ${at} of ${type(want)}`;
}
