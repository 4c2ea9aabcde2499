/** @file What is known about sizes at one point, in the form in which it is used; and the memory of what was derived from it. */
import type { SizePool } from "./pool.ts";
import type { Rational } from "./rational.ts";
import type { Atom, Size, SizeVar } from "./size.ts";

export interface Range {
  readonly lo: bigint;
  readonly hi: bigint | undefined;
}

/** A bound from below; strict: the value itself is not reached. */
export interface Bound {
  readonly value: Rational;
  readonly strict: boolean;
}

/** Everything is in normal form under the solved equalities, which no longer mention what they solve. */
export interface Known {
  readonly solved: ReadonlyMap<SizeVar, Size>;
  /** Where they are narrower than what the variable was introduced with. */
  readonly ranges: ReadonlyMap<SizeVar, Range>;
  /** Polynomials that are 0. */
  readonly zero: readonly Size[];
  /** Expressions that are ≥ 0. */
  readonly nonNegative: readonly Size[];
  /** Polynomials that are not 0. */
  readonly nonZero: readonly Size[];
  /** Fractions that are integers, each without the part that is one anyway. */
  readonly integer: readonly Size[];
}

export const NOTHING: Known = {
  solved: new Map(),
  ranges: new Map(),
  zero: [],
  nonNegative: [],
  nonZero: [],
  integer: [],
};

export class Knowledge {
  readonly pool: SizePool;
  readonly known: Known;
  readonly bounds = new Map<string, Bound | undefined>();
  readonly measures = new Map<string, Rational | undefined>();
  readonly floors = new Map<Size, Size>();
  readonly rewritten = new Map<Atom, Size>();

  constructor(pool: SizePool, known: Known) {
    this.pool = pool;
    this.known = known;
  }

  range(v: SizeVar): Range {
    return this.known.ranges.get(v) ?? { lo: v.lower, hi: undefined };
  }
}
