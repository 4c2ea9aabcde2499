/** @file Whether int32 can hold the numbers that a run-time size is computed from. */
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";

/** An upper bound for an axis of an input: f32 elements of a gibibyte. */
const longest = 2n ** 28n;
const limit = 2n ** 31n;

interface Bound {
  /** An upper bound for the absolute value. */
  readonly most: bigint;
  /** Whether a number on the way may be too large. */
  readonly beyond: boolean;
  /** Whether an operand of a quotient may be. What wraps around elsewhere is right again if the result fits. */
  readonly beyondInQuotient: boolean;
}

const bounded = (most: bigint, operands: readonly Bound[]): Bound => ({
  most,
  beyond: most >= limit || operands.some(({ beyond }) => beyond),
  beyondInQuotient: operands.some(({ beyondInQuotient }) => beyondInQuotient),
});

/** Returns where int32 may be too small for a size. */
export function boundsOf(sizes: Sizes, size: Size): Omit<Bound, "most"> {
  const sum = (a: Bound, b: Bound): Bound => bounded(a.most + b.most, [a, b]);
  const quotient = (a: Bound, b: Bound): Bound => {
    const made = bounded(a.most + 1n, [a, b]);
    return { ...made, beyondInQuotient: made.beyondInQuotient || a.beyond || b.beyond };
  };
  return sizes.fold<Bound>(size, {
    int: (n) => bounded(n < 0n ? -n : n, []),
    variable: () => bounded(longest, []),
    add: sum,
    sub: sum,
    mul: (a, b) => bounded(a.most * b.most, [a, b]),
    divide: quotient,
    floor: quotient,
    ceil: quotient,
  });
}
