/** @file The normal form of floors and ceilings: whole parts are pulled out, and what is left becomes one atom. */
import { add, coefficientOf, contentOf, divide, mul, ofAtom, reciprocal, scale, split, sub } from "./arithmetic.ts";
import { floorUpper, isNonNegative, isPositive, lowerBound } from "./bounds.ts";
import { fraction, isInteger, stride } from "./integrality.ts";
import type { Knowledge } from "./knowledge.ts";
import { floorDiv, floorOf, gcd, ratio } from "./rational.ts";
import type { Atom, Size, Term } from "./size.ts";

type FloorAtom = Extract<Atom, { kind: "floor" }>;

/** Returns ⌊x⌋ for any rational x: pulls the integer part out and makes the rest one atom. */
export function normalFloor(world: Knowledge, x: Size): Size {
  const known = world.floors.get(x);
  if (known !== undefined) return known;
  const { pool } = world;
  const part = fraction(world, x);
  const result = add(pool, sub(pool, x, part), floorOfFraction(world, part));
  world.floors.set(x, result);
  return result;
}

/** ⌈x⌉ = ⌊x + 1 − 1/k⌋ for x in ℤ/k, k > 0, and −⌊−x⌋ in general. */
export function normalCeil(world: Knowledge, x: Size): Size {
  const { pool } = world;
  const { denominator } = split(pool, x);
  if (!isPositive(world, denominator)) {
    return scale(pool, normalFloor(world, scale(pool, x, ratio(-1n))), ratio(-1n));
  }
  return normalFloor(world, add(pool, x, sub(pool, pool.one, reciprocal(pool, denominator))));
}

function floorOfFraction(world: Knowledge, x: Size): Size {
  const { pool } = world;
  if (x === pool.zero) return x;
  const { numerator, denominator } = split(pool, x);
  if (denominator === pool.zero) return ofAtom(pool, pool.compound("floor", x));
  const flat = flattened(world, x);
  if (flat !== undefined) return normalFloor(world, flat);
  const positive = isPositive(world, denominator);
  const tight = positive && denominator.terms.length === 1 ? rounded(world, numerator, denominator) : numerator;
  if (tight !== numerator) return normalFloor(world, divide(pool, tight, denominator));
  const value = positive ? constantFloor(world, x) : undefined;
  if (value !== undefined) return pool.int(value);
  // For a symbolic divisor q, ⌊(p − 1)/q⌋ + 1 equals ⌊(p + q − 1)/q⌋. Only the second form is an atom.
  const constant = coefficientOf(numerator, pool.unit);
  if (constant >= 0n || x.terms.every((t) => t.monomial.whole)) return ofAtom(pool, pool.compound("floor", x));
  return sub(pool, ofAtom(pool, pool.compound("floor", add(pool, x, pool.one))), pool.one);
}

/** Rule 3: ⌊(⌊y⌋ + c)/b⌋ = ⌊(y + c)/b⌋ for integers b > 0 and c. */
function flattened(world: Knowledge, x: Size): Size | undefined {
  const { pool } = world;
  for (const term of x.terms) {
    const inner = innerFloor(world, x, term);
    if (inner === undefined) continue;
    const { atom, divisor } = inner;
    const floor = ofAtom(pool, atom);
    if (!isInteger(world, sub(pool, mul(pool, x, divisor), floor))) continue;
    return add(pool, x, divide(pool, sub(pool, atom.of, floor), divisor));
  }
  return undefined;
}

/** Reads `term` as ⌊y⌋/b for an integer b > 0. */
function innerFloor(world: Knowledge, x: Size, term: Term): { atom: FloorAtom; divisor: Size } | undefined {
  const { pool } = world;
  if (x.over % term.coefficient !== 0n || term.coefficient < 0n) return undefined;
  let found: FloorAtom | undefined;
  for (const { atom, power } of term.monomial.factors) {
    if (power < 0 || atom.kind === "inverse") continue;
    if (power > 1 || atom.kind !== "floor" || found !== undefined) return undefined;
    found = atom;
  }
  if (found === undefined) return undefined;
  const quotient = pool.size(new Map([[term.monomial, term.coefficient]]), x.over);
  const divisor = divide(pool, ofAtom(pool, found), quotient);
  return isNonNegative(world, divisor) ? { atom: found, divisor } : undefined;
}

/** ⌊(g·p + c)/(g·q)⌋ = ⌊(g·p + g·⌊c/g⌋)/(g·q)⌋ for q > 0: rounds down a constant where the difference cannot matter. */
function rounded(world: Knowledge, numerator: Size, denominator: Size): Size {
  const { pool } = world;
  const g = gcd(stride(world, numerator), contentOf(denominator));
  const constant = coefficientOf(numerator, pool.unit);
  return sub(pool, numerator, pool.int(constant - g * floorDiv(constant, g)));
}

/** Returns the value of ⌊x⌋ if the bounds of x leave only one. */
function constantFloor(world: Knowledge, x: Size): bigint | undefined {
  const bounded = (atom: Atom) => atom.kind !== "variable" || world.range(atom.variable).hi !== undefined;
  const hopeless = x.terms.every((t) => t.monomial.whole && !t.monomial.factors.some((f) => bounded(f.atom)));
  if (hopeless) return undefined;
  const least = lowerBound(world, x);
  const most = least && floorUpper(world, x);
  return least !== undefined && most === floorOf(least.value) ? most : undefined;
}
