/** @file Conditions that many operators put on their inputs and attributes; each complains or puts an obligation. */
import type { DType } from "../../contract/ndarray.ts";
import type { OperatorContext } from "../../ir/operator.ts";
import { axisNames, printType, tensorType, type Axis, type TensorType } from "../../ir/type.ts";
import type { Size } from "../../sizes/size.ts";

type Context = OperatorContext<unknown>;

/** What an operator may compute with. */
export const numeric: readonly DType[] = ["f32", "i32"];
export const floating: readonly DType[] = ["f32"];
export const logical: readonly DType[] = ["bool"];
export const anything: readonly DType[] = ["f32", "i32", "bool"];

/** The dtype of an input, which must be one of `allowed`; complains `dtype-mismatch`. */
export function dtypeOf(c: Context, index: number, allowed: readonly DType[]): DType {
  const { dtype } = c.input(index);
  if (allowed.includes(dtype)) return dtype;
  const args = { what: `\`${c.callee}\``, expected: allowed.join(" or "), found: dtype };
  return c.complain("dtype-mismatch", args, { inputs: [index] });
}

/** The one dtype of several inputs; complains `dtype-mismatch`. */
export function commonDtype(c: Context, indices: readonly number[], allowed: readonly DType[]): DType {
  const [first = 0, ...others] = indices;
  const dtype = dtypeOf(c, first, allowed);
  for (const index of others)
    if (c.input(index).dtype !== dtype) {
      const found = `${dtype} and ${c.input(index).dtype}`;
      c.complain(
        "dtype-mismatch",
        { what: `\`${c.callee}\``, expected: "equal dtypes", found },
        { inputs: [first, index] },
      );
    }
  return dtype;
}

/** All axes exist in the input and none stands twice. */
export function requireAxes(c: Context, index: number, axes: readonly Axis[], attribute: string): void {
  requireDistinct(c, axes, attribute);
  for (const axis of axes) c.size(index, axis);
}

export function requireDistinct(c: Context, axes: readonly Axis[], attribute: string): void {
  const twice = axes.find((axis, i) => axes.indexOf(axis) !== i);
  if (twice !== undefined) c.complain("duplicate-axis", { axis: twice }, { attribute, axis: twice });
}

/** None of the axes exists in the type, which is that of the input without what the operator consumes. */
export function requireNew(c: Context, type: TensorType, axes: readonly Axis[], attribute: string): void {
  for (const axis of axes)
    if (type.axes.has(axis)) {
      const args = { callee: c.callee, axis, type: printType(c.sizes, type) };
      const helps = [{ text: "give the new axis another name, or rename the old one", code: `rename(${axis} -> …)` }];
      c.complain("axis-exists", args, { inputs: [0], attribute, axis }, { helps });
    }
}

/** The inputs have the same axes; their sizes must agree except for those of `free`. */
export function requireSameAxes(c: Context, first: number, second: number, free: readonly Axis[] = []): void {
  const [a, b] = [c.input(first), c.input(second)];
  for (const axis of axisNames(b))
    if (!a.axes.has(axis)) c.complain("unexpected-axis", { callee: c.callee, axis }, { inputs: [second], axis });
  for (const [axis, size] of a.axes) {
    const other = c.size(second, axis);
    if (!free.includes(axis)) c.equal(size, other, { inputs: [first, second], axis });
  }
}

/** Complains `bad-attribute`: the reader of calls found the kind right, but the operator cannot take the value. */
export function refuse(c: Context, name: string, expected: string, found: string, attribute = name): never {
  return c.complain("bad-attribute", { name, expected, found }, { attribute });
}

/**
 * Complains `bad-attribute` unless a number is what is expected. A float parameter of a block has no value until a model is built:
 * until then it is NaN, and nothing is asked of it.
 */
export function requireNumber(
  c: Context,
  name: string,
  value: number | undefined,
  expected: string,
  fits: (value: number) => boolean,
): void {
  if (value !== undefined && !Number.isNaN(value) && !fits(value)) refuse(c, name, expected, String(value));
}

/** The type with some axes replaced: those that stay keep their place, new ones come last. */
export function replaceAxes(
  type: TensorType,
  from: readonly Axis[],
  to: readonly (readonly [Axis, Size])[],
): TensorType {
  const made = new Map(to);
  const kept = [...type.axes].flatMap(([axis, size]) => {
    if (!from.includes(axis)) return [[axis, size] as const];
    const replaced = made.get(axis);
    return replaced === undefined ? [] : [[axis, replaced] as const];
  });
  return tensorType(type.dtype, [...kept, ...to.filter(([axis]) => !kept.some(([name]) => name === axis))]);
}
