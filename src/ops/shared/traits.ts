/** @file Traits that many operators share: how they act on single elements, on axes that stay, and on axes that disappear. */
import type { OperatorContext } from "../../ir/operator.ts";
import type { Action, Trait } from "../../ir/trait.ts";
import { axisNames, type Axis, type TensorType } from "../../ir/type.ts";
import { except } from "./axes.ts";

/** What a trait says besides the axes. */
export type Acts = Pick<Trait, "is" | "unit" | "rising" | "view">;

/** Acts on single elements, on all alike. */
export const onElements = (acts: Acts): Trait => ({ from: [], to: [], ...acts });

/** Acts on some axes, which the result has, too. */
export const over = (axes: readonly Axis[], acts: Acts): Trait => ({ from: axes, to: axes, ...acts });

/** Acts on axes that the result does not have, or has with size 1. */
export const reducing = (
  { axis, keepdims }: { readonly axis: readonly Axis[]; readonly keepdims: boolean },
  acts: Acts,
): Trait => ({ from: axis, to: keepdims ? axis : [], ...acts });

/**
 * Of a function that gives this number in some places, and linear combinations elsewhere. Infinities and NaN are no constants:
 * multiplied by 0, they give NaN.
 */
export const withConstant = (constant: number): Action =>
  constant === 0 ? "linear" : Number.isFinite(constant) ? "affine" : "any";

/** Says this of f32 only. Other numbers wrap around, so sums and products of them are neither linear nor rising. */
export const inReals = ({ dtype }: TensorType, acts: Acts): Acts => (dtype === "f32" ? acts : { is: "any" });

/**
 * Of a function of corresponding elements, as a function of one input. Every axis of the others is carried, or new if this
 * input lacks it. With new axes, nothing rises, because the function no longer acts on single elements.
 */
export function broadcasting(c: OperatorContext<unknown>, input: number, { rising, ...acts }: Acts): Trait {
  const own = axisNames(c.input(input));
  const others = [...new Set(c.inputs.flatMap((type, i) => (i === input ? [] : axisNames(type))))];
  const made = except(others, own);
  const along = except(others, made);
  return {
    from: [],
    to: made,
    ...acts,
    ...(along.length > 0 && { along }),
    ...(rising && made.length === 0 && { rising }),
  };
}

/** Whether a tensor has these axes and no others. */
export const isOver = ({ axes }: TensorType, names: readonly Axis[]): boolean =>
  axes.size === names.length && names.every((axis) => axes.has(axis));
