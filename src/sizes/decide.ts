/** @file Decides a condition under what is known about sizes, without looking into the cases of an `or`. */
import { contentOf, divide, split, sub } from "./arithmetic.ts";
import { attempt, floorUpper, lowerBound, lowerInteger, upperInteger } from "./bounds.ts";
import { isInteger, isNeverInteger, isNeverZero } from "./integrality.ts";
import type { Knowledge } from "./knowledge.ts";
import { isMultiple, reduced, type Statement } from "./learn.ts";
import type { Condition, Relation } from "./relation.ts";
import { reflected, rewrite } from "./rewrite.ts";
import type { Size } from "./size.ts";

/** "yes" means always, "no" means never, and "unknown" means that it depends or cannot be decided. */
export type Verdict = "yes" | "no" | "unknown";

const OPPOSITE = { yes: "no", no: "yes", unknown: "unknown" } as const;

/** Decides a condition. What is too large to derive stays unknown. */
export function verdictOf(world: Knowledge, condition: Condition): Verdict {
  if (condition.op !== "or") return attempt(() => ofRelation(world, condition)) ?? "unknown";
  const found = condition.of.map((way) => way.map((one) => verdictOf(world, one)));
  if (found.some((way) => way.every((verdict) => verdict === "yes"))) return "yes";
  return found.every((way) => way.includes("no")) ? "no" : "unknown";
}

/** Splits a relation into statements about one expression each. Throws `SizeTooLarge`. */
export function statementsOf(world: Knowledge, { op, a, b }: Relation): Statement[] {
  const { pool } = world;
  if (op === "==") return [{ kind: "zero", of: differenceOf(world, a, b) }];
  if (op === "!=") return [{ kind: "nonZero", of: differenceOf(world, a, b) }];
  if (op === ">=") return [{ kind: "nonNegative", of: differenceOf(world, a, b) }];
  const quotient: Statement[] = [
    { kind: "nonZero", of: a },
    { kind: "integer", of: divide(pool, b, a) },
  ];
  // A divisor of a positive number is at most that number.
  const isPositive = (attempt(() => lowerInteger(world, rewrite(world, b))) ?? 0n) >= 1n;
  return isPositive ? [...quotient, { kind: "nonNegative", of: sub(pool, b, a) }] : quotient;
}

function ofRelation(world: Knowledge, { op, a, b }: Relation): Verdict {
  if (op === "==") return areEqual(world, a, b);
  if (op === "!=") return OPPOSITE[areEqual(world, a, b)];
  return op === ">=" ? reaches(world, a, b) : divides(world, a, b);
}

const differenceOf = (world: Knowledge, a: Size, b: Size): Size => rewrite(world, sub(world.pool, a, b));

function areEqual(world: Knowledge, a: Size, b: Size): Verdict {
  const difference = differenceOf(world, a, b);
  if (isZero(world, difference)) return "yes";
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

function isZero(world: Knowledge, difference: Size): boolean {
  const { numerator, denominator } = split(world.pool, difference);
  if (denominator === world.pool.zero) return false;
  const rest = reduced(world, numerator);
  if (rest === world.pool.zero) return true;
  const mirrored = attempt(() => reduced(world, split(world.pool, reflected(world, rest)).numerator));
  return mirrored === world.pool.zero;
}

function reaches(world: Knowledge, a: Size, b: Size): Verdict {
  const difference = differenceOf(world, a, b);
  const lower = lowerInteger(world, difference);
  if ((lower !== undefined && lower >= 0n) || isZero(world, difference)) return "yes";
  const upper = upperInteger(world, difference);
  return upper !== undefined && upper < 0n ? "no" : "unknown";
}

/** Decides whether q ≠ 0 and q | p. */
function divides(world: Knowledge, q: Size, p: Size): Verdict {
  const { pool } = world;
  const nothing = areEqual(world, q, pool.zero);
  if (nothing === "yes") return "no";
  const quotient = rewrite(world, divide(pool, p, q));
  if (isNeverInteger(world, quotient) || isBetweenZeroAndOne(world, quotient)) return "no";
  const divisor = rewrite(world, q);
  const isWhole = divisor.over === 1n && divisor.terms.every((t) => t.monomial.whole);
  const content = pool.int(contentOf(divisor));
  if (isWhole && isNeverInteger(world, rewrite(world, divide(pool, p, content)))) return "no";
  if (nothing === "unknown") return "unknown";
  const { numerator, denominator } = split(pool, quotient);
  const isKnown = isInteger(world, quotient) || isInteger(world, divide(pool, reduced(world, numerator), denominator));
  return isKnown ? "yes" : "unknown";
}

function isBetweenZeroAndOne(world: Knowledge, quotient: Size): boolean {
  const lower = lowerBound(world, quotient);
  const isPositive = lower !== undefined && (lower.value.n > 0n || (lower.value.n === 0n && lower.strict));
  return isPositive && floorUpper(world, quotient) === 0n;
}
