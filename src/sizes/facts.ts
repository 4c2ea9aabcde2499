/** @file The facts about sizes in one world, and what follows from them. */
import { attempt, lowerInteger } from "./bounds.ts";
import { findAssignment, findExample, type Assignment, type Example } from "./counterexample.ts";
import { statementsOf, verdictOf, type Verdict } from "./decide.ts";
import { Knowledge } from "./knowledge.ts";
import { learn } from "./learn.ts";
import { variablesOf, type Condition, type Either, type Relation } from "./relation.ts";
import { rewrite } from "./rewrite.ts";
import type { Size, SizeVar } from "./size.ts";
import type { Sizes } from "./sizes.ts";

export type { Assignment, Example } from "./counterexample.ts";

/**
 * Whether a condition holds. `example` refutes it. It is computed on first read; undefined if no small one was found.
 */
export interface Answer<Refutation = Example> {
  readonly verdict: Verdict;
  readonly example?: Refutation | undefined;
}

/** The most cases that one decision looks into. If there are more, it stays open. */
const MAX_CASES = 256;

interface Budget {
  left: number;
}

/**
 * An immutable set of facts. `add` returns a new object, or "impossible" if provably no assignment satisfies the facts.
 * Anything too large to derive stays unknown; only `apply` throws `SizeTooLarge`.
 *
 * Each `or` is a set of cases, of which one holds. They are told apart only for decisions that need it, one `or` after the
 * other, and never multiplied out.
 */
export class Facts {
  readonly #sizes: Sizes;
  /** What holds in all cases. */
  readonly #world: Knowledge;
  /** The `or`s of which several alternatives are possible. */
  readonly #open: readonly Either[];
  readonly #stated: readonly Condition[];
  readonly #cases = new Map<Either, readonly Facts[]>();

  constructor(
    sizes: Sizes,
    world: Knowledge = sizes.nothing,
    open: readonly Either[] = [],
    stated: readonly Condition[] = [],
  ) {
    this.#sizes = sizes;
    this.#world = world;
    this.#open = open;
    this.#stated = stated;
  }

  /** Returns these facts and the condition. */
  add(condition: Condition): Facts | "impossible" {
    const next = this.#and([condition], this.#open);
    return next === "impossible" || !next.#isPossible({ left: MAX_CASES }) ? "impossible" : next;
  }

  /** Returns these facts and all conditions. */
  addAll(conditions: readonly Condition[]): Facts | "impossible" {
    return conditions.reduce<Facts | "impossible">(
      (facts, one) => (facts === "impossible" ? facts : facts.add(one)),
      this,
    );
  }

  decide(relation: Relation): Answer;
  decide(condition: Condition): Answer<Assignment>;
  decide(condition: Condition): Answer<Assignment> {
    const verdict = this.#verdict(condition, { left: MAX_CASES }) ?? "unknown";
    if (verdict === "yes") return { verdict };
    const search = { sizes: this.#sizes, world: this.#world, stated: this.#stated };
    let found: { readonly example: Assignment | undefined } | undefined;
    const find = () => (condition.op === "or" ? findAssignment(search, condition) : findExample(search, condition));
    return {
      verdict,
      get example() {
        return (found ??= { example: find() }).example;
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

  /** Learns conditions, and what is left of every `or`, until nothing new follows. */
  #and(conditions: readonly Condition[], before: readonly Either[]): Facts | "impossible" {
    const { pool } = this.#sizes;
    let world = this.#world;
    let open = before;
    for (let next = conditions; next.length > 0;) {
      for (const one of next) {
        if (one.op === "or") {
          open = [...open, one];
          continue;
        }
        const known = attempt(() => learn(pool, world.known, statementsOf(world, one)));
        if (known === "impossible") return known;
        if (known !== undefined && known !== world.known) world = new Knowledge(pool, known);
      }
      const left = open.map((either) => remaining(world, either));
      if (left.some(({ of }) => of.length === 0)) return "impossible";
      next = left.flatMap(({ of }) => (of.length === 1 ? of[0]! : []));
      open = left.filter(({ of }) => of.length > 1);
    }
    return new Facts(this.#sizes, world, open, [...this.#stated, ...conditions]);
  }

  /** Whether some case of every `or` is possible, together with one of each other `or`. */
  #isPossible(budget: Budget): boolean {
    const [first] = this.#open;
    if (first === undefined || budget.left-- <= 0) return true;
    return this.#casesOf(first).some((one) => one.#isPossible(budget));
  }

  /** Decides in every case; undefined if no case is possible. */
  #verdict(condition: Condition, budget: Budget): Verdict | undefined {
    const verdict = verdictOf(this.#world, condition);
    const either = verdict === "unknown" ? this.#nearest(condition) : undefined;
    if (either === undefined || budget.left-- <= 0) return verdict;
    let common: Verdict | undefined;
    for (const one of this.#casesOf(either)) {
      const found = one.#verdict(condition, budget);
      if (found === "unknown" || (common !== undefined && found !== undefined && found !== common)) return "unknown";
      common ??= found;
    }
    return common;
  }

  /** Returns an `or` about the variables of a condition or, if there is none, the first. */
  #nearest(condition: Condition): Either | undefined {
    const { solved } = this.#world.known;
    const deciding = (one: Condition): SizeVar[] =>
      variablesOf(one).flatMap((v) => [...(solved.get(v)?.variables ?? [v])]);
    const own = new Set(deciding(condition));
    return this.#open.find((either) => deciding(either).some((v) => own.has(v))) ?? this.#open[0];
  }

  #casesOf(either: Either): readonly Facts[] {
    let cases = this.#cases.get(either);
    if (cases === undefined) {
      const others = this.#open.filter((other) => other !== either);
      cases = either.of.map((way) => this.#and(way, others)).filter((one) => one !== "impossible");
      this.#cases.set(either, cases);
    }
    return cases;
  }
}

/** Returns the alternatives that are possible. If one holds anyway, it is the only one, and nothing is left of it. */
function remaining(world: Knowledge, either: Either): Either {
  const verdict = verdictOf(world, either);
  if (verdict === "yes") return { op: "or", of: [[]] };
  const of = either.of.filter((way) => way.every((one) => verdictOf(world, one) !== "no"));
  return of.length === either.of.length ? either : { op: "or", of };
}
