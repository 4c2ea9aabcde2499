/** @file Symbolic sizes: rational expressions over variables and floors, in a normal form, interned per compilation. */

/** How a variable follows from sizes once these are known: `max(c, 8)`. The algebra knows only its lower bound. */
export interface Computation {
  readonly of: readonly Size[];
  /** NaN if there is no value. */
  readonly value: (sizes: readonly number[]) => number;
}

export interface SizeVar {
  readonly name: string;
  /** Undefined for a variable that is free; `rounded` for a float, on which other floats may depend too. */
  readonly computed?: Computation | "rounded" | undefined;
  /** 1, or 0 for an int parameter that may be 0. */
  readonly lower: bigint;
  /** Known when a model is built, or only when it runs. */
  readonly time: "build" | "run";
  /** Counts variables in order of introduction. */
  readonly order: number;
}

/** A variable, the floor of a rational expression, or the reciprocal of a divisor with several terms. */
export type Atom = {
  readonly id: number;
  readonly variables: ReadonlySet<SizeVar>;
  /** Order of the earliest variable that occurs. */
  readonly first: number;
  /** Number of terms inside. */
  readonly weight: number;
} & (
  | { readonly kind: "variable"; readonly variable: SizeVar }
  | { readonly kind: "floor"; readonly of: Size }
  | { readonly kind: "inverse"; readonly of: Size }
);

export interface Factor {
  readonly atom: Atom;
  /** Not 0; negative in a divisor. */
  readonly power: number;
}

/** A product of powers of atoms, in order. */
export interface Monomial {
  readonly id: number;
  readonly factors: readonly Factor[];
  readonly degree: number;
  /** Number of terms inside its atoms. */
  readonly weight: number;
  /** Has no divisors, so its value is an integer. */
  readonly whole: boolean;
  readonly inverse: boolean;
}

export interface Term {
  readonly coefficient: bigint;
  readonly monomial: Monomial;
}

/**
 * Σ terms / over, in lowest terms. A size stands for an integer; callers of `divide` must ensure that.
 * Within one `Sizes`, equal normal forms are the same object.
 */
export interface Size {
  readonly id: number;
  readonly terms: readonly Term[];
  readonly over: bigint;
  readonly variables: ReadonlySet<SizeVar>;
  /** Number of terms, including those inside its atoms. */
  readonly weight: number;
}

/** How to compute with sizes in another domain: text, numbers, code, graph nodes. */
export interface SizeAlgebra<T> {
  int(n: bigint): T;
  variable(v: SizeVar): T;
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  /** Exact: the divisor divides the dividend. */
  divide(a: T, b: T): T;
  /** ⌊a / b⌋ */
  floor(a: T, b: T): T;
  /** ⌈a / b⌉ */
  ceil(a: T, b: T): T;
}
