/** @file The contract of an operator: one record, from which checker, reference, costs, lowering and documentation derive. */
import type { Initializer } from "../contract/manifest.ts";
import type { DType, NamedArray } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { Code, Holes } from "../source/catalogue/catalogue.ts";
import type { Details } from "../source/diagnostic.ts";
import { nearest } from "../source/suggest.ts";
import type { Attributes, ValuesOf } from "./attribute.ts";
import type { Laid, Lowering } from "./lowering.ts";
import type { About, Obligations } from "./obligation.ts";
import { Complaint } from "./obligation.ts";
import type { Matrix, Trait } from "./trait.ts";
import { printType, type Axis, type Tensor, type TensorType } from "./type.ts";

/** A parameter that a layer owns, with PyTorch's name. */
export interface WeightSpec {
  readonly name: string;
  /** Of a `weight` that the program declares; the weights of operators are f32. */
  readonly dtype?: DType;
  /**
   * Axes with sizes in PyTorch's storage order, in groups. A stored tensor may merge adjacent axes of a group (row-major).
   * Names are unique; the input axis of a linear map gets a prime (`c'`).
   */
  readonly groups: readonly (readonly (readonly [Axis, Size])[])[];
  /** PyTorch's default, or the value of `init:`. */
  readonly init: Initializer;
  /** The layer's fan-in and fan-out, for `kaiming`, `glorot` and PyTorch's bias bound 1/sqrt(fan-in). */
  readonly fan: { readonly in: Size; readonly out: Size };
}

/** A small program for the documentation; the derived tests run it. */
export interface Example {
  /** An expression over the inputs, e.g. `conv(x, c: 8, kernel: 3)`. */
  readonly code: string;
  /** Header parameters that the expression uses, e.g. `x: [n, c: 4, h, w]`. */
  readonly inputs: string;
}

/** The context of `type`, `weights` and `macs`. */
export class OperatorContext<A> {
  readonly sizes: Sizes;
  readonly inputs: readonly TensorType[];
  readonly attributes: A;
  readonly obligations: Obligations;
  /** The name to use in messages: `add`, or `+` if the author wrote that. */
  readonly callee: string;
  /** The inputs that are numbers or sizes, where they are. */
  readonly numbers: readonly (number | Size | undefined)[];
  /** Returns the numbers that an input is computed of, for traits: see `Literals`. */
  readonly literals: (input: number) => readonly number[];

  constructor(
    callee: string,
    sizes: Sizes,
    inputs: readonly TensorType[],
    attributes: A,
    obligations: Obligations,
    numbers: readonly (number | Size | undefined)[] = [],
    literals: (input: number) => readonly number[] = () => [],
  ) {
    this.callee = callee;
    this.sizes = sizes;
    this.inputs = inputs;
    this.attributes = attributes;
    this.obligations = obligations;
    this.numbers = numbers;
    this.literals = literals;
  }

  /** Returns the input at an index. The record's `inputs` determine which indices exist. */
  input(index: number): TensorType {
    return this.inputs[index]!;
  }

  /** Returns the size of an axis of an input; complains with `missing-axis` if there is no such axis. */
  size(index: number, axis: Axis): Size {
    const found = this.input(index).axes.get(axis);
    if (found !== undefined) return found;
    const type = printType(this.sizes, this.input(index));
    const near = nearest(axis, this.input(index).axes.keys());
    const helps = near === undefined ? [] : [{ text: "did you mean", code: near }];
    return this.complain("missing-axis", { callee: this.callee, axis, type }, { inputs: [index], axis }, { helps });
  }

  equal(a: Size, b: Size, about: About): void {
    this.obligations.equal(a, b, about);
  }

  atLeast(size: Size, least: Size, about: About): void {
    this.obligations.atLeast(size, least, about);
  }

  /** Returns the exact quotient, and obliges the world to prove that `divisor` divides `dividend`. */
  divide(dividend: Size, divisor: Size, about: About): Size {
    this.obligations.divides(divisor, dividend, about);
    return this.sizes.divide(dividend, divisor);
  }

  /** Reports and gives up on this operator. Its result becomes unknown, which silences follow-up errors. */
  complain<C extends Code>(code: C, args: Readonly<Record<Holes<C>, string>>, about: About, details?: Details): never {
    this.obligations.report(code, args, about, details);
    throw new Complaint();
  }
}

/** The context of the reference implementation of a leaf. Every size has a value now. */
export interface ReferenceContext<A> {
  readonly inputs: readonly NamedArray[];
  /** Weights by name, with the axes of their specs. */
  readonly weights: Readonly<Record<string, NamedArray>>;
  readonly attributes: A;
  /** Axes and sizes of the results, as `type` computed them. */
  readonly results: readonly { readonly axes: readonly Axis[]; readonly shape: readonly number[] }[];
  /** Returns the value of a size in this run. */
  size(size: Size): number;
  /** Called with the number of multiply-accumulates done. Tests compare the total with `macs`. */
  readonly count: (macs: number) => void;
}

/** The context of a lowering. `p` makes primitives. */
export interface LoweringContext<A> {
  readonly p: Lowering;
  readonly inputs: readonly Tensor[];
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly attributes: A;
  readonly results: readonly TensorType[];
}

/** The context of an expansion, which makes operators with `node`. */
export interface ExpansionContext<A> {
  readonly sizes: Sizes;
  readonly inputs: readonly Tensor[];
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly attributes: A;
  /** Applies an operator; the weights, if it has any, are tensors by their names. */
  node<S extends Attributes>(
    op: Operator<S>,
    inputs: readonly Tensor[],
    attributes: ValuesOf<S>,
    weights?: Readonly<Record<string, Tensor>>,
  ): Tensor;
  /** Makes a rank-0 f32 tensor of a number or size. */
  scalar(value: number | Size): Tensor;
}

/**
 * An operator. It is either a composite or a leaf. A composite has `expand`, from which reference, MACs and lowering follow;
 * it may have `lower` if the expansion is slower or less exact. A leaf has `reference` and `lower`.
 */
export interface Operator<S extends Attributes = Attributes> {
  readonly name: string;
  /** Its names in other frameworks, unless they only differ in capitals, `_` or a final `2d`. */
  readonly alsoCalled?: readonly string[];
  /** Documentation. The first sentence is also used on its own. */
  readonly doc: string;
  /** Names of the tensor inputs; the last may repeat. */
  readonly inputs: { readonly names: readonly string[]; readonly variadic: boolean };
  readonly attributes: S;
  /** No arithmetic: every element of a result is an element of an input, bit for bit, or its position. Tests allow no difference. */
  readonly exact?: true;
  readonly examples: readonly Example[];
  weights?(c: OperatorContext<ValuesOf<S>>): readonly WeightSpec[];
  /** Returns the types of the results. The builder, not this function, requires size >= 1 for every axis of a result. */
  type(c: OperatorContext<ValuesOf<S>>): TensorType | readonly TensorType[];
  /**
   * Returns the attributes that a node keeps: sizes in place of a tensor that has them, and values for those left out.
   * Called after `type`, with the types of the first input and the first result.
   */
  resolve?(attributes: ValuesOf<S>, input: TensorType, result: TensorType): ValuesOf<S>;
  /** Returns the number of multiply-accumulates; 0 by default. */
  macs?(c: OperatorContext<ValuesOf<S>>): Size;
  /**
   * Returns how the operator acts on an input, the same for every result; undefined if nothing is known. Called after
   * `type`, with the attributes that a node keeps.
   */
  trait?(c: OperatorContext<ValuesOf<S>>, input: number): Trait | undefined;
  /** Returns the operator as a tensor times an input, where the other inputs and the weights are that tensor; undefined if it is none. */
  matrix?(c: ExpansionContext<ValuesOf<S>>, input: number): Matrix | undefined;
  expand?(c: ExpansionContext<ValuesOf<S>>): Tensor;
  reference?(c: ReferenceContext<ValuesOf<S>>): NamedArray | readonly NamedArray[];
  lower?(c: LoweringContext<ValuesOf<S>>): Laid | readonly Laid[];
}

/** Infers the type of a record. */
export function operator<const S extends Attributes>(record: Operator<S>): Operator<S> {
  return record;
}

/** Declares inputs with these names. */
export const tensors = (...names: readonly string[]) => ({ names, variadic: false });
