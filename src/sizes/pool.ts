/** @file Interns atoms, monomials and normal forms, and caps their size. */
import { abs, gcd } from "./rational.ts";
import type { Atom, Factor, Monomial, Size, SizeVar, Term } from "./size.ts";

/** The most terms of a size, including those inside its floors and divisors. */
const MAX_TERMS = 1_000;
const MAX_POWER = 64;
const MAX_COEFFICIENT = 1n << 1_024n;

/** A size that exceeds one of the caps, which the message names. Callers report `too-large`. */
export class SizeTooLarge extends Error {
  override readonly name = "SizeTooLarge";
}

/** More work than `SizePool.within` allows. It is not caught where a single proof fails, but ends the whole work. */
export class TooManySteps extends Error {
  override readonly name = "TooManySteps";
}

/** How many more steps some work may take. Making a size is one step. */
export interface Budget {
  left: number;
}

const tooMany = "a size has more than 1,000 terms";
const tooLong = "a size has numbers of more than 1,024 bits";

/** Coefficients of monomials, not yet in normal form. Zeros are allowed. */
export type Terms = Map<Monomial, bigint>;

export class SizePool {
  #sizes = new Map<string, Size>();
  #monomials = new Map<string, Monomial>();
  #atoms = new Map<SizeVar | string, Atom>();
  #integers = new Map<bigint, Size>();
  #owned = new WeakSet<object>();
  #products = new Map<number, Monomial>();
  #budget: Budget = { left: Infinity };

  /** The atoms as sizes. */
  readonly ofAtoms = new Map<Atom, Size>();
  /** The reciprocals that were needed. A program divides by few sizes, again and again. */
  readonly reciprocals = new Map<Size, Size>();

  /** The empty product. */
  readonly unit: Monomial = this.monomial([]);
  readonly zero: Size = this.size(new Map());
  readonly one: Size = this.int(1n);

  /** Does work within a budget. Throws `TooManySteps` when it is spent. */
  within<T>(budget: Budget, work: () => T): T {
    const before = this.#budget;
    this.#budget = budget;
    try {
      return work();
    } finally {
      this.#budget = before;
    }
  }

  spend(steps: number): void {
    this.#budget.left -= steps;
    if (this.#budget.left < 0) throw new TooManySteps();
  }

  owns(value: object): boolean {
    return this.#owned.has(value);
  }

  int(n: bigint): Size {
    const known = this.#integers.get(n);
    if (known !== undefined) return known;
    const size = this.size(new Map([[this.unit, n]]));
    this.#integers.set(n, size);
    return size;
  }

  variable(v: SizeVar): Atom {
    const known = this.#atoms.get(v);
    if (known !== undefined) return known;
    const id = this.#atoms.size;
    const atom: Atom = { kind: "variable", id, variable: v, variables: new Set([v]), first: v.order, weight: 0 };
    this.#atoms.set(v, atom);
    return atom;
  }

  /** Returns the atom ⌊of⌋ or 1/of. `of` must already be in the form that `normalFloor` or `reciprocal` produces. */
  compound(kind: "floor" | "inverse", of: Size): Atom {
    const key = `${kind}${of.id}`;
    const known = this.#atoms.get(key);
    if (known !== undefined) return known;
    const first = Math.min(...[...of.variables].map((v) => v.order));
    const atom: Atom = { kind, id: this.#atoms.size, of, variables: of.variables, first, weight: of.weight };
    this.#atoms.set(key, atom);
    return atom;
  }

  /** Interns a monomial. The factors must be in order, with each atom once and no power 0. */
  monomial(factors: readonly Factor[]): Monomial {
    const key = factors.map(({ atom, power }) => `${atom.id}^${power}`).join();
    let monomial = this.#monomials.get(key);
    if (monomial === undefined) {
      if (factors.some(({ power }) => Math.abs(power) > MAX_POWER))
        throw new SizeTooLarge(`a size has a power beyond ${MAX_POWER}`);
      monomial = {
        id: this.#monomials.size,
        factors,
        degree: factors.reduce((sum, { power }) => sum + power, 0),
        weight: factors.reduce((sum, { atom, power }) => sum + power * atom.weight, 0),
        whole: factors.every(({ atom, power }) => power > 0 && atom.kind !== "inverse"),
        inverse: factors.some(({ atom }) => atom.kind === "inverse"),
      };
      this.#monomials.set(key, monomial);
    }
    return monomial;
  }

  /** a · b^sign */
  times(a: Monomial, b: Monomial, sign: 1 | -1 = 1): Monomial {
    if (b === this.unit) return a;
    if (a === this.unit && sign === 1) return b;
    const key = (a.id * 0x2000000 + b.id) * sign;
    let product = this.#products.get(key);
    if (product === undefined) {
      const powers = new Map(a.factors.map(({ atom, power }) => [atom, power]));
      for (const { atom, power } of b.factors) powers.set(atom, (powers.get(atom) ?? 0) + sign * power);
      product = this.fromPowers(powers);
      this.#products.set(key, product);
    }
    return product;
  }

  fromPowers(powers: ReadonlyMap<Atom, number>): Monomial {
    const factors = [...powers].filter(([, power]) => power !== 0).map(([atom, power]) => ({ atom, power }));
    return this.monomial(factors.sort((x, y) => compareAtoms(x.atom, y.atom)));
  }

  /** Interns the rational polynomial Σ terms / over with over > 0, in lowest terms and sorted. */
  size(terms: Terms, over = 1n): Size {
    this.spend(1);
    let common = over;
    for (const coefficient of terms.values()) if (common !== 1n) common = gcd(common, coefficient);
    const sorted: Term[] = [];
    for (const [monomial, coefficient] of terms) {
      if (coefficient !== 0n) sorted.push({ coefficient: coefficient / common, monomial });
    }
    if (sorted.length > 1) sorted.sort((x, y) => compareMonomials(x.monomial, y.monomial));
    let key = String(over / common);
    for (const { coefficient, monomial } of sorted) key += `;${coefficient}*${monomial.id}`;
    let size = this.#sizes.get(key);
    if (size === undefined) {
      size = this.#make(sorted, over / common);
      this.#sizes.set(key, size);
      this.#owned.add(size);
    }
    return size;
  }

  #make(terms: readonly Term[], over: bigint): Size {
    let weight = terms.length;
    const variables = new Set<SizeVar>();
    for (const { coefficient, monomial } of terms) {
      if (abs(coefficient) > MAX_COEFFICIENT) throw new SizeTooLarge(tooLong);
      for (const { atom, power } of monomial.factors) {
        weight += Math.abs(power) * atom.weight;
        for (const v of atom.variables) variables.add(v);
      }
    }
    if (weight > MAX_TERMS) throw new SizeTooLarge(tooMany);
    if (over > MAX_COEFFICIENT) throw new SizeTooLarge(tooLong);
    return { id: this.#sizes.size, terms, over, variables, weight };
  }
}

/** Stops a product early if it grows beyond the cap. */
export function limit(terms: Terms): void {
  if (terms.size > MAX_TERMS) throw new SizeTooLarge(tooMany);
}

const KINDS = { variable: 0, floor: 1, inverse: 2 };

/** Orders atoms by the earliest of their variables, so printed sizes follow the order of the signature. */
function compareAtoms(a: Atom, b: Atom): number {
  return a === b ? 0 : a.first - b.first || KINDS[a.kind] - KINDS[b.kind] || a.id - b.id;
}

/**
 * Negative if `a` comes first. Orders by the weight of the floors, then as printed. Products respect this order, so division
 * with remainder ends and never makes a size heavier.
 */
export const compareMonomials = (a: Monomial, b: Monomial): number => b.weight - a.weight || compareByDegree(a, b);

/** Orders by descending degree, then lexicographically by powers. */
export function compareByDegree(a: Monomial, b: Monomial): number {
  if (a === b) return 0;
  if (a.degree !== b.degree) return b.degree - a.degree;
  for (let i = 0; ; i++) {
    const [x, y] = [a.factors[i], b.factors[i]];
    if (x === undefined || y === undefined) return (y?.power ?? 0) - (x?.power ?? 0);
    if (x.atom === y.atom) {
      if (x.power !== y.power) return y.power - x.power;
    } else if (compareAtoms(x.atom, y.atom) < 0) return -x.power;
    else return y.power;
  }
}
