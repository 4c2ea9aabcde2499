/** @file What is known about sizes in one world, and what follows from it. */
import { contentOf, divide, split, sub } from "./arithmetic.ts";
import { attempt, floorUpper, lowerBound, lowerInteger, upperInteger } from "./bounds.ts";
import { findExample, type Example, type Stated } from "./counterexample.ts";
import { isInteger, isNeverInteger, isNeverZero } from "./integrality.ts";
import { Knowledge } from "./knowledge.ts";
import { isMultiple, learn, reduced, type Statement } from "./learn.ts";
import { reflected, rewrite } from "./rewrite.ts";
import type { Size } from "./size.ts";
import type { Sizes } from "./sizes.ts";

export type { Example } from "./counterexample.ts";

/** `example` is computed when it is first read; undefined: no small one was found. */
export type Verdict =
  | { readonly kind: "equal" }
  | { readonly kind: "less" | "greater" | "different" | "unknown"; readonly example: Example | undefined };

/** yes: always; no: never; unknown: with an example where it fails. */
export type Answer =
  { readonly kind: "yes" } | { readonly kind: "no" | "unknown"; readonly example: Example | undefined };

type Relation = Verdict["kind"];

/**
 * Immutable; every addition gives a new object, or "impossible" if it is known that no assignment can satisfy it.
 * What would be too large to derive stays unknown; only `apply` throws `SizeTooLarge`.
 */
export class Facts {
  readonly #sizes: Sizes;
  readonly #world: Knowledge;
  readonly #stated: readonly Stated[];

  constructor(sizes: Sizes, world: Knowledge = sizes.nothing, stated: readonly Stated[] = []) {
    this.#sizes = sizes;
    this.#world = world;
    this.#stated = stated;
  }

  /** a = b; solved for a variable where that is possible. */
  equal(a: Size, b: Size): Facts | "impossible" {
    return this.#with({ kind: "equal", a, b }, () => [{ kind: "zero", of: this.#difference(a, b) }]);
  }

  different(a: Size, b: Size): Facts | "impossible" {
    return this.#with({ kind: "different", a, b }, () => [{ kind: "nonZero", of: this.#difference(a, b) }]);
  }

  /** a ≥ b */
  atLeast(a: Size, b: Size): Facts | "impossible" {
    return this.#with({ kind: "atLeast", a, b }, () => [{ kind: "nonNegative", of: this.#difference(a, b) }]);
  }

  /** q ≠ 0 and q | p */
  divides(q: Size, p: Size): Facts | "impossible" {
    const { pool } = this.#sizes;
    if (q === pool.zero) return "impossible";
    return this.#with({ kind: "divides", a: p, b: q }, () => {
      const quotient: Statement[] = [
        { kind: "nonZero", of: q },
        { kind: "integer", of: divide(pool, p, q) },
      ];
      // A divisor of a positive number is not greater than it.
      const isPositive = (this.lower(p) ?? 0n) >= 1n;
      return isPositive ? [...quotient, { kind: "nonNegative", of: sub(pool, p, q) }] : quotient;
    });
  }

  #with(stated: Stated, statements: () => readonly Statement[]): Facts | "impossible" {
    const { pool } = this.#sizes;
    const known = attempt(() => learn(pool, this.#world.known, statements()));
    if (known === "impossible") return known;
    const world = known === undefined ? this.#world : new Knowledge(pool, known);
    return new Facts(this.#sizes, world, [...this.#stated, stated]);
  }

  /** The normal form under the solved equalities and the divisibilities. */
  apply(s: Size): Size {
    return rewrite(this.#world, s);
  }

  /** A lower bound of `s` in this world; undefined: none known. */
  lower(s: Size): bigint | undefined {
    return attempt(() => lowerInteger(this.#world, this.apply(s)));
  }

  compare(a: Size, b: Size): Verdict {
    const relation = attempt(() => this.#relation(a, b)) ?? "unknown";
    if (relation === "equal") return { kind: relation };
    return this.#lazily(relation, a, b, (left, right) => left < right || left > right);
  }

  /** a ≥ b? The example's sides are a and b. */
  isAtLeast(a: Size, b: Size): Answer {
    const kind = attempt(() => this.#reaches(a, b)) ?? "unknown";
    return kind === "yes" ? { kind } : this.#lazily(kind, a, b, (left, right) => left < right);
  }

  /** Is q ≠ 0 and q | p? The example's sides are p and q. */
  isDivisible(p: Size, q: Size): Answer {
    const kind = attempt(() => this.#divisible(p, q)) ?? "unknown";
    if (kind === "yes") return { kind };
    const fails = (left: number, right: number) => (right === 0 ? Math.abs(left) >= 0 : Math.abs(left % right) > 0);
    return this.#lazily(kind, p, q, fails);
  }

  #difference(a: Size, b: Size): Size {
    return this.apply(sub(this.#sizes.pool, a, b));
  }

  #relation(a: Size, b: Size): Relation {
    const world = this.#world;
    const difference = this.#difference(a, b);
    if (this.#isZero(difference)) return "equal";
    const lower = lowerInteger(world, difference);
    if (lower !== undefined && lower > 0n) return "greater";
    const upper = upperInteger(world, difference);
    if (upper !== undefined && upper < 0n) return "less";
    const { numerator } = split(world.pool, difference);
    const isApart =
      isNeverZero(world, numerator) ||
      isNeverZero(world, reduced(world, numerator)) ||
      world.known.nonZero.some((f) => isMultiple(world.pool, f, numerator));
    if (!isApart) return "unknown";
    return lower === 0n ? "greater" : upper === 0n ? "less" : "different";
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

  #reaches(a: Size, b: Size): Answer["kind"] {
    const difference = this.#difference(a, b);
    const lower = lowerInteger(this.#world, difference);
    if ((lower !== undefined && lower >= 0n) || this.#isZero(difference)) return "yes";
    const upper = upperInteger(this.#world, difference);
    return upper !== undefined && upper < 0n ? "no" : "unknown";
  }

  #divisible(p: Size, q: Size): Answer["kind"] {
    const world = this.#world;
    const { pool } = world;
    const relation = this.#relation(q, pool.zero);
    if (relation === "equal") return "no";
    const quotient = this.apply(divide(pool, p, q));
    if (isNeverInteger(world, quotient) || this.#isBetweenZeroAndOne(quotient)) return "no";
    const divisor = this.apply(q);
    const isWhole = divisor.over === 1n && divisor.terms.every((t) => t.monomial.whole);
    const content = pool.int(contentOf(divisor));
    if (isWhole && isNeverInteger(world, this.apply(divide(pool, p, content)))) return "no";
    if (relation === "unknown") return "unknown";
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

  /** A verdict whose example is looked for when somebody asks. */
  #lazily<K extends "less" | "greater" | "different" | "unknown" | "no">(
    kind: K,
    a: Size,
    b: Size,
    isExample: (left: number, right: number) => boolean,
  ): { readonly kind: K; readonly example: Example | undefined } {
    const find = () => findExample({ sizes: this.#sizes, world: this.#world, stated: this.#stated, a, b, isExample });
    let found: { readonly example: Example | undefined } | undefined;
    return {
      kind,
      get example() {
        return (found ??= { example: find() }).example;
      },
    };
  }
}
