/** @file Bounds of sizes, computed from their parts. They hold for every admissible assignment. */
import { add, dividesMonomial, powerOf, reciprocal, scale, split, sub } from "./arithmetic.ts";
import type { Bound, Knowledge } from "./knowledge.ts";
import { SizeTooLarge, type Terms } from "./pool.ts";
import { ceilDiv, floorDiv, floorOf, less, over, plus, ratio } from "./rational.ts";
import type { Atom, Monomial, Size } from "./size.ts";

/**
 * Limits the search: how many known inequalities one bound may combine, and how many floors it may replace by their arguments.
 * Every recursive step has a simpler size or less effort left, so the search ends.
 */
interface Effort {
  readonly facts: number;
  readonly floors: number;
}

const FULL: Effort = { facts: 2, floors: 3 };
const withLess = (effort: Effort): Effort => ({ ...effort, facts: effort.facts - 1 });
const withAllFloors = (effort: Effort): Effort => ({ ...effort, floors: FULL.floors });

/** Sizes heavier than this are bounded by their parts only. */
const MAX_SEARCHED = 40;
/** The most ways in which known inequalities are combined with one size. Those that add the fewest terms come first. */
const MAX_COMBINED = 24;
/** Expanded polynomials with more terms than this are ignored. */
const MAX_EXPANDED = 60;

/** Returns a lower bound of an integer-valued size, as an integer. */
export function lowerInteger(world: Knowledge, s: Size): bigint | undefined {
  const bound = lowerBound(world, s);
  if (bound === undefined) return undefined;
  return bound.strict ? floorOf(bound.value) + 1n : ceilDiv(bound.value.n, bound.value.d);
}

export function upperInteger(world: Knowledge, s: Size): bigint | undefined {
  const lower = lowerInteger(world, negated(world, s));
  return lower === undefined ? undefined : -lower;
}

/** Whether a size is known to be non-negative wherever it has a value. */
export const isNonNegative = (world: Knowledge, s: Size, effort = FULL): boolean =>
  reaches(lowerBound(world, s, effort), 0n);

/** Whether a divisor is known to be positive wherever a quotient by it has a value. */
export const isPositive = (world: Knowledge, divisor: Size, effort = FULL): boolean =>
  divisor !== world.pool.zero && isNonNegative(world, divisor, effort);

const reaches = (bound: Bound | undefined, n: bigint): boolean =>
  bound !== undefined && bound.value.n >= n * bound.value.d;

const negated = (world: Knowledge, s: Size): Size => scale(world.pool, s, ratio(-1n));

/** Returns a lower bound of the rational value of `s`, which need not be an integer. */
export function lowerBound(world: Knowledge, s: Size, effort = FULL): Bound | undefined {
  const key = `${s.id}/${effort.facts}/${effort.floors}`;
  if (world.bounds.has(key)) return world.bounds.get(key);
  const bound = attempt(() => best(world, s, effort));
  world.bounds.set(key, bound);
  return bound;
}

/** Returns the best bound that follows from the parts, from replacing one floor, or from using one inequality. */
function best(world: Knowledge, s: Size, effort: Effort): Bound | undefined {
  let result = direct(world, s, effort);
  if (s.weight > MAX_SEARCHED) return result;
  if (effort.floors > 0 && (result === undefined || s.terms.some((t) => t.coefficient < 0n))) {
    const less = { ...effort, floors: effort.floors - 1 };
    for (const weaker of withoutOneFloor(world, s, effort)) result = greater(result, lowerBound(world, weaker, less));
  }
  if (effort.facts > 0 && !reaches(result, 1n)) {
    const less = withLess(effort);
    for (const weaker of withoutOneTerm(world, s)) result = greater(result, lowerBound(world, weaker, less));
  }
  return result;
}

function greater(a: Bound | undefined, b: Bound | undefined): Bound | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (less(a.value, b.value)) return b;
  return less(b.value, a.value) || a.strict ? a : b;
}

/** Bounds all terms together, then each group of terms with the same divisor, and returns the better result. */
function direct(world: Knowledge, s: Size, effort: Effort): Bound | undefined {
  const together = ofFraction(world, s, effort);
  if (s.terms.every((t) => t.monomial.whole)) return together;
  const groups = new Map<Monomial, Terms>();
  for (const { monomial, coefficient } of s.terms) {
    const divisor = world.pool.monomial(monomial.factors.filter((f) => f.power < 0 || f.atom.kind === "inverse"));
    const group = groups.get(divisor) ?? new Map<Monomial, bigint>();
    groups.set(divisor, group.set(monomial, coefficient));
  }
  if (groups.size === 1) return together;
  let sum: Bound | undefined = { value: ratio(0n), strict: false };
  for (const terms of groups.values()) {
    const part = ofFraction(world, world.pool.size(terms, s.over), effort);
    sum = sum && part && { value: plus(sum.value, part.value), strict: sum.strict || part.strict };
  }
  return greater(together, sum);
}

/** Bounds numerator / denominator if the denominator is positive wherever s has a value. */
function ofFraction(world: Knowledge, s: Size, effort: Effort): Bound | undefined {
  if (s.terms.every((t) => t.monomial.whole)) {
    const bound = ofPolynomial(world, s, effort);
    return bound === undefined ? undefined : { value: ratio(bound, s.over), strict: false };
  }
  const { numerator, denominator } = split(world.pool, s);
  const least = ofPolynomial(world, denominator, effort);
  if (denominator === world.pool.zero || least === undefined || least < 0n) return undefined;
  const n = lowerBound(world, numerator, effort);
  if (n === undefined) return undefined;
  if (n.value.n < 0n) return { value: over(n.value, ratio(least > 1n ? least : 1n)), strict: n.strict };
  const most = ofPolynomial(world, negated(world, denominator), effort);
  return most === undefined || most >= 0n
    ? { value: ratio(0n), strict: n.strict || n.value.n > 0n }
    : { value: over(n.value, ratio(-most)), strict: n.strict };
}

interface Interval {
  readonly lo: bigint | undefined;
  readonly hi: bigint | undefined;
}

/** Bounds a polynomial in variables and floors, times its `over`. */
function ofPolynomial(world: Knowledge, s: Size, effort: Effort): bigint | undefined {
  const { unit } = world.pool;
  const atoms = new Set(s.terms.flatMap((t) => t.monomial.factors.map((f) => f.atom)));
  const lows = new Map([...atoms].map((atom) => [atom, atomLower(world, atom, effort)]));
  const isMonotone = s.terms.every((t) => t.coefficient > 0n || t.monomial === unit);
  if (isMonotone && [...lows.values()].every((lo) => lo !== undefined && lo >= 0n)) {
    return s.terms.reduce((sum, t) => sum + t.coefficient * product(t.monomial, (atom) => lows.get(atom) ?? 0n), 0n);
  }
  const ranges = new Map([...lows].map(([atom, lo]) => [atom, { lo, hi: atomUpper(world, atom, effort) }]));
  return isHopeless(s, ranges) ? undefined : ofExpanded(world, s, ranges);
}

const product = (monomial: Monomial, value: (atom: Atom) => bigint): bigint =>
  monomial.factors.reduce((result, { atom, power: exponent }) => result * value(atom) ** BigInt(exponent), 1n);

/** Whether some negative term is unbounded and no positive term can outweigh it. */
function isHopeless(s: Size, ranges: ReadonlyMap<Atom, Interval>): boolean {
  if ([...ranges.values()].some(({ lo, hi }) => lo === undefined && hi === undefined)) return true;
  if ([...ranges.values()].some(({ lo }) => lo === undefined)) return false;
  return s.terms.some(
    (t) =>
      t.coefficient < 0n &&
      t.monomial.factors.some((f) => ranges.get(f.atom)?.hi === undefined) &&
      !s.terms.some((other) => other.coefficient > 0n && dividesMonomial(t.monomial, other.monomial)),
  );
}

/** Writes each atom as lo + x or hi − x with x ≥ 0. Positive terms then need no bound; negative ones need the width of the range. */
function ofExpanded(world: Knowledge, s: Size, ranges: ReadonlyMap<Atom, Interval>): bigint | undefined {
  let terms: Terms | undefined = new Map(s.terms.map((t) => [t.monomial, t.coefficient]));
  for (const [atom, { lo, hi }] of ranges) {
    if (terms !== undefined) terms = shifted(world, terms, atom, lo ?? hi ?? 0n, lo === undefined ? -1n : 1n);
  }
  if (terms === undefined) return undefined;
  const width = (atom: Atom): bigint | undefined => {
    const range = ranges.get(atom);
    return range?.lo === undefined || range.hi === undefined ? undefined : range.hi - range.lo;
  };
  let sum = 0n;
  for (const [monomial, coefficient] of terms) {
    if (monomial === world.pool.unit) sum += coefficient;
    else if (coefficient < 0n) {
      if (monomial.factors.some((f) => width(f.atom) === undefined)) return undefined;
      sum += coefficient * product(monomial, (atom) => width(atom) ?? 0n);
    }
  }
  return sum;
}

/** Substitutes atom = base + sign·x and returns the polynomial in x. */
function shifted(world: Knowledge, terms: Terms, atom: Atom, base: bigint, sign: 1n | -1n): Terms | undefined {
  if (base === 0n && sign === 1n) return terms;
  const { pool } = world;
  const result: Terms = new Map();
  for (const [monomial, coefficient] of terms) {
    const n = powerOf(monomial, atom);
    const others = n === 0 ? monomial : pool.monomial(monomial.factors.filter((f) => f.atom !== atom));
    let binomial = 1n;
    for (let i = 0; i <= n; i++) {
      const target = i === 0 ? others : pool.times(others, pool.monomial([{ atom, power: i }]));
      const change = coefficient * binomial * base ** BigInt(n - i) * sign ** BigInt(i);
      result.set(target, (result.get(target) ?? 0n) + change);
      binomial = (binomial * BigInt(n - i)) / BigInt(i + 1);
    }
    if (result.size > MAX_EXPANDED) return undefined;
  }
  return result;
}

function atomLower(world: Knowledge, atom: Atom, effort: Effort): bigint | undefined {
  if (atom.kind === "variable") return world.range(atom.variable).lo;
  const bound = atom.kind === "floor" ? lowerBound(world, atom.of, withAllFloors(effort)) : undefined;
  return bound && floorOf(bound.value);
}

function atomUpper(world: Knowledge, atom: Atom, effort: Effort): bigint | undefined {
  if (atom.kind === "variable") return world.range(atom.variable).hi;
  return atom.kind === "floor" ? floorUpper(world, atom.of, withAllFloors(effort)) : undefined;
}

/** Returns an upper bound of ⌊x⌋. */
export function floorUpper(world: Knowledge, x: Size, effort = FULL): bigint | undefined {
  const below = lowerBound(world, negated(world, x), effort);
  if (below === undefined) return undefined;
  return below.strict ? -floorOf(below.value) - 1n : floorDiv(-below.value.n, below.value.d);
}

/** Replaces one floor in `s` by a bound that makes `s` smaller: x − 1 + 1/k ≤ ⌊x⌋ ≤ x for x in ℤ/k. */
function withoutOneFloor(world: Knowledge, s: Size, effort: Effort): Size[] {
  const { pool } = world;
  const floors = new Set<Atom>();
  for (const { monomial } of s.terms)
    for (const { atom } of monomial.factors) if (atom.kind === "floor") floors.add(atom);
  const results: Size[] = [];
  for (const atom of [...floors].slice(0, FULL.floors)) {
    if (atom.kind !== "floor") continue;
    const once = pool.monomial([{ atom, power: 1 }]);
    const uses = s.terms.filter((t) => powerOf(t.monomial, atom) !== 0);
    const linear = uses.every(
      ({ monomial }) =>
        powerOf(monomial, atom) === 1 &&
        pool.times(monomial, once, -1).factors.every((f) => isNonNegativeAtom(world, f.atom, effort)),
    );
    if (!linear) continue;
    const weaker = attempt(() =>
      uses.reduce((rest, { monomial, coefficient }) => {
        const factor = ratio(coefficient, s.over);
        const bound = coefficient < 0n ? atom.of : leastFloor(world, atom.of, effort);
        const change = scale(pool, bound, factor, pool.times(monomial, once, -1));
        return add(pool, sub(pool, rest, pool.size(new Map([[monomial, coefficient]]), s.over)), change);
      }, s),
    );
    if (weaker !== undefined) results.push(weaker);
  }
  return results;
}

function leastFloor(world: Knowledge, x: Size, effort: Effort): Size {
  const { pool } = world;
  const { denominator } = split(pool, x);
  const step = isPositive(world, denominator, withAllFloors(effort)) ? reciprocal(pool, denominator) : pool.zero;
  return add(pool, sub(pool, x, pool.one), step);
}

const isNonNegativeAtom = (world: Knowledge, atom: Atom, effort: Effort): boolean =>
  atom.kind === "inverse"
    ? isNonNegative(world, atom.of, withAllFloors(effort))
    : (atomLower(world, atom, effort) ?? -1n) >= 0n;

/** Returns lower bounds of `s`: `s` − λF for known F ≥ 0, with λ > 0 chosen to cancel a term. */
function withoutOneTerm(world: Knowledge, s: Size): Size[] {
  const { pool } = world;
  const { zero, nonNegative } = world.known;
  const facts = [...nonNegative, ...zero, ...zero.map((f) => negated(world, f))];
  pool.spend(facts.length);
  const own = new Map(s.terms.map(({ monomial, coefficient }) => [monomial, coefficient]));
  const ways = facts.flatMap((fact) => {
    const added = fact.terms.reduce((count, { monomial }) => (own.has(monomial) ? count : count + 1), 0);
    return fact.terms
      .filter(({ monomial, coefficient }) => monomial !== pool.unit && (own.get(monomial) ?? 0n) * coefficient > 0n)
      .map(({ monomial, coefficient }) => ({ fact, monomial, coefficient, added }));
  });
  if (ways.length > MAX_COMBINED) ways.sort((x, y) => x.added - y.added);
  const results = new Set<Size>();
  for (const { fact, monomial, coefficient } of ways.slice(0, MAX_COMBINED)) {
    const factor = ratio(-own.get(monomial)! * fact.over, s.over * coefficient);
    const weaker = attempt(() => add(pool, s, scale(pool, fact, factor)));
    if (weaker !== undefined) results.add(weaker);
  }
  return [...results];
}

/** Runs `compute`; undefined if an intermediate result exceeds the caps. */
export function attempt<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof SizeTooLarge) return undefined;
    throw error;
  }
}
