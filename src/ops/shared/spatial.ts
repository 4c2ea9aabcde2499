/** @file Windows that slide over spatial axes, shared by convolutions and pools: axes, steps and padding. */
import { attribute, type Padding } from "../../ir/attribute.ts";
import type { OperatorContext } from "../../ir/operator.ts";
import { printType, spatialAxes, type Axis, type TensorType } from "../../ir/type.ts";
import type { Pads } from "../../primitives/image.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { refuse, requireAxes } from "./conditions.ts";

/** A window along one axis, in numbers. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pads: "same_tf" | readonly [number, number];
}

/** A window whose size may be known only at run time. */
export interface OpenWindow {
  readonly kernel: Size;
  readonly stride: number;
  readonly dilation: number;
  readonly pads: "same_tf" | readonly [Size, Size];
}

export interface WindowAttributes {
  readonly kernel: readonly Size[];
  readonly stride: readonly Size[] | undefined;
  readonly dilation?: readonly Size[];
  readonly pad: Padding;
}

export const axisAttribute = attribute(
  "axes",
  "axes to work on; by default, the tensor's axes among `d`, `h` and `w`",
  {
    optional: true,
  },
);

/** Returns the axes to work on, one to `most`. Complains with `missing-axis` or `unexpected-axis`. */
export function spatialOf(
  c: OperatorContext<{ readonly axis: readonly Axis[] | undefined }>,
  most = 3,
): readonly Axis[] {
  const type = c.input(0);
  const given = c.attributes.axis;
  if (given !== undefined) requireAxes(c, 0, given, "axis");
  const axes = given ?? spatialAxes(type);
  if (axes === undefined || axes.length === 0) {
    const axis = type.axes.has("w") ? "h" : "w";
    return c.complain(
      "missing-axis",
      { callee: c.callee, axis, type: printType(c.sizes, type) },
      { inputs: [0], axis },
      { helps: [{ text: "choose the axes to work on", code: `axis: ${[...type.axes.keys()].at(-1) ?? "w"}` }] },
    );
  }
  if (axes.length > most)
    c.complain("unexpected-axis", { callee: c.callee, axis: axes[0]! }, { inputs: [0], axis: axes[0]! });
  return axes;
}

/** Like `spatialOf`, after the check. */
export function knownSpatial(axes: Iterable<Axis>, given: readonly Axis[] | undefined): readonly Axis[] {
  const present = [...axes];
  return given ?? ["d", "h", "w"].filter((axis) => present.includes(axis));
}

/** Gives a node the axes that it works on by default. It does the same to an input with other axes, too. */
export function withSpatial<A extends { readonly axis: readonly Axis[] | undefined }>(
  attributes: A,
  input: TensorType,
): A {
  return { ...attributes, axis: knownSpatial(input.axes.keys(), attributes.axis) };
}

/** Complains with `unexpected-axis` if more axes are given than an operator can work on. */
export function requireSpatialCount(c: OperatorContext<unknown>, keyed: ReadonlyMap<Axis, unknown>, most = 3): void {
  const surplus = [...keyed.keys()][most];
  if (surplus !== undefined) c.complain("unexpected-axis", { callee: c.callee, axis: surplus }, { attribute: surplus });
}

/** Returns axes that are given as keys: in the order d, h, w if they are among these, or else as written. */
export function keyedSpatial(keyed: ReadonlyMap<Axis, unknown>): readonly Axis[] {
  const given = [...keyed.keys()];
  const known = knownSpatial(given, undefined);
  return known.length === given.length ? known : given;
}

/** Returns the value for an axis, from one value for all axes or a list with one per axis. */
export function perAxis<T>(values: readonly T[], index: number): T {
  return values.length === 1 ? values[0]! : values[index]!;
}

/** Complains with `bad-attribute` unless there is one value, or one per axis. */
export function requirePerAxis(
  c: OperatorContext<unknown>,
  name: string,
  values: readonly unknown[] | undefined,
  axes: readonly Axis[],
): void {
  if (values === undefined || values.length === 1 || values.length === axes.length) return;
  const expected = axes.length === 1 ? "one value" : `one value, or one each for ${axes.join(", ")}`;
  refuse(c, name, expected, `${values.length} values`);
}

/** Returns the one axis of `keyed`, with its size. */
export function onlyAxis(
  c: OperatorContext<{ readonly keyed: ReadonlyMap<Axis, readonly Size[]> }>,
): readonly [Axis, Size] {
  const [first, second] = c.attributes.keyed;
  if (first === undefined) return c.complain("missing-attribute", { callee: c.callee, name: "axis: size" }, {});
  const [axis, sizes] = first;
  if (second !== undefined) refuse(c, second[0], "omitted: there is only one axis", "given");
  requirePerAxis(c, axis, sizes, [axis]);
  return [axis, sizes[0]!];
}

/**
 * Requires one value or one per axis, and that the pads of `same` are whole. `input` is that whose sizes are the windows', if
 * no attribute gives them.
 */
export function requireWindows(
  c: OperatorContext<unknown>,
  attributes: WindowAttributes,
  axes: readonly Axis[],
  input?: number,
): void {
  const { kernel, stride, dilation, pad } = attributes;
  for (const [name, values] of Object.entries({ kernel, stride, dilation })) requirePerAxis(c, name, values, axes);
  if (typeof pad !== "string") requirePads(c, pad, axes);
  if (pad === "same")
    for (const [i, axis] of axes.entries())
      c.divide(spanOf(c.sizes, attributes, i), c.sizes.int(2), {
        attribute: "kernel",
        axis,
        ...(input !== undefined && { inputs: [input] }),
      });
}

/** Requires one value or one per axis. For one axis, two numbers are perhaps meant to be before and after it. */
function requirePads(c: OperatorContext<unknown>, pad: Exclude<Padding, string>, axes: readonly Axis[]): void {
  const [first, second] = pad;
  if (axes.length > 1 || pad.length !== 2 || first![0] !== first![1] || second![0] !== second![1])
    return requirePerAxis(c, "pad", pad, axes);
  const code = `pad: [[${c.sizes.print(first![0])}, ${c.sizes.print(second![0])}]]`;
  const helps = [{ text: "to pad before and after the axis, write", code }];
  const args = { name: "pad", expected: "one value", found: "2 values" };
  return c.complain("bad-attribute", args, { attribute: "pad" }, { helps });
}

/** Returns the distance from the first to the last element of the window: dilation * (kernel - 1). */
export function spanOf(sizes: Sizes, { kernel, dilation }: WindowAttributes, index: number): Size {
  const steps = sizes.sub(perAxis(kernel, index), sizes.int(1));
  return dilation === undefined ? steps : sizes.mul(perAxis(dilation, index), steps);
}

/** Returns the pads before and after the input. Not for `same_tf`. */
export function padSizes(sizes: Sizes, attributes: WindowAttributes, index: number): readonly [Size, Size] {
  if (typeof attributes.pad !== "string") return perAxis(attributes.pad, index);
  const half = sizes.divide(spanOf(sizes, attributes, index), sizes.int(2));
  return [half, half];
}

/** Whether every window along an axis is one element in its place, so the axis stays as it is. */
export function isStill(sizes: Sizes, attributes: WindowAttributes, index: number): boolean {
  const { kernel, stride = kernel, pad } = attributes;
  const one = sizes.int(1);
  if (perAxis(kernel, index) !== one || perAxis(stride, index) !== one) return false;
  return pad === "same_tf" || padSizes(sizes, attributes, index).every((size) => size === sizes.int(0));
}

/** Returns how far the window can move along an axis of this size: size + pads - dilation * (kernel - 1) - 1. Not for `same_tf`. */
export function reach(sizes: Sizes, attributes: WindowAttributes, index: number, size: Size): Size {
  const { pad } = attributes;
  const span = spanOf(sizes, attributes, index);
  // The pads of `same` are half the span each, so only the size remains.
  const pads = typeof pad === "string" ? span : sizes.add(...perAxis(pad, index));
  return sizes.sub(sizes.sub(sizes.add(size, pads), span), sizes.int(1));
}

/** Returns the number of window positions along an axis of this size: floor(reach / stride) + 1, or ceil(size / stride) for `same_tf`. */
export function places(sizes: Sizes, attributes: WindowAttributes, index: number, size: Size): Size {
  const stride = perAxis(attributes.stride ?? attributes.kernel, index);
  // Both paddings that have a name keep the size where the window takes every place.
  if (typeof attributes.pad === "string" && stride === sizes.int(1)) return size;
  if (attributes.pad === "same_tf") return sizes.ceil(size, stride);
  return sizes.add(sizes.floor(reach(sizes, attributes, index, size), stride), sizes.int(1));
}

/**
 * Returns the windows over height and width in numbers, once sizes are known. With one axis, the height has one element and
 * the window gets the same stride there, because TensorFlow's depthwise convolution requires equal strides.
 */
export function imageWindows(
  attributes: WindowAttributes,
  count: number,
  number: (size: Size) => number,
): readonly [Window, Window] {
  const [, rows, columns] = inVolume(windowsOf(attributes, count, number));
  return [rows, columns];
}

/** Returns the windows over depth, height and width in numbers. Over a missing axis they have one element. */
export function volumeWindows(
  attributes: WindowAttributes,
  count: number,
  number: (size: Size) => number,
): readonly [Window, Window, Window] {
  return inVolume(windowsOf(attributes, count, number));
}

/** Returns one to three windows as windows over depth, height and width. */
export function inVolume(windows: readonly Window[]): readonly [Window, Window, Window] {
  const [columns, rows, layers] = windows.toReversed();
  const pads = columns!.pads === "same_tf" ? "same_tf" : ([0, 0] as const);
  return [
    layers ?? { kernel: 1, stride: 1, dilation: 1, pads: [0, 0] },
    rows ?? { ...columns!, kernel: 1, pads },
    columns!,
  ];
}

/** Returns a window for each axis in numbers, once sizes are known. */
export function windowsOf(attributes: WindowAttributes, count: number, number: (size: Size) => number): Window[] {
  const { kernel, stride = kernel, dilation, pad } = attributes;
  return Array.from({ length: count }, (_, i) =>
    windowOf(
      {
        kernel: number(perAxis(kernel, i)),
        stride: number(perAxis(stride, i)),
        dilation: dilation === undefined ? 1 : number(perAxis(dilation, i)),
      },
      typeof pad === "string" ? pad : perAxis(pad, i),
      number,
    ),
  );
}

/** Returns a window with its pads in numbers. */
export function windowOf(
  window: Omit<Window, "pads">,
  pad: "same" | "same_tf" | readonly [Size, Size],
  number: (size: Size) => number,
): Window {
  if (pad === "same_tf") return { ...window, pads: pad };
  const half = (window.dilation * (window.kernel - 1)) / 2;
  return { ...window, pads: pad === "same" ? [half, half] : [number(pad[0]), number(pad[1])] };
}

/** Like `windowsOf`, for windows that may have a run-time size. */
export function openWindowsOf(
  sizes: Sizes,
  attributes: WindowAttributes,
  count: number,
  number: (size: Size) => number,
): OpenWindow[] {
  const { kernel, stride = kernel, dilation = [sizes.int(1)], pad } = attributes;
  return Array.from({ length: count }, (_, i) => ({
    kernel: perAxis(kernel, i),
    stride: number(perAxis(stride, i)),
    dilation: number(perAxis(dilation, i)),
    pads: pad === "same_tf" ? pad : padSizes(sizes, attributes, i),
  }));
}

/** Returns the pads of a window in numbers. TensorFlow's `SAME` puts the odd one at the end. */
export function padsOf({ kernel, stride, dilation, pads }: Window, size: number): readonly [number, number] {
  if (pads !== "same_tf") return pads;
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + dilation * (kernel - 1) + 1 - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/**
 * Like `padsOf`, for a size that may be a run-time size. A window of a run-time size must not be narrower than its stride
 * with `same_tf`.
 */
export function symbolicPads(
  sizes: Sizes,
  { kernel, stride, dilation, pads }: Window | OpenWindow,
  size: Size,
): readonly [Size, Size] {
  const symbolic = (n: number | Size): Size => (typeof n === "number" ? sizes.int(n) : n);
  if (pads !== "same_tf") return [symbolic(pads[0]), symbolic(pads[1])];
  const [one, two, step] = [sizes.int(1), sizes.int(2), sizes.int(stride)];
  const span = sizes.mul(sizes.int(dilation), sizes.sub(symbolic(kernel), one));
  const steps = sizes.mul(sizes.sub(sizes.ceil(size, step), one), step);
  const total = sizes.sub(sizes.add(sizes.add(steps, span), one), size);
  // -stride < total <= span. It can only be negative if span + 1 < stride. The floor is then 1 if total >= 1, else 0.
  const known = sizes.constant(span) ?? BigInt(stride);
  const isWide = known + 1n >= BigInt(stride);
  const least = isWide ? total : sizes.mul(total, sizes.floor(sizes.add(total, sizes.int(stride - 1)), step));
  return [sizes.floor(least, two), sizes.ceil(least, two)];
}

/** For every position of a window, elements of the window and of the axis below it. */
type Taps = readonly (readonly (readonly [element: number, at: number])[])[];

/** Returns what windows cover, with the padding, which is before 0 and from `size` on. */
export function elementsOf(window: Window, size: number, count: number): Taps {
  const [before] = padsOf(window, size);
  return Array.from({ length: count }, (_, place) =>
    Array.from(
      { length: window.kernel },
      (_, element) => [element, place * window.stride - before + element * window.dilation] as const,
    ),
  );
}

/** Returns what windows cover, without the padding. */
export function elementsBelow(window: Window, size: number, count: number): Taps {
  return elementsOf(window, size, count).map((taps) => taps.filter(([, at]) => at >= 0 && at < size));
}

/** Returns the pads of both windows as primitives take them. */
export function pairOfPads([rows, columns]: readonly [Window, Window]): Pads {
  return rows.pads === "same_tf" || columns.pads === "same_tf" ? "same_tf" : [rows.pads, columns.pads];
}
