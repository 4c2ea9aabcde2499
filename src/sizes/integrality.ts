/** @file Decides which fractions are integers: products of variables and floors, and those that follow from a world's divisibilities. */
import { coefficientOf, dividesMonomial, powerOf, rationalValue, scale, sub } from "./arithmetic.ts";
import { Knowledge, type Known } from "./knowledge.ts";
import type { SizePool, Terms } from "./pool.ts";
import { commonMeasure, floorMod, floorOf, minus, over, ratio, times, type Rational } from "./rational.ts";
import type { Monomial, Size, Term } from "./size.ts";

const ONE: Rational = { n: 1n, d: 1n };

/**
 * Removes the integer part: x − fraction(x) is an integer wherever x has a value. If x and y evidently differ by an integer,
 * their fractions are equal.
 */
export function fraction(world: Knowledge, x: Size): Size {
  const { pool } = world;
  const rows = world.known.integer;
  if (rows.length === 0) {
    if (x.over === 1n && x.terms.every((t) => t.monomial.whole)) return pool.zero;
    const terms: Terms = new Map();
    for (const { monomial, coefficient } of x.terms) {
      terms.set(monomial, monomial.whole ? floorMod(coefficient, x.over) : coefficient);
    }
    return pool.size(terms, x.over);
  }
  let rest = x;
  let result = pool.zero;
  for (let term = rest.terms[0]; term !== undefined; term = rest.terms[0]) {
    const { monomial } = term;
    const single = pool.size(new Map([[monomial, term.coefficient]]), rest.over);
    const measured = measure(world, monomial);
    let coefficient = ratio(term.coefficient, rest.over);
    if (measured !== undefined) coefficient = remainder(coefficient, measured);
    rest = sub(pool, rest, single);
    for (const row of rows) {
      const pivot = row.terms[0];
      if (pivot === undefined || row.terms.length === 1 || !dividesMonomial(pivot.monomial, monomial)) continue;
      const factor = pool.times(monomial, pivot.monomial, -1);
      if (!factor.whole) continue;
      const step = ratio(pivot.coefficient, row.over);
      const count = floorOf(over(coefficient, step));
      const tail = sub(pool, row, pool.size(new Map([[pivot.monomial, pivot.coefficient]]), row.over));
      rest = sub(pool, rest, scale(pool, tail, ratio(count), factor));
      coefficient = remainder(coefficient, step);
    }
    result = sub(pool, result, pool.size(new Map([[monomial, -coefficient.n]]), coefficient.d));
  }
  return result;
}

const remainder = (a: Rational, b: Rational): Rational => minus(a, times(ratio(floorOf(over(a, b))), b));

export const isInteger = (world: Knowledge, x: Size): boolean => fraction(world, x) === world.pool.zero;

/** Returns the least known g > 0 for which g · monomial is an integer; undefined if none is known. */
export function measure(world: Knowledge, monomial: Monomial, depth = 3): Rational | undefined {
  const rows = world.known.integer;
  let result = monomial.whole ? ONE : undefined;
  if (rows.length === 0 || depth === 0) return result;
  const key = `${monomial.id}/${depth}`;
  if (world.measures.has(key)) return world.measures.get(key);
  for (const row of rows) {
    const [term, ...others] = row.terms;
    if (term === undefined || others.length > 0 || !shares(term.monomial, monomial)) continue;
    const rest = measure(world, world.pool.times(monomial, term.monomial, -1), depth - 1);
    if (rest === undefined) continue;
    const candidate = times(rest, ratio(term.coefficient, row.over));
    result = result === undefined ? candidate : commonMeasure(result, candidate);
  }
  world.measures.set(key, result);
  return result;
}

/** Whether some factor of `a` occurs in `b` with the same sign. */
const shares = (a: Monomial, b: Monomial): boolean => a.factors.some(({ atom, power }) => power * powerOf(b, atom) > 0);

/** Returns a g with x − x₀ in gℤ for all values, where x₀ is the constant term; 0 if x is constant, undefined if none is known. */
function spacing(world: Knowledge, x: Size): Rational | undefined {
  let result: Rational = { n: 0n, d: 1n };
  for (const term of x.terms) {
    if (term.monomial === world.pool.unit) continue;
    const measured = measure(world, term.monomial);
    if (measured === undefined) return undefined;
    result = commonMeasure(result, over(ratio(term.coefficient, x.over), measured));
  }
  return result;
}

/** Returns a number that divides x − x₀, for a polynomial with integer coefficients. */
export const stride = (world: Knowledge, x: Size): bigint => {
  const g = spacing(world, x);
  return g === undefined || g.d !== 1n ? 1n : g.n;
};

const constantTerm = (world: Knowledge, x: Size): Rational => ratio(coefficientOf(x, world.pool.unit), x.over);

const isMultiple = (a: Rational, b: Rational): boolean => (b.n === 0n ? a.n === 0n : over(a, b).d === 1n);

/** Proves by modular arithmetic that x is never an integer, e.g. (2h + 1)/2. */
export function isNeverInteger(world: Knowledge, x: Size): boolean {
  const rest = fraction(world, x);
  const g = spacing(world, rest);
  return g !== undefined && !isMultiple(constantTerm(world, rest), commonMeasure(g, ONE));
}

/** Proves by modular arithmetic that x is never 0, e.g. 2a − 2b + 1. */
export function isNeverZero(world: Knowledge, x: Size): boolean {
  const g = spacing(world, x);
  return g !== undefined && !isMultiple(constantTerm(world, x), g);
}

/** The most steps for combining known integers. The remaining combinations are dropped, which is safe. */
const MAX_STEPS = 40;

/**
 * Adds the fact that x is an integer. The rows stay a basis in echelon form: each leading coefficient is 1/k of the measure known
 * without that row. "impossible" if no assignment makes all of them integers.
 */
export function insertInteger(pool: SizePool, known: Known, x: Size): Known | "impossible" {
  let rows = known.integer;
  const queue = [x];
  for (let step = 0; step < MAX_STEPS; step++) {
    const next = queue.shift();
    if (next === undefined) break;
    const world = new Knowledge(pool, { ...known, integer: rows });
    const row = fraction(world, next);
    if (row === pool.zero) continue;
    if (rationalValue(row) !== undefined) return "impossible";
    const pivot = row.terms[0];
    if (pivot === undefined || pivot.monomial === pool.unit) continue;
    const added = reduced(world, row, pivot, queue);
    const apart = (other: Size) => other.terms.length === 1 || added.terms.length > 1;
    const sameAs = (other: Size) => other.terms[0]?.monomial === added.terms[0]?.monomial && other.terms.length > 1;
    queue.push(...rows.filter((other) => !apart(other) || sameAs(other)));
    rows = [...rows.filter((other) => apart(other) && !sameAs(other)), added];
  }
  return { ...known, integer: rows };
}

/** Returns `row`, or the multiple of it with the least leading coefficient. Queues what else the row implies. */
function reduced(world: Knowledge, row: Size, pivot: Term, queue: Size[]): Size {
  const { pool } = world;
  const measured = measure(world, pivot.monomial);
  const coefficient = ratio(pivot.coefficient, row.over);
  if (measured === undefined) return coefficient.n < 0n ? scale(pool, row, ratio(-1n)) : row;
  const { n: p, d: q } = over(coefficient, measured);
  if (row.terms.length > 1) queue.push(scale(pool, row, ratio(q)));
  const result = fraction(world, scale(pool, row, ratio(inverseModulo(p, q))));
  queue.push(sub(pool, row, scale(pool, result, ratio(p))));
  return result;
}

/** Returns the x in [1, m) with p·x ≡ 1 modulo m, for coprime p and m. */
function inverseModulo(p: bigint, m: bigint): bigint {
  let [a, b, x, y] = [floorMod(p, m), m, 1n, 0n];
  while (a !== 0n) [a, b, x, y] = [b % a, a, y - (b / a) * x, x];
  return m === 1n ? 1n : floorMod(y, m);
}
