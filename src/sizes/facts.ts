/** @file The facts about sizes in one world, and what follows from them. */
import { contentOf, divide, split, sub } from "./arithmetic.ts";
import { attempt, floorUpper, lowerBound, lowerInteger, upperInteger } from "./bounds.ts";
import { findExample, type Example } from "./counterexample.ts";
import { isInteger, isNeverInteger, isNeverZero } from "./integrality.ts";
import { Knowledge } from "./knowledge.ts";
import { isMultiple, learn, reduced, type Statement } from "./learn.ts";
import type { Relation } from "./relation.ts";
import { reflected, rewrite } from "./rewrite.ts";
import type { Size } from "./size.ts";
import type { Sizes } from "./sizes.ts";

export type { Example } from "./counterexample.ts";

/**
 * Whether a relation holds. "yes" means always, "no" means never, and "unknown" means that it depends or cannot be decided.
 * `example` refutes the relation. It is computed on first read; undefined if no small one was found.
 */
export interface Answer {
  readonly verdict: "yes" | "no" | "unknown";
  readonly example?: Example | undefined;
}

type Verdict = Answer["verdict"];

const OPPOSITE = { yes: "no", no: "yes", unknown: "unknown" } as const;

/**
 * An immutable set of facts. `add` returns a new object, or "impossible" if provably no assignment satisfies the facts.
 * Anything too large to derive stays unknown; only `apply` throws `SizeTooLarge`.
 */
export class Facts {
  readonly #sizes: Sizes;
  readonly #world: Knowledge;
  readonly #stated: readonly Relation[];

  constructor(sizes: Sizes, world: Knowledge = sizes.nothing, stated: readonly Relation[] = []) {
    this.#sizes = sizes;
    this.#world = world;
    this.#stated = stated;
  }

  /** Returns these facts and the relation. */
  add(relation: Relation): Facts | "impossible" {
    const { pool } = this.#sizes;
    const known = attempt(() => learn(pool, this.#world.known, this.#statements(relation)));
    if (known === "impossible") return known;
    const world = known === undefined ? this.#world : new Knowledge(pool, known);
    return new Facts(this.#sizes, world, [...this.#stated, relation]);
  }

  decide(relation: Relation): Answer {
    const verdict = attempt(() => this.#verdict(relation)) ?? "unknown";
    if (verdict === "yes") return { verdict };
    const search = { sizes: this.#sizes, world: this.#world, stated: this.#stated, refuted: relation };
    let found: { readonly example: Example | undefined } | undefined;
    return {
      verdict,
      get example() {
        return (found ??= { example: findExample(search) }).example;
      },
    };
  }

  /** Returns the normal form under the solved equalities and the divisibilities. */
  apply(s: Size): Size {
    return rewrite(this.#world, s);
  }

  /** Returns a lower bound of `s` in this world; undefined if none is known. */
  lower(s: Size): bigint | undefined {
    return attempt(() => lowerInteger(this.#world, this.apply(s)));
  }

  /** Splits a relation into statements about one expression each. */
  #statements({ op, a, b }: Relation): Statement[] {
    const { pool } = this.#sizes;
    if (op === "==") return [{ kind: "zero", of: this.#difference(a, b) }];
    if (op === "!=") return [{ kind: "nonZero", of: this.#difference(a, b) }];
    if (op === ">=") return [{ kind: "nonNegative", of: this.#difference(a, b) }];
    const quotient: Statement[] = [
      { kind: "nonZero", of: a },
      { kind: "integer", of: divide(pool, b, a) },
    ];
    // A divisor of a positive number is at most that number.
    const isPositive = (this.lower(b) ?? 0n) >= 1n;
    return isPositive ? [...quotient, { kind: "nonNegative", of: sub(pool, b, a) }] : quotient;
  }

  #verdict({ op, a, b }: Relation): Verdict {
    if (op === "==") return this.#areEqual(a, b);
    if (op === "!=") return OPPOSITE[this.#areEqual(a, b)];
    return op === ">=" ? this.#reaches(a, b) : this.#divides(a, b);
  }

  #difference(a: Size, b: Size): Size {
    return this.apply(sub(this.#sizes.pool, a, b));
  }

  #areEqual(a: Size, b: Size): Verdict {
    const world = this.#world;
    const difference = this.#difference(a, b);
    if (this.#isZero(difference)) return "yes";
    const lower = lowerInteger(world, difference);
    if (lower !== undefined && lower > 0n) return "no";
    const upper = upperInteger(world, difference);
    if (upper !== undefined && upper < 0n) return "no";
    const { numerator } = split(world.pool, difference);
    const isApart =
      isNeverZero(world, numerator) ||
      isNeverZero(world, reduced(world, numerator)) ||
      world.known.nonZero.some((f) => isMultiple(world.pool, f, numerator));
    return isApart ? "no" : "unknown";
  }

  #isZero(difference: Size): boolean {
    const world = this.#world;
    const { numerator, denominator } = split(world.pool, difference);
    if (denominator === world.pool.zero) return false;
    const rest = reduced(world, numerator);
    if (rest === world.pool.zero) return true;
    const mirrored = attempt(() => reduced(world, split(world.pool, reflected(world, rest)).numerator));
    return mirrored === world.pool.zero;
  }

  #reaches(a: Size, b: Size): Verdict {
    const difference = this.#difference(a, b);
    const lower = lowerInteger(this.#world, difference);
    if ((lower !== undefined && lower >= 0n) || this.#isZero(difference)) return "yes";
    const upper = upperInteger(this.#world, difference);
    return upper !== undefined && upper < 0n ? "no" : "unknown";
  }

  /** Decides whether q ≠ 0 and q | p. */
  #divides(q: Size, p: Size): Verdict {
    const world = this.#world;
    const { pool } = world;
    const isZero = this.#areEqual(q, pool.zero);
    if (isZero === "yes") return "no";
    const quotient = this.apply(divide(pool, p, q));
    if (isNeverInteger(world, quotient) || this.#isBetweenZeroAndOne(quotient)) return "no";
    const divisor = this.apply(q);
    const isWhole = divisor.over === 1n && divisor.terms.every((t) => t.monomial.whole);
    const content = pool.int(contentOf(divisor));
    if (isWhole && isNeverInteger(world, this.apply(divide(pool, p, content)))) return "no";
    if (isZero === "unknown") return "unknown";
    const { numerator, denominator } = split(pool, quotient);
    const isKnown =
      isInteger(world, quotient) || isInteger(world, divide(pool, reduced(world, numerator), denominator));
    return isKnown ? "yes" : "unknown";
  }

  #isBetweenZeroAndOne(quotient: Size): boolean {
    const lower = lowerBound(this.#world, quotient);
    const isPositive = lower !== undefined && (lower.value.n > 0n || (lower.value.n === 0n && lower.strict));
    return isPositive && floorUpper(this.#world, quotient) === 0n;
  }
}
