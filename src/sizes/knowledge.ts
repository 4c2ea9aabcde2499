/** @file The facts about sizes at one point, in the form that proofs use, and a cache of what was derived from them. */
import type { SizePool } from "./pool.ts";
import type { Rational } from "./rational.ts";
import type { Atom, Size, SizeVar } from "./size.ts";

export interface Range {
  readonly lo: bigint;
  readonly hi: bigint | undefined;
}

/** A lower bound. If strict, the value itself is not reached. */
export interface Bound {
  readonly value: Rational;
  readonly strict: boolean;
}

/** Facts in normal form under the solved equalities. The right-hand sides of these do not mention solved variables. */
export interface Known {
  readonly solved: ReadonlyMap<SizeVar, Size>;
  /** Ranges that are narrower than the one the variable was introduced with. */
  readonly ranges: ReadonlyMap<SizeVar, Range>;
  /** Polynomials that are 0. */
  readonly zero: readonly Size[];
  /** Expressions that are ≥ 0. */
  readonly nonNegative: readonly Size[];
  /** Polynomials that are not 0. */
  readonly nonZero: readonly Size[];
  /** Fractions that are integers, each without the part that always is one. */
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
