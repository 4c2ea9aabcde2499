/** @file Conditions of many operators on their inputs and attributes. Each one complains or adds an obligation. */
import { isI32, type DType } from "../../contract/ndarray.ts";
import type { OperatorContext } from "../../ir/operator.ts";
import { axisNames, printType, tensorType, type Axis, type TensorType } from "../../ir/type.ts";
import type { Size } from "../../sizes/size.ts";

type Context = OperatorContext<unknown>;

/** Dtypes that an operator accepts. */
export const numeric: readonly DType[] = ["f32", "i32"];
export const floating: readonly DType[] = ["f32"];
export const logical: readonly DType[] = ["bool"];
export const anything: readonly DType[] = ["f32", "i32", "bool"];

/** Returns the dtype of an input, which must be one of `allowed`. Complains with `dtype-mismatch`. */
export function dtypeOf(c: Context, index: number, allowed: readonly DType[]): DType {
  const { dtype } = c.input(index);
  if (allowed.includes(dtype)) return dtype;
  const args = { what: `\`${c.callee}\``, expected: allowed.join(" or "), found: dtype };
  return c.complain("dtype-mismatch", args, { inputs: [index] });
}

/** Returns the common dtype of several inputs. Complains with `dtype-mismatch`. */
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

/** Requires that the input has all the axes and that none is listed twice. */
export function requireAxes(c: Context, index: number, axes: readonly Axis[], attribute: string): void {
  requireDistinct(c, axes, attribute);
  for (const axis of axes) c.size(index, axis);
}

export function requireDistinct(c: Context, axes: readonly Axis[], attribute: string): void {
  const twice = axes.find((axis, i) => axes.indexOf(axis) !== i);
  if (twice !== undefined) c.complain("duplicate-axis", { axis: twice }, { attribute, axis: twice });
}

/** Requires that the type has none of the axes. It is the input's type without the axes that the operator consumes. */
export function requireNew(c: Context, type: TensorType, axes: readonly Axis[], attribute: string): void {
  for (const axis of axes)
    if (type.axes.has(axis)) {
      const args = { callee: c.callee, axis, type: printType(c.sizes, type) };
      const helps = [{ text: "give the new axis another name, or rename the old one", code: `rename(${axis} -> …)` }];
      c.complain("axis-exists", args, { inputs: [0], attribute, axis }, { helps });
    }
}

/** Requires that the inputs have the same axes, with equal sizes except for those in `free`. */
export function requireSameAxes(c: Context, first: number, second: number, free: readonly Axis[] = []): void {
  const [a, b] = [c.input(first), c.input(second)];
  for (const axis of axisNames(b))
    if (!a.axes.has(axis)) c.complain("unexpected-axis", { callee: c.callee, axis }, { inputs: [second], axis });
  for (const [axis, size] of a.axes) {
    const other = c.size(second, axis);
    if (!free.includes(axis)) c.equal(size, other, { inputs: [first, second], axis });
  }
}

/** Complains with `bad-attribute`: the attribute has the right kind, but the operator cannot take the value. */
export function refuse(c: Context, name: string, expected: string, found: string, attribute = name): never {
  return c.complain("bad-attribute", { name, expected, found }, { attribute });
}

/**
 * Complains with `bad-attribute` unless a number is as expected. A float parameter of a block has no value until a model is
 * built. Until then it is NaN, which is accepted.
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

/** Complains with `bad-attribute` unless elements of the dtype can have the value `value:`. */
export function requireRepresentable(c: Context, dtype: DType, value: number): void {
  if (dtype === "i32") requireNumber(c, "value", value, "a whole number that an i32 can hold", isI32);
  if (dtype === "bool") requireNumber(c, "value", value, "0 or 1 for bool", (bit) => bit === 0 || bit === 1);
}

/** Requires that an axis has the elements that a margin of this width repeats. */
export function requireMargin(c: Context, axis: Axis, width: Size, mode: string, attribute: string): void {
  const size = c.size(0, axis);
  const about = { inputs: [0], attribute, axis };
  // The outermost element is not repeated, so the margin must be smaller than the size.
  if (mode === "reflect")
    c.atLeast(size, c.sizes.add(width, c.sizes.int(1)), {
      ...about,
      why: "`reflect` mirrors elements of the input, so a margin must be smaller than the axis; `replicate` has no limit",
    });
  if (mode === "circular")
    c.atLeast(size, width, {
      ...about,
      why: "`circular` repeats elements of the other end, so a margin must not be larger than the axis",
    });
}

/** Returns the type with some axes replaced. Remaining axes keep their place, new ones come last. */
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
