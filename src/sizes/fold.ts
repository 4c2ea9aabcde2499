/** @file Converts sizes to expressions of another domain, such as text or numbers. */
import { coefficientOf, split, sub } from "./arithmetic.ts";
import { compareByDegree, type SizePool } from "./pool.ts";
import { abs, floorDiv } from "./rational.ts";
import type { Atom, Factor, Monomial, Size, SizeAlgebra, SizeVar, Term } from "./size.ts";

/**
 * Computes a size in the given algebra. Every quotient is exact if the size has a value: integer terms stay apart, and all
 * others go over one divisor. `isPositive` decides whether ⌊(p + q − 1)/q⌋ may be written ⌈p/q⌉ for a symbolic q.
 */
export function fold<T>(pool: SizePool, s: Size, algebra: SizeAlgebra<T>, isPositive: (divisor: Size) => boolean): T {
  const integral = s.terms.filter((t) => t.monomial.whole && t.coefficient % s.over === 0n);
  const whole = pool.size(new Map(integral.map((t) => [t.monomial, t.coefficient])), s.over);
  const rest = sub(pool, s, whole);
  const parts = byDegree(whole.terms).map(product);
  if (rest !== pool.zero) {
    const { numerator, denominator } = split(pool, rest);
    parts.unshift({ negative: false, value: () => algebra.divide(polynomial(numerator), polynomial(denominator)) });
  }
  return sum(parts);

  function polynomial(p: Size): T {
    return sum(byDegree(p.terms).map(product));
  }

  /** Puts positive parts first, to avoid a leading minus sign. */
  function sum(unordered: readonly Part<T>[]): T {
    const [first, ...others] = [...unordered.filter((p) => !p.negative), ...unordered.filter((p) => p.negative)];
    if (first === undefined) return algebra.int(0n);
    const start = first.negative ? algebra.mul(algebra.int(-1n), first.value()) : first.value();
    return others.reduce((a, b) => (b.negative ? algebra.sub(a, b.value()) : algebra.add(a, b.value())), start);
  }

  function product({ coefficient, monomial }: Term): Part<T> {
    return { negative: coefficient < 0n, value: () => factors(abs(coefficient), monomial) };
  }

  /** Multiplies the number, then variables, then floors. */
  function factors(coefficient: bigint, monomial: Monomial): T {
    const isVariable = ({ atom }: Factor) => atom.kind === "variable";
    const ordered = [...monomial.factors.filter(isVariable), ...monomial.factors.filter((f) => !isVariable(f))];
    const values = ordered.flatMap(({ atom, power }) => Array.from({ length: power }, () => factor(atom)));
    const [first, ...others] = coefficient === 1n ? values : [algebra.int(coefficient), ...values];
    return first === undefined ? algebra.int(1n) : others.reduce((a, b) => algebra.mul(a, b), first);
  }

  function factor(atom: Atom): T {
    if (atom.kind === "variable") return algebra.variable(atom.variable);
    const { numerator, denominator } = split(pool, atom.of);
    const ceiling = asCeiling(atom.of, numerator, denominator);
    return ceiling === undefined
      ? algebra.floor(polynomial(numerator), polynomial(denominator))
      : algebra.ceil(polynomial(ceiling), polynomial(denominator));
  }

  /** Returns the p of ⌊(p + q − 1)/q⌋ = ⌈p/q⌉ if x has that form. */
  function asCeiling(x: Size, numerator: Size, denominator: Size): Size | undefined {
    const q = denominator.terms[0];
    const symbolic = denominator.terms.length !== 1 || q?.monomial !== pool.unit;
    if (
      symbolic
        ? coefficientOf(x, pool.unit) !== x.over || !isPositive(denominator)
        : coefficientOf(numerator, pool.unit) + 1n !== q.coefficient
    ) {
      return undefined;
    }
    return sub(pool, numerator, sub(pool, denominator, pool.one));
  }
}

const byDegree = (terms: readonly Term[]): Term[] => [...terms].sort((x, y) => compareByDegree(x.monomial, y.monomial));

interface Part<T> {
  readonly negative: boolean;
  readonly value: () => T;
}

interface Text {
  readonly text: string;
  /** Precedence: 0 for a sum, 1 for a product, 2 for anything else. */
  readonly level: 0 | 1 | 2;
}

const at = (level: 0 | 1 | 2, { text, level: own }: Text): string => (own < level ? `(${text})` : text);

export const asText: SizeAlgebra<Text> = {
  int: (n) => ({ text: String(n), level: n < 0n ? 1 : 2 }),
  variable: (v) => ({ text: v.name, level: 2 }),
  add: (a, b) => ({ text: `${a.text} + ${at(0, b)}`, level: 0 }),
  sub: (a, b) => ({ text: `${a.text} - ${at(1, b)}`, level: 0 }),
  mul: (a, b) => ({ text: a.text === "-1" ? `-${at(1, b)}` : `${at(1, a)}*${at(2, b)}`, level: 1 }),
  divide: (a, b) => ({ text: `${at(1, a)}/${at(2, b)}`, level: 1 }),
  floor: (a, b) => ({ text: `floor(${at(1, a)}/${at(2, b)})`, level: 2 }),
  ceil: (a, b) => ({ text: `ceil(${at(1, a)}/${at(2, b)})`, level: 2 }),
};

/** Computes numbers; undefined where there is no value. */
export function asNumber(value: (v: SizeVar) => bigint): SizeAlgebra<bigint | undefined> {
  type N = bigint | undefined;
  const on = (compute: (a: bigint, b: bigint) => N) => (a: N, b: N) =>
    a === undefined || b === undefined ? undefined : compute(a, b);
  return {
    int: (n) => n,
    variable: value,
    add: on((a, b) => a + b),
    sub: on((a, b) => a - b),
    mul: on((a, b) => a * b),
    divide: on((a, b) => (b === 0n || a % b !== 0n ? undefined : a / b)),
    floor: on((a, b) => (b === 0n ? undefined : floorDiv(a, b))),
    ceil: on((a, b) => (b === 0n ? undefined : -floorDiv(-a, b))),
  };
}
