/** @file How an operator acts on one of its inputs: what the optimizer needs to exchange, split or merge operators. */
import type { Axis, Tensor } from "./type.ts";

/**
 * How an operator acts on one of its inputs while the others are fixed. For every index r of the carried axes, which are those
 * of the input not in `from`, result[to, r] = F(input[from, r]). F is the same for all r, except that there may be one for
 * each index of the axes in `along`. Applied to an input with other carried axes, or other sizes of them, the operator does the
 * same or refuses it, as a convolution does without an axis to slide along. A record that says nothing lets nothing pass.
 */
export interface Trait {
  /** The axes of the input that it acts on. */
  readonly from: readonly Axis[];
  /** The axes of the result that it makes of them. All other axes of the result are carried, with their sizes. */
  readonly to: readonly Axis[];
  /** Carried axes along which F may vary: other inputs or weights have them, too. */
  readonly along?: readonly Axis[];
  readonly is: Action;
  /** An input that is 1 everywhere gives 1 everywhere. Every gather is unit. */
  readonly unit?: true;
  /** Acts on single elements (`from` and `to` are empty), and a larger element never gives a smaller one. */
  readonly rising?: true;
  /** Every element keeps its place in memory: a reshape at most. */
  readonly view?: true;
}

/**
 * What F is:
 * - `gather`: every element of the result is some element of the input, which one does not depend on their values
 * - `linear`: F(a x + b y) = a F(x) + b F(y) for f32 in exact arithmetic
 * - `affine`: linear plus a constant, which may vary over `to` and `along`
 * - `largest`: every element of the result is the largest, or every one the smallest, of a set of elements of the input
 * - `any`: none of these
 */
export type Action = "gather" | "linear" | "affine" | "largest" | "any";

/**
 * An operator as a tensor times one of its inputs:
 * result[to, r] = sum over from of weight[to, from', r] * input[from, r] + bias[to, r].
 * Most operators are only asked which axes they act on, so a record may make the tensors when they are read.
 */
export interface Matrix<T extends Tensor = Tensor> {
  readonly from: readonly Axis[];
  readonly to: readonly Axis[];
  /**
   * Its axes are those of `to`, those of `from` with a prime after the name, and carried axes along which it varies. Undefined
   * means 1; `from` and `to` are empty then.
   */
  readonly weight: T | undefined;
  /** Over `to` and carried axes, or some of them. */
  readonly bias: T | undefined;
  /**
   * Applies the author's operator to another input with another weight, over the same axes, whose sizes may differ.
   * Undefined if this operator cannot do that; the optimizer then uses `linear`.
   */
  with?(input: T, weight: T, bias: T | undefined): T | undefined;
}
