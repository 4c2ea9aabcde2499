/** @file Adds facts: solves them for a variable, turns them into bounds, or keeps them in normal form. Detects contradictions. */
import {
  add,
  coefficientOf,
  commonFactor,
  contentOf,
  dividesMonomial,
  mul,
  ofAtom,
  powerOf,
  rationalValue,
  scale,
  split,
  sub,
} from "./arithmetic.ts";
import { isPositive, lowerInteger, upperInteger } from "./bounds.ts";
import { insertInteger, isNeverInteger, isNeverZero, measure } from "./integrality.ts";
import { Knowledge, type Known } from "./knowledge.ts";
import type { SizePool } from "./pool.ts";
import { abs, ceilDiv, floorDiv, ratio } from "./rational.ts";
import { rewrite } from "./rewrite.ts";
import type { Size, SizeVar, Term } from "./size.ts";

/** A statement about one expression, which has integer values unless the kind is `integer`. */
export interface Statement {
  readonly kind: "zero" | "nonNegative" | "nonZero" | "integer";
  readonly of: Size;
}

/** The effect of one statement: new knowledge, further statements to learn, or a contradiction. */
type Step = { readonly known?: Known; readonly further?: readonly Statement[] } | "impossible";

/** The most consequences to draw. Dropping the others is safe. */
const MAX_STEPS = 400;

/** Returns the knowledge extended by the statements; "impossible" if they provably contradict it or each other. Throws `SizeTooLarge`. */
export function learn(pool: SizePool, start: Known, statements: readonly Statement[]): Known | "impossible" {
  let world = new Knowledge(pool, start);
  const queue = [...statements];
  for (let count = 0; count < MAX_STEPS; count++) {
    const next = queue.shift();
    if (next === undefined) break;
    const step = take[next.kind](world, rewrite(world, next.of));
    if (step === "impossible") return step;
    queue.unshift(...(step.further ?? []));
    if (step.known === undefined) continue;
    const { ranges, solved, integer } = world.known;
    const deeper = step.known.ranges !== ranges || step.known.solved !== solved || step.known.integer !== integer;
    world = new Knowledge(pool, deeper ? reopened(pool, step.known, step.known.solved !== solved, queue) : step.known);
  }
  return world.known;
}

/** Puts statements whose normal form may change back into the queue. */
function reopened(pool: SizePool, known: Known, hasNewSolution: boolean, queue: Statement[]): Known {
  const put = (kind: Statement["kind"], sizes: readonly Size[]) => queue.push(...sizes.map((of) => ({ kind, of })));
  if (hasNewSolution) put("integer", known.integer);
  put("zero", known.zero);
  put("nonNegative", known.nonNegative);
  put("nonZero", known.nonZero);
  const integer = hasNewSolution ? [] : known.integer;
  const bare = { ...known, zero: [], nonNegative: [], nonZero: [], integer };
  const world = new Knowledge(pool, { ...bare, solved: new Map() });
  return { ...bare, solved: new Map([...known.solved].map(([v, value]) => [v, rewrite(world, value)])) };
}

const take: Record<Statement["kind"], (world: Knowledge, s: Size) => Step> = {
  zero(world, s) {
    const p = primitive(world, reduced(world, split(world.pool, s).numerator));
    if (p === world.pool.zero) return {};
    if (isNeverZero(world, p) || isNever(lowerInteger(world, p), upperInteger(world, p))) return "impossible";
    if (world.known.nonZero.some((f) => isMultiple(world.pool, f, p))) return "impossible";
    const solution = solve(world, p);
    if (solution === undefined) return { known: { ...world.known, zero: [...world.known.zero, p] } };
    const { pool, known } = world;
    const { variable, value } = solution;
    const { lo, hi } = world.range(variable);
    const bounds = [sub(pool, value, pool.int(lo)), ...(hi === undefined ? [] : [sub(pool, pool.int(hi), value)])];
    const substitution = new Knowledge(pool, { ...known, solved: new Map([[variable, value]]) });
    const solved = new Map([...known.solved].map(([v, old]) => [v, rewrite(substitution, old)]));
    const ranges = new Map(known.ranges);
    ranges.delete(variable);
    return {
      known: { ...known, ranges, solved: solved.set(variable, value) },
      further: bounds.map((of) => ({ kind: "nonNegative", of })),
    };
  },

  nonNegative(world, s) {
    const { pool, known } = world;
    const { numerator, denominator } = split(pool, s);
    if (!isPositive(world, denominator)) return { known: { ...known, nonNegative: [...known.nonNegative, s] } };
    const p = tightened(pool, withoutPositiveFactors(world, numerator));
    const lower = lowerInteger(world, p);
    if (lower !== undefined && lower >= 0n) return {};
    const upper = upperInteger(world, p);
    if (upper !== undefined && upper < 0n) return "impossible";
    const opposite = negated(pool, p);
    if (upper === 0n || known.nonNegative.includes(opposite)) return { further: [{ kind: "zero", of: p }] };
    if (known.nonNegative.some((f) => (rationalValue(sub(pool, p, f))?.n ?? -1n) >= 0n)) return {};
    if (known.nonZero.includes(p) || known.nonZero.includes(opposite)) {
      return { further: [{ kind: "nonNegative", of: sub(pool, p, pool.one) }] };
    }
    const range = asRange(world, p);
    if (range !== undefined) {
      const { variable, lo, hi } = range;
      if (hi !== undefined && lo > hi) return "impossible";
      const of = sub(pool, ofAtom(pool, pool.variable(variable)), pool.int(lo));
      return {
        known: { ...known, ranges: new Map(known.ranges).set(variable, { lo, hi }) },
        further: lo === hi ? [{ kind: "zero", of }] : [],
      };
    }
    const further = withoutFloor(world, p).map((of) => ({ kind: "nonNegative" as const, of }));
    // Weaker bounds of the same expression are obsolete.
    const others = known.nonNegative.filter((f) => (rationalValue(sub(pool, f, p))?.n ?? -1n) < 0n);
    return { known: { ...known, nonNegative: [...others, p] }, further };
  },

  nonZero(world, s) {
    const { pool, known } = world;
    const p = primitive(world, reduced(world, split(pool, s).numerator));
    if (p === pool.zero) return "impossible";
    const factors = commonFactor(pool, p).factors.map(({ atom }) => ofAtom(pool, atom));
    const further: Statement[] = factors.filter((f) => f !== p).map((of) => ({ kind: "nonZero", of }));
    const [lower, upper] = [lowerInteger(world, p), upperInteger(world, p)];
    if (known.nonZero.includes(p) || isNeverZero(world, p) || isNever(lower, upper)) return { further };
    const opposite = negated(pool, p);
    const positive =
      lower === 0n || known.nonNegative.includes(p)
        ? p
        : upper === 0n || known.nonNegative.includes(opposite)
          ? opposite
          : undefined;
    if (positive === undefined) return { known: { ...known, nonZero: [...known.nonZero, p] }, further };
    return { further: [...further, { kind: "nonNegative", of: sub(pool, positive, pool.one) }] };
  },

  integer(world, s) {
    const { pool, known } = world;
    const more = isNeverInteger(world, s) ? "impossible" : insertInteger(pool, known, s);
    if (more === "impossible") return more;
    if (more.integer === known.integer) return {};
    const wiser = new Knowledge(pool, more);
    const further: Statement[] = [];
    for (const v of s.variables) {
      const { lo, hi } = world.range(v);
      const step = measure(wiser, pool.monomial([{ atom: pool.variable(v), power: 1 }]))?.d ?? 1n;
      const value = ofAtom(pool, pool.variable(v));
      further.push({ kind: "nonNegative", of: sub(pool, value, pool.int(ceilDiv(lo, step) * step)) });
      if (hi === undefined) continue;
      further.push({ kind: "nonNegative", of: sub(pool, pool.int(floorDiv(hi, step) * step), value) });
    }
    return { known: more, further };
  },
};

const negated = (pool: SizePool, s: Size): Size => scale(pool, s, ratio(-1n));

const isNever = (lower: bigint | undefined, upper: bigint | undefined): boolean =>
  (lower !== undefined && lower > 0n) || (upper !== undefined && upper < 0n);

/** Removes the factors that are ≥ 1. They change neither the sign of p nor its zeros. */
function withoutPositiveFactors(world: Knowledge, p: Size): Size {
  const { pool } = world;
  const factors = commonFactor(pool, p).factors.filter(
    ({ atom }) => (lowerInteger(world, ofAtom(pool, atom)) ?? 0n) >= 1n,
  );
  return scale(pool, p, ratio(1n), pool.times(pool.unit, pool.monomial(factors), -1));
}

/** Returns a polynomial with the same zeros, the least coefficients, and a positive leading one. */
function primitive(world: Knowledge, numerator: Size): Size {
  const p = withoutPositiveFactors(world, numerator);
  const first = p.terms[0];
  if (first === undefined) return p;
  return scale(world.pool, p, ratio(first.coefficient < 0n ? -p.over : p.over, contentOf(p)));
}

/** Writes g·p + c ≥ 0 as p + ⌊c/g⌋ ≥ 0. */
export function tightened(pool: SizePool, p: Size): Size {
  const g = contentOf(p, pool.unit);
  if (g <= 1n) return p;
  const constant = coefficientOf(p, pool.unit);
  const rest = scale(pool, sub(pool, p, pool.int(constant)), ratio(1n, g));
  return add(pool, rest, pool.int(floorDiv(constant, g)));
}

/** Subtracts multiples of polynomials that are known to be 0. */
export function reduced(world: Knowledge, p: Size): Size {
  return world.known.zero.reduce((rest, zero) => remainder(world.pool, rest, zero), p);
}

const MAX_DIVISIONS = 50;

/** Divides polynomials over the rationals and returns the remainder. */
function remainder(pool: SizePool, p: Size, divisor: Size): Size {
  const leading = divisor.terms[0];
  let rest = p;
  for (let count = 0; leading !== undefined && count < MAX_DIVISIONS; count++) {
    const term = rest.terms.find((t) => dividesMonomial(leading.monomial, t.monomial));
    if (term === undefined) break;
    const factor = ratio(-term.coefficient * divisor.over, rest.over * leading.coefficient);
    rest = add(pool, rest, scale(pool, divisor, factor, pool.times(term.monomial, leading.monomial, -1)));
  }
  return rest;
}

/** Whether f is a multiple of p; then f ≠ 0 implies p ≠ 0. */
export const isMultiple = (pool: SizePool, f: Size, p: Size): boolean => remainder(pool, f, p) === pool.zero;

interface Solution {
  readonly variable: SizeVar;
  readonly value: Size;
}

/**
 * Rule 5: solves p = 0 for a variable with coefficient ±1 that occurs nowhere else in p. Prefers a run-time variable to a
 * build-time one, which is never expressed by run-time ones; then one whose value is always admissible; then the latest.
 */
function solve(world: Knowledge, p: Size): Solution | undefined {
  const { pool } = world;
  const solutions = p.terms.flatMap((term): Solution[] => {
    const variable = single(term);
    if (variable === undefined || abs(term.coefficient) !== 1n || p.over !== 1n) return [];
    if (p.terms.some((t) => t !== term && t.monomial.factors.some((f) => f.atom.variables.has(variable)))) return [];
    const value = sub(pool, pool.size(new Map([[term.monomial, 1n]])), scale(pool, p, ratio(term.coefficient)));
    return variable.time === "build" && [...value.variables].some((v) => v.time === "run") ? [] : [{ variable, value }];
  });
  const rank = ({ variable, value }: Solution): number => {
    const { lo, hi } = world.range(variable);
    const admissible = hi === undefined && (lowerInteger(world, value) ?? lo - 1n) >= lo;
    return (variable.time === "run" ? 0 : 2) + (admissible ? 0 : 1);
  };
  return solutions.sort((x, y) => rank(x) - rank(y) || y.variable.order - x.variable.order)[0];
}

/** Returns the variable that a term is a multiple of. */
function single({ monomial }: Term): SizeVar | undefined {
  const [factor, ...others] = monomial.factors;
  const alone = others.length === 0 && factor?.power === 1 && factor.atom.kind === "variable";
  return alone ? factor.atom.variable : undefined;
}

/** Narrows the range of v by ±v + c ≥ 0. Its ends are multiples of the number that is known to divide v. */
function asRange(
  world: Knowledge,
  p: Size,
): { readonly variable: SizeVar; readonly lo: bigint; readonly hi: bigint | undefined } | undefined {
  const { pool } = world;
  const [term, ...others] = p.terms;
  const variable = term && single(term);
  if (term === undefined || variable === undefined || others.some((t) => t.monomial !== pool.unit)) return undefined;
  const { lo, hi } = world.range(variable);
  const step = measure(world, term.monomial)?.d ?? 1n;
  const bound = coefficientOf(p, pool.unit) * -term.coefficient;
  if (term.coefficient === 1n) return { variable, lo: ceilDiv(bound, step) * step, hi };
  return { variable, lo, hi: floorDiv(bound, step) * step };
}

/** Rewrites ⌊x⌋ + c ≥ 0 or c − ⌊x⌋ ≥ 0 for x = n/k without the floor: n + k·c ≥ 0, or k·(c + 1) − n ≥ 1. */
export function withoutFloor(world: Knowledge, p: Size): Size[] {
  const { pool } = world;
  return p.terms.flatMap(({ monomial, coefficient }) => {
    const [factor, ...others] = monomial.factors;
    if (factor?.atom.kind !== "floor" || factor.power !== 1 || others.length > 0 || abs(coefficient) !== 1n) return [];
    const { atom } = factor;
    if (p.terms.some((t) => t.monomial !== monomial && powerOf(t.monomial, atom) !== 0)) return [];
    const { numerator: n, denominator: k } = split(pool, atom.of);
    if (!isPositive(world, k)) return [];
    const c = sub(pool, p, scale(pool, ofAtom(pool, atom), ratio(coefficient)));
    if (coefficient === 1n) return [add(pool, n, mul(pool, k, c))];
    return [sub(pool, sub(pool, mul(pool, k, add(pool, c, pool.one)), n), pool.one)];
  });
}
