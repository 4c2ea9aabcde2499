/** @file Sums, products and exact quotients of sizes: arithmetic in the field of fractions, in a normal form. */
import { invariant } from "../source/internal-error.ts";
import { compareMonomials, limit, type SizePool, type Terms } from "./pool.ts";
import { gcd, lcm, type Rational } from "./rational.ts";
import type { Atom, Monomial, Size, Term } from "./size.ts";

type InverseAtom = Extract<Atom, { kind: "inverse" }>;

/** a + factor·b */
export function add(pool: SizePool, a: Size, b: Size, factor = 1n): Size {
  if (b.terms.length === 0) return a;
  if (a.terms.length === 0 && factor === 1n) return b;
  const [own, other] = [integerOf(a), integerOf(b)];
  if (own !== undefined && other !== undefined) return pool.int(own + factor * other);
  const over = lcm(a.over, b.over);
  const terms: Terms = new Map();
  accumulate(terms, a.terms, over / a.over);
  accumulate(terms, b.terms, (over / b.over) * factor);
  return settle(pool, terms, over);
}

export const sub = (pool: SizePool, a: Size, b: Size): Size => add(pool, a, b, -1n);

function accumulate(into: Terms, terms: readonly Term[], factor: bigint): void {
  for (const { coefficient, monomial } of terms) {
    into.set(monomial, (into.get(monomial) ?? 0n) + coefficient * factor);
  }
}

export function mul(pool: SizePool, a: Size, b: Size): Size {
  if (a === pool.one) return b;
  if (b === pool.one) return a;
  const [own, other] = [integerOf(a), integerOf(b)];
  if (own !== undefined && other !== undefined) return pool.int(own * other);
  const terms: Terms = new Map();
  for (const x of a.terms) {
    for (const y of b.terms) {
      const monomial = pool.times(x.monomial, y.monomial);
      terms.set(monomial, (terms.get(monomial) ?? 0n) + x.coefficient * y.coefficient);
    }
    limit(terms);
  }
  return settle(pool, terms, a.over * b.over);
}

/** a · factor · monomial */
export function scale(pool: SizePool, a: Size, factor: Rational, monomial = pool.unit): Size {
  const terms: Terms = new Map();
  for (const term of a.terms) terms.set(pool.times(term.monomial, monomial), term.coefficient * factor.n);
  return settle(pool, terms, a.over * factor.d);
}

export function power(pool: SizePool, a: Size, exponent: number): Size {
  let result = pool.one;
  for (let i = 0; i < exponent; i++) result = mul(pool, result, a);
  return result;
}

export const ofAtom = (pool: SizePool, atom: Atom): Size => {
  const known = pool.ofAtoms.get(atom);
  if (known !== undefined) return known;
  const made = pool.size(new Map([[pool.monomial([{ atom, power: 1 }]), 1n]]));
  pool.ofAtoms.set(atom, made);
  return made;
};

/** p / q. For q = 0 the result is a size without a value. */
export const divide = (pool: SizePool, p: Size, q: Size): Size => mul(pool, p, reciprocal(pool, q));

export function reciprocal(pool: SizePool, q: Size): Size {
  const known = pool.reciprocals.get(q);
  if (known !== undefined) return known;
  const made = newReciprocal(pool, q);
  pool.reciprocals.set(q, made);
  return made;
}

function newReciprocal(pool: SizePool, q: Size): Size {
  if (q.terms.length === 0) return ofAtom(pool, pool.compound("inverse", pool.zero));
  const { numerator, denominator } = split(pool, q);
  const leading = numerator.terms[0];
  invariant(leading !== undefined, "a divisor without numerator");
  const common = commonFactor(pool, numerator);
  const content = numerator.terms.reduce((g, t) => gcd(g, t.coefficient), 0n) * (leading.coefficient < 0n ? -1n : 1n);
  const rest: Terms = new Map();
  for (const t of numerator.terms) rest.set(pool.times(t.monomial, common, -1), t.coefficient / content);
  const primitive = pool.size(rest);
  const inverse = primitive === pool.one ? pool.one : ofAtom(pool, pool.compound("inverse", primitive));
  const factor = content < 0n ? { n: -1n, d: -content } : { n: 1n, d: content };
  return scale(pool, mul(pool, denominator, inverse), factor, pool.times(pool.unit, common, -1));
}

/** Returns the greatest monomial that divides all terms of a polynomial. */
export function commonFactor(pool: SizePool, polynomial: Size): Monomial {
  const [first, ...others] = polynomial.terms;
  if (first === undefined) return pool.unit;
  const powers = new Map(first.monomial.factors.map(({ atom, power }) => [atom, power]));
  for (const [atom, least] of powers) {
    powers.set(atom, Math.min(least, ...others.map((t) => powerOf(t.monomial, atom))));
  }
  return pool.fromPowers(powers);
}

export const powerOf = (monomial: Monomial, atom: Atom): number =>
  monomial.factors.find((factor) => factor.atom === atom)?.power ?? 0;

/** Whether `monomial` contains every factor of `divisor` to at least the same power. */
export const dividesMonomial = (divisor: Monomial, monomial: Monomial): boolean =>
  divisor.factors.every(({ atom, power }) => powerOf(monomial, atom) >= power);

/**
 * Writes s as numerator / denominator, both polynomials with integer coefficients in variables and floors.
 * The denominator is 0 if s has no value because it divides by a literal 0.
 */
export function split(pool: SizePool, s: Size): { readonly numerator: Size; readonly denominator: Size } {
  const powers = new Map<Atom, number>();
  for (const { monomial } of s.terms) {
    if (monomial.whole) continue;
    for (const { atom, power } of monomial.factors) {
      const needed = atom.kind === "inverse" ? power : -power;
      if (needed > (powers.get(atom) ?? 0)) powers.set(atom, needed);
    }
  }
  if (powers.size === 0) {
    return { numerator: s.over === 1n ? s : scale(pool, s, { n: s.over, d: 1n }), denominator: pool.int(s.over) };
  }
  const plain = pool.fromPowers(new Map([...powers].filter(([atom]) => atom.kind !== "inverse")));
  let numerator = scale(pool, s, { n: s.over, d: 1n }, plain);
  let denominator = pool.size(new Map([[plain, s.over]]));
  for (const [atom, exponent] of powers) {
    if (atom.kind !== "inverse") continue;
    if (atom.of === pool.zero) return { numerator: withoutZeroDivisor(pool, s, atom), denominator: pool.zero };
    const factor = power(pool, atom.of, exponent);
    numerator = mul(pool, numerator, factor);
    denominator = mul(pool, denominator, factor);
  }
  invariant(
    numerator.over === 1n && numerator.terms.every((t) => t.monomial.whole),
    "a numerator that still has a divisor",
  );
  const common = gcd(contentOf(numerator), contentOf(denominator));
  if (common === 1n) return { numerator, denominator };
  const lowest = { n: 1n, d: common };
  return { numerator: scale(pool, numerator, lowest), denominator: scale(pool, denominator, lowest) };
}

/** Returns the dividend of the division by a literal 0 in `s`. */
function withoutZeroDivisor(pool: SizePool, s: Size, zero: Atom): Size {
  const terms: Terms = new Map();
  for (const { coefficient, monomial } of s.terms) {
    if (powerOf(monomial, zero) === 0) continue;
    const kept = monomial.factors.filter(({ atom, power }) => atom.kind !== "inverse" && power > 0);
    terms.set(pool.monomial(kept), coefficient);
  }
  return pool.size(terms);
}

/** Cancels divisors of several terms: Σ S·Q⁻ʲ with S = A·Q + B becomes Σ A·Q¹⁻ʲ + B·Q⁻ʲ. */
function settle(pool: SizePool, terms: Terms, over: bigint): Size {
  const inverses = new Set<InverseAtom>();
  for (const [monomial, coefficient] of terms) {
    if (coefficient === 0n || !monomial.inverse) continue;
    for (const { atom } of monomial.factors) if (atom.kind === "inverse" && atom.of !== pool.zero) inverses.add(atom);
  }
  let scaled = over;
  for (const inverse of inverses) scaled *= cancel(pool, terms, inverse);
  return pool.size(terms, scaled);
}

/** Divides with remainder, highest term first, until the divisor's highest term divides no term. Returns the factor that all terms got. */
function cancel(pool: SizePool, terms: Terms, inverse: InverseAtom): bigint {
  const [leading, ...others] = inverse.of.terms;
  invariant(leading !== undefined, "the divisor 0 does not cancel");
  const once = pool.monomial([{ atom: inverse, power: 1 }]);
  const change = (m: Monomial, by: bigint) => terms.set(m, (terms.get(m) ?? 0n) + by);
  let multiplied = 1n;
  for (;;) {
    const reducible = [...terms].filter(
      ([m, c]) => c !== 0n && powerOf(m, inverse) > 0 && dividesMonomial(leading.monomial, m),
    );
    if (reducible.length === 0) return multiplied;
    const [monomial, coefficient] = reducible.reduce((x, y) => (compareMonomials(x[0], y[0]) < 0 ? x : y));
    const factor = leading.coefficient / gcd(coefficient, leading.coefficient);
    if (factor !== 1n) for (const [m, c] of terms) terms.set(m, c * factor);
    multiplied *= factor;
    const quotient = (coefficient * factor) / leading.coefficient;
    const base = pool.times(monomial, leading.monomial, -1);
    terms.delete(monomial);
    for (const t of others) change(pool.times(base, t.monomial), -quotient * t.coefficient);
    change(pool.times(base, once, -1), quotient);
    limit(terms);
  }
}

/** Returns the coefficient of a monomial, times `s.over`. */
export const coefficientOf = (s: Size, monomial: Monomial): bigint =>
  s.terms.find((t) => t.monomial === monomial)?.coefficient ?? 0n;

/** Returns the greatest number that divides all coefficients except that of `except`; 0 if there are no others. */
export const contentOf = (s: Size, except?: Monomial): bigint =>
  s.terms.reduce((g, t) => (t.monomial === except ? g : gcd(g, t.coefficient)), 0n);

/** Returns the value of a size that is an integer: most are. */
function integerOf(s: Size): bigint | undefined {
  const value = s.over === 1n ? rationalValue(s) : undefined;
  return value?.n;
}

/** Returns the value of a size without atoms, as a fraction of integers. */
export function rationalValue(s: Size): Rational | undefined {
  const [first, ...others] = s.terms;
  if (first === undefined) return { n: 0n, d: 1n };
  return others.length === 0 && first.monomial.factors.length === 0 ? { n: first.coefficient, d: s.over } : undefined;
}
