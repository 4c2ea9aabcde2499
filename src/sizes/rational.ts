/** @file Exact fractions of BigInts, and integer divisions that round down. */

/** n/d in lowest terms, d > 0. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

export const abs = (n: bigint): bigint => (n < 0n ? -n : n);

/** Returns the greatest common divisor, ≥ 0; gcd(0, 0) = 0. */
export function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [abs(a), abs(b)];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

export const lcm = (a: bigint, b: bigint): bigint => (a === 0n || b === 0n ? 0n : abs(a / gcd(a, b)) * abs(b));

/** ⌊a / b⌋ for b ≠ 0. */
export function floorDiv(a: bigint, b: bigint): bigint {
  const q = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? q - 1n : q;
}

/** a − b·⌊a / b⌋, in [0, b) for b > 0. */
export const floorMod = (a: bigint, b: bigint): bigint => a - b * floorDiv(a, b);

export const ceilDiv = (a: bigint, b: bigint): bigint => -floorDiv(-a, b);

/** n/d for d ≠ 0. */
export function ratio(n: bigint, d = 1n): Rational {
  if (d === 1n) return { n, d };
  const g = d < 0n ? -gcd(n, d) : gcd(n, d);
  return { n: n / g, d: d / g };
}

export const plus = (a: Rational, b: Rational): Rational => ratio(a.n * b.d + b.n * a.d, a.d * b.d);
export const times = (a: Rational, b: Rational): Rational => ratio(a.n * b.n, a.d * b.d);
export const over = (a: Rational, b: Rational): Rational => ratio(a.n * b.d, a.d * b.n);
export const minus = (a: Rational, b: Rational): Rational => ratio(a.n * b.d - b.n * a.d, a.d * b.d);
export const less = (a: Rational, b: Rational): boolean => a.n * b.d < b.n * a.d;
export const floorOf = (a: Rational): bigint => floorDiv(a.n, a.d);
/** Returns the generator, ≥ 0, of all integer combinations of a and b. */
export const commonMeasure = (a: Rational, b: Rational): Rational => ratio(gcd(a.n * b.d, b.n * a.d), a.d * b.d);
