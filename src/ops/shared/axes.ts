/** @file Positions of laid-out values in lowerings: placing, merging, splitting and spreading axes. */
import type { Laid, Lowering, Positional } from "../../ir/lowering.ts";
import type { Axis, TensorType } from "../../ir/type.ts";
import { pad, reshape, slice } from "../../primitives/layout.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { InternalError } from "../../source/internal-error.ts";

export function product(sizes: Sizes, factors: readonly Size[]): Size {
  return factors.reduce((a, b) => sizes.mul(a, b), sizes.int(1));
}

/** Reshapes a value; a no-op if the shape is the same. */
export function reshaped(p: Lowering, value: Positional, shape: readonly Size[]): Positional {
  const same = value.shape.length === shape.length && value.shape.every((size, i) => size === shape[i]);
  return same ? value : p.emit(reshape, [value], { shape });
}

/** Returns the sizes of some axes of a type. */
export function sizesOf(type: TensorType, axes: readonly Axis[]): Size[] {
  return axes.map((axis) => {
    const size = type.axes.get(axis);
    if (size === undefined) throw new InternalError(`a type has no axis ${axis}`);
    return size;
  });
}

/** Adds axes to an order where an image has them: channels at the end (NHWC) or before h and w (NCHW). */
export function place(p: Lowering, order: readonly Axis[], added: readonly Axis[]): Axis[] {
  const others = added.filter((axis) => axis !== "c");
  const channel = added.includes("c") ? ["c"] : [];
  if (p.layout === "NCHW") return [...order, ...channel, ...others];
  const last = order.at(-1) === "c" ? ["c"] : [];
  return [...order.slice(0, order.length - last.length), ...others, ...last, ...channel];
}

/** Adds spread axes to a value: positions of size 1 that are only broadcast where needed. */
export function spread(p: Lowering, laid: Laid, added: ReadonlyMap<Axis, Size>): Laid {
  if (added.size === 0) return laid;
  const axes = place(p, laid.axes, [...added.keys()]);
  const shape = axes.map((axis) => laid.value.shape[laid.axes.indexOf(axis)] ?? p.sizes.int(1));
  return { value: reshaped(p, laid.value, shape), axes, spread: new Map([...(laid.spread ?? []), ...added]) };
}

/** Brings some axes of an order together, in the given order, at the place of the first one. */
export function gathered(order: readonly Axis[], together: readonly Axis[]): Axis[] {
  const start = order.findIndex((axis) => together.includes(axis));
  if (start < 0) return [...order, ...together];
  return [...order.slice(0, start), ...together, ...order.slice(start).filter((axis) => !together.includes(axis))];
}

/** Returns the axes of `order` that are not in `without`. */
export function except(order: readonly Axis[], without: readonly Axis[]): Axis[] {
  return order.filter((axis) => !without.includes(axis));
}

/** Slices one of several equal parts along a position. */
export function slicePart(p: Lowering, value: Positional, position: number, index: number, count: number): Positional {
  const size = p.sizes.divide(value.shape[position]!, p.sizes.int(count));
  const start = p.sizes.mul(size, p.sizes.int(index));
  return sliceAt(p, value, position, start, size);
}

/** Slices `size` elements from `start` along a position. */
export function sliceAt(p: Lowering, value: Positional, position: number, start: Size, size: Size): Positional {
  const begin = value.shape.map((_, i) => (i === position ? start : p.sizes.int(0)));
  return p.emit(slice, [value], { begin, size: value.shape.with(position, size) });
}

/** Keeps the first of every `step` elements along a position: reshapes it to rows of `step` elements and keeps the first column. */
export function everyNth(p: Lowering, value: Positional, position: number, step: Size): Positional {
  const { sizes } = p;
  const [none, one] = [sizes.int(0), sizes.int(1)];
  if (step === one) return value;
  const length = value.shape[position]!;
  const count = sizes.ceil(length, step);
  const missing = sizes.sub(sizes.mul(count, step), length);
  const whole = padded(p, value, position, [none, missing]);
  const matrix = reshaped(p, whole, whole.shape.toSpliced(position, 1, count, step));
  return reshaped(p, sliceAt(p, matrix, position + 1, none, one), value.shape.with(position, count));
}

/** Inserts zeros between the elements along a position, to put them `step` apart. */
export function apart(p: Lowering, value: Positional, position: number, step: number): Positional {
  const { sizes } = p;
  const size = value.shape[position]!;
  const [none, one] = [sizes.int(0), sizes.int(1)];
  if (size === one || step === 1) return value;
  const single = reshaped(p, value, value.shape.toSpliced(position + 1, 0, one));
  const wide = padded(p, single, position + 1, [none, sizes.int(step - 1)]);
  const merged = reshaped(p, wide, value.shape.with(position, sizes.mul(size, sizes.int(step))));
  return sliceAt(p, merged, position, none, sizes.add(sizes.mul(sizes.sub(size, one), sizes.int(step)), one));
}

/** Adds a margin of zeros along a position. */
export function padded(
  p: Lowering,
  value: Positional,
  position: number,
  [before, after]: readonly [Size, Size],
): Positional {
  const none = p.sizes.int(0);
  if (before === none && after === none) return value;
  const pads = value.shape.map((_, i) => (i === position ? ([before, after] as const) : ([none, none] as const)));
  return p.emit(pad, [value], { pads, mode: "constant", value: 0 });
}
