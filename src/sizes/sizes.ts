/** @file Every operation on sizes of one compilation, with interning. */
import * as arithmetic from "./arithmetic.ts";
import { ofAtom, rationalValue } from "./arithmetic.ts";
import { isPositive, lowerInteger } from "./bounds.ts";
import { normalCeil, normalFloor } from "./floor.ts";
import { asNumber, asText, fold } from "./fold.ts";
import { Knowledge, NOTHING } from "./knowledge.ts";
import { SizePool } from "./pool.ts";
import { rewrite } from "./rewrite.ts";
import type { Monomial, Size, SizeAlgebra, SizeVar } from "./size.ts";

/** The sizes of one compilation. All methods that make a size throw `SizeTooLarge` beyond the caps. */
export class Sizes {
  readonly pool = new SizePool();
  /** What holds without any facts: the bounds that variables are introduced with. */
  readonly nothing = new Knowledge(this.pool, NOTHING);
  #made = 0;
  #texts = new Map<Size, string>();

  /** Whether a value is a size of this compilation. */
  owns(value: object): boolean {
    return this.pool.owns(value);
  }

  /** Makes a new variable at every call, even if the name is the same. */
  variable(name: string, options: Partial<SizeVar> & Pick<SizeVar, "time">): SizeVar {
    return { lower: 1n, ...options, name, order: this.#made++ };
  }

  of(v: SizeVar): Size {
    return ofAtom(this.pool, this.pool.variable(v));
  }

  int(n: number | bigint): Size {
    return this.pool.int(BigInt(n));
  }

  add(a: Size, b: Size): Size {
    return arithmetic.add(this.pool, a, b);
  }

  sub(a: Size, b: Size): Size {
    return arithmetic.sub(this.pool, a, b);
  }

  mul(a: Size, b: Size): Size {
    return arithmetic.mul(this.pool, a, b);
  }

  neg(a: Size): Size {
    return arithmetic.sub(this.pool, this.pool.zero, a);
  }

  /** Returns the exact quotient p / q. The caller states the obligation q | p. If it is refuted, the result has no value (`3/2`). */
  divide(p: Size, q: Size): Size {
    return arithmetic.divide(this.pool, p, q);
  }

  /** ⌊p / q⌋ */
  floor(p: Size, q: Size): Size {
    return normalFloor(this.nothing, this.divide(p, q));
  }

  /** ⌈p / q⌉ */
  ceil(p: Size, q: Size): Size {
    return normalCeil(this.nothing, this.divide(p, q));
  }

  /** p % q = p − q·⌊p / q⌋ */
  mod(p: Size, q: Size): Size {
    return this.sub(p, this.mul(q, this.floor(p, q)));
  }

  /** Returns the value of a size without variables; undefined if it has variables or no value (1/2, 1/0). */
  constant(s: Size): bigint | undefined {
    const value = rationalValue(s);
    return value?.d === 1n ? value.n : undefined;
  }

  variables(s: Size): ReadonlySet<SizeVar> {
    return s.variables;
  }

  /** Replaces all variables at once. */
  substitute(s: Size, values: ReadonlyMap<SizeVar, Size>): Size {
    return rewrite(new Knowledge(this.pool, { ...NOTHING, solved: values }), s);
  }

  /** Returns the value under an assignment; undefined if an exact division leaves a remainder or a divisor is 0. */
  evaluate(s: Size, value: (v: SizeVar) => bigint): bigint | undefined {
    return this.fold(s, asNumber(value));
  }

  /** Writes `s` as factor·v + offset with `v` in neither; undefined if it does not have that form. */
  linear(s: Size, v: SizeVar): { readonly factor: Size; readonly offset: Size } | undefined {
    const once = this.pool.monomial([{ atom: this.pool.variable(v), power: 1 }]);
    const factor = new Map<Monomial, bigint>();
    const offset = new Map<Monomial, bigint>();
    for (const { monomial, coefficient } of s.terms) {
      const uses = monomial.factors.filter((f) => f.atom.variables.has(v));
      if (uses.length === 0) offset.set(monomial, coefficient);
      else if (uses.length > 1 || uses[0]?.power !== 1 || uses[0].atom.kind !== "variable") return undefined;
      else factor.set(this.pool.times(monomial, once, -1), coefficient);
    }
    if (factor.size === 0) return undefined;
    return { factor: this.pool.size(factor, s.over), offset: this.pool.size(offset, s.over) };
  }

  /** Prints a size in the language's syntax: `ceil(h/4)`, `2*ceil(h/8)`, `(h - 1)/2`. */
  print(s: Size): string {
    let text = this.#texts.get(s);
    if (text === undefined) this.#texts.set(s, (text = this.fold(s, asText).text));
    return text;
  }

  /** Converts a size to an expression of another domain. Divisions by `divide` are exact. */
  fold<T>(s: Size, algebra: SizeAlgebra<T>): T {
    return fold(this.pool, s, algebra, (divisor) => isPositive(this.nothing, divisor));
  }

  /** Returns a lower bound that holds for all admissible values; undefined if none is known. */
  lower(s: Size): bigint | undefined {
    return lowerInteger(this.nothing, s);
  }
}
