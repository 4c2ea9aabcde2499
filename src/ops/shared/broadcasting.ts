/** @file Broadcasting of elementwise operators: one operand has all axes of the others, and sizes of shared axes are equal. */
import { generate, named, type DType, type NamedArray } from "../../contract/ndarray.ts";
import type { Laid, Lowering, Positional } from "../../ir/lowering.ts";
import type { LoweringContext, OperatorContext, ReferenceContext } from "../../ir/operator.ts";
import { printType, tensorType, type Axis, type TensorType } from "../../ir/type.ts";
import { transpose } from "../../primitives/layout.ts";
import type { Size } from "../../sizes/size.ts";
import { reader } from "../reference/rows.ts";
import { except, place, reshaped, spread } from "./axes.ts";

/** Returns the type of an elementwise result, with axes in order of appearance. Complains with `broadcast-needs-subset`. */
export function broadcastType(c: OperatorContext<unknown>, dtype: DType): TensorType {
  const counts = c.inputs.map((input) => input.axes.size);
  const largest = counts.indexOf(Math.max(...counts));
  const axes = new Map<Axis, Size>();
  for (const [index, input] of c.inputs.entries()) {
    const inputs = index < largest ? [index, largest] : [largest, index];
    for (const [axis, size] of input.axes) {
      const other = c.input(largest).axes.get(axis) ?? apart(c, inputs, axis);
      if (index < largest) c.equal(size, other, { inputs, axis });
      if (index > largest) c.equal(other, size, { inputs, axis });
      if (!axes.has(axis)) axes.set(axis, size);
    }
  }
  return tensorType(dtype, axes);
}

/** Complains that neither of two inputs has all axes of the other, and shows what broadcasting both would produce. */
function apart(c: OperatorContext<unknown>, inputs: readonly number[], axis: Axis): never {
  const [a, b] = inputs.map((index) => [...c.input(index).axes]);
  const both = tensorType("f32", new Map([...a!, ...b!]));
  const notes = [`broadcasting both would silently produce ${printType(c.sizes, both)}`];
  const helps = [{ text: "if you mean that, expand one of them explicitly", code: "expand(…, like: x)" }];
  return c.complain("broadcast-needs-subset", {}, { inputs, axis }, { notes, helps });
}

/** The reference of an elementwise operator. `value` gets one number from each input; there are at most three. */
export function elementwise(
  c: ReferenceContext<unknown>,
  dtype: DType,
  value: (...operands: number[]) => number,
): NamedArray {
  const { axes, shape } = c.results[0]!;
  const [first, second, third] = c.inputs.map((input) => {
    const lies = input.axes.length === axes.length && axes.every((axis, i) => axis === input.axes[i]);
    return lies ? (_: readonly number[], flat: number) => input.data[flat]! : reader(input, axes);
  });
  const apply = (index: readonly number[], flat: number): number => {
    if (third !== undefined) return value(first!(index, flat), second!(index, flat), third(index, flat));
    return second === undefined ? value(first!(index, flat)) : value(first!(index, flat), second(index, flat));
  };
  return named(generate(dtype, shape, dtype === "i32" ? (index, flat) => apply(index, flat) | 0 : apply), axes);
}

/** Lowers a function of one tensor. Nothing moves, and spread axes stay spread. */
export function lowerUnary(c: LoweringContext<unknown>, emit: (p: Lowering, x: Positional) => Positional): Laid {
  const x = c.p.loose(c.inputs[0]!);
  return { ...x, value: emit(c.p, x.value) };
}

/**
 * Lowers an elementwise operator to a primitive that broadcasts like NumPy. The operand with the most axes determines the
 * order; the others follow it and get positions of size 1. Axes that are spread in every operand stay spread.
 */
export function lowerElementwise(
  c: LoweringContext<unknown>,
  emit: (p: Lowering, operands: readonly Positional[]) => Positional,
): Laid {
  const { p } = c;
  const operands = c.inputs.map((input) => {
    const laid = p.loose(input);
    const lazy = [...(laid.spread?.keys() ?? [])];
    const present = except(laid.axes, lazy);

    /** Brings the operand's axes into the given order, with positions of size 1 after its first axis. */
    const align = (order: readonly Axis[]): Positional => {
      const wanted = order.filter((axis) => present.includes(axis));
      let { value, axes } = laid;
      if (present.some((axis, i) => axis !== wanted[i])) {
        axes = [...lazy, ...wanted];
        const permutation = axes.map((axis) => laid.axes.indexOf(axis));
        value = lazy.length === 0 ? p.ordered(input, axes) : p.emit(transpose, [value], { permutation });
      }
      const first = order.findIndex((axis) => present.includes(axis));
      const needed = first < 0 ? [] : order.slice(first);
      const sizeAt = (axis: Axis) => (present.includes(axis) ? value.shape[axes.indexOf(axis)]! : p.sizes.int(1));
      return reshaped(p, value, needed.map(sizeAt));
    };
    return { present, align };
  });
  const largest = operands.reduce((a, b) => (b.present.length > a.present.length ? b : a)).present;
  const filled = new Set(operands.flatMap(({ present }) => present));
  const order = place(p, largest, except([...filled], largest));
  const value = emit(
    p,
    operands.map(({ align }) => align(order)),
  );
  const { axes } = c.results[0]!;
  return spread(p, { value, axes: order }, new Map([...axes].filter(([axis]) => !filled.has(axis))));
}
