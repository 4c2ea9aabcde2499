/** @file The contract of an operator: one record, from which checker, reference, costs, lowering and documentation derive. */
import type { Initializer } from "../contract/manifest.ts";
import type { NamedArray } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { Code, Holes } from "../source/catalogue/catalogue.ts";
import type { Details } from "../source/diagnostic.ts";
import { nearest } from "../source/suggest.ts";
import type { Attributes, ValuesOf } from "./attribute.ts";
import type { Laid, Lowering } from "./lowering.ts";
import type { About, Obligations } from "./obligation.ts";
import { Complaint } from "./obligation.ts";
import { printType, type Axis, type Tensor, type TensorType } from "./type.ts";

/** A parameter that a layer owns, called what PyTorch calls it. */
export interface WeightSpec {
  readonly name: string;
  /**
   * Axes with sizes in storage order, PyTorch's, in groups: a stored tensor may merge, row-major, adjacent axes of one
   * group. Names are unique; an input axis of a linear map is called like its axis with a prime (`c'`).
   */
  readonly groups: readonly (readonly (readonly [Axis, Size])[])[];
  /** PyTorch's default, or what `init:` says. */
  readonly init: Initializer;
  /** Of the layer, for `kaiming` and `glorot` and PyTorch's bias bound 1/sqrt(fan-in). */
  readonly fan: { readonly in: Size; readonly out: Size };
}

/** A small program for the documentation; the derived tests run it. */
export interface Example {
  /** An expression over the inputs, e.g. `conv(x, c: 8, kernel: 3)`. */
  readonly code: string;
  /** Header parameters that the expression uses, e.g. `x: [n, c: 4, h, w]`. */
  readonly inputs: string;
}

/** What `type`, `weights` and `macs` see. */
export class OperatorContext<A> {
  readonly sizes: Sizes;
  readonly inputs: readonly TensorType[];
  readonly attributes: A;
  readonly obligations: Obligations;
  /** The operator's name for messages: `add`, or `+` if the author wrote that. */
  readonly callee: string;

  constructor(callee: string, sizes: Sizes, inputs: readonly TensorType[], attributes: A, obligations: Obligations) {
    this.callee = callee;
    this.sizes = sizes;
    this.inputs = inputs;
    this.attributes = attributes;
    this.obligations = obligations;
  }

  /** The input at an index; which indices exist follows from the record's `inputs`. */
  input(index: number): TensorType {
    return this.inputs[index]!;
  }

  /** The size of an axis of an input; complains `missing-axis` where there is none. */
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

  /** The exact quotient; puts the obligation that `divisor` divides `dividend`. */
  divide(dividend: Size, divisor: Size, about: About): Size {
    this.obligations.divides(divisor, dividend, about);
    return this.sizes.divide(dividend, divisor);
  }

  /** Reports and gives up on this operator: its result becomes unknown, which silences what follows from it. */
  complain<C extends Code>(code: C, args: Readonly<Record<Holes<C>, string>>, about: About, details?: Details): never {
    this.obligations.report(code, args, about, details);
    throw new Complaint();
  }
}

/** What the reference implementation of a leaf sees: every size is a number now. */
export interface ReferenceContext<A> {
  readonly inputs: readonly NamedArray[];
  /** By name, with the axes of their specs. */
  readonly weights: Readonly<Record<string, NamedArray>>;
  readonly attributes: A;
  /** Axes and sizes of the results, as `type` computed them. */
  readonly results: readonly { readonly axes: readonly Axis[]; readonly shape: readonly number[] }[];
  /** The number that a size stands for in this run. */
  size(size: Size): number;
  /** Told, while it computes, how many multiply-accumulates it does; what `macs` says is compared with that. */
  readonly count: (macs: number) => void;
}

/** What a lowering sees: `p` makes primitives. */
export interface LoweringContext<A> {
  readonly p: Lowering;
  readonly inputs: readonly Tensor[];
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly attributes: A;
  readonly results: readonly TensorType[];
}

/** What an expansion sees: `g` makes operators. */
export interface ExpansionContext<A> {
  readonly sizes: Sizes;
  readonly inputs: readonly Tensor[];
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly attributes: A;
  /** Applies an operator without weights. */
  node<S extends Attributes>(op: Operator<S>, inputs: readonly Tensor[], attributes: ValuesOf<S>): Tensor;
  /** A number or size as a rank-0 f32 tensor. */
  scalar(value: number | Size): Tensor;
}

/**
 * An operator. Either a composite (`expand`: reference, MACs and lowering follow from it; `lower` may be given where
 * the expansion is slower or less exact) or a leaf (`reference` and `lower`).
 */
export interface Operator<S extends Attributes = Attributes> {
  readonly name: string;
  /** What other frameworks call it, where that is another word: capitals, `_` and a final `2d` make none. */
  readonly alsoCalled?: readonly string[];
  /** The first sentence stands alone. */
  readonly doc: string;
  /** Names of the tensor inputs; the last may repeat. */
  readonly inputs: { readonly names: readonly string[]; readonly variadic: boolean };
  readonly attributes: S;
  /** No arithmetic: every element of a result is one of an input, bit for bit, or its position. Tests allow no difference. */
  readonly exact?: true;
  readonly examples: readonly Example[];
  weights?(c: OperatorContext<ValuesOf<S>>): readonly WeightSpec[];
  /** The types of the results; size >= 1 of every axis of a result is asked by the builder, not here. */
  type(c: OperatorContext<ValuesOf<S>>): TensorType | readonly TensorType[];
  /**
   * The attributes that a node keeps, where what is written stands for something else: sizes instead of a tensor that has
   * them, and those that were left out. Asked after `type`, with the types of the first input and the first result.
   */
  resolve?(attributes: ValuesOf<S>, input: TensorType, result: TensorType): ValuesOf<S>;
  /** Multiply-accumulates; left out means none. */
  macs?(c: OperatorContext<ValuesOf<S>>): Size;
  expand?(c: ExpansionContext<ValuesOf<S>>): Tensor;
  reference?(c: ReferenceContext<ValuesOf<S>>): NamedArray | readonly NamedArray[];
  lower?(c: LoweringContext<ValuesOf<S>>): Laid | readonly Laid[];
}

/** Gives a record its inferred type. */
export function operator<const S extends Attributes>(record: Operator<S>): Operator<S> {
  return record;
}

/** Inputs with these names. */
export const tensors = (...names: readonly string[]) => ({ names, variadic: false });
