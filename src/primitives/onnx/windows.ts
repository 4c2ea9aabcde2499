/** @file The windows of convolutions and pools as ONNX's attributes, and arithmetic on int64 tensors. */
import type { Positional } from "../../ir/lowering.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { invariant } from "../../source/internal-error.ts";
import { imageSizes, type Layout, type Pads, type Pair } from "../image.ts";
import type { OnnxAttributes, OnnxEmitter, OnnxWire } from "./emitter.ts";
import { longs, onnxScalar } from "./literals.ts";
import type { OnnxOperator } from "./operators.ts";

export interface WindowGeometry {
  readonly kernel: Pair<number>;
  readonly strides: Pair<number>;
  readonly dilations: Pair<number>;
  readonly pads: Pads;
  readonly layout: Layout;
}

/** Requires channels first, ONNX's layout. */
export function requireNchw(layout: Layout): void {
  invariant(layout === "NCHW", `ONNX has no operators for ${layout}`);
}

/**
 * Returns the image and the operator's attributes for its windows. If the operator cannot pad correctly, pads the image with
 * `fill` first. `most` is the widest padding that the operator takes.
 */
export function windowed(
  e: OnnxEmitter,
  x: OnnxWire,
  operand: Positional,
  geometry: WindowGeometry,
  fill: number,
  most: Pair<number> = [Infinity, Infinity],
): { readonly image: OnnxWire; readonly attributes: OnnxAttributes } {
  const { kernel, strides, dilations, layout } = geometry;
  requireNchw(layout);
  const common: OnnxAttributes = { kernel_shape: { ints: kernel }, strides: { ints: strides } };
  const attributes = dilations.every((n) => n === 1) ? common : { ...common, dilations: { ints: dilations } };
  const pads = knownPads(e, operand, geometry);
  if (pads === undefined) {
    // ONNX Runtime does not support dilation with `auto_pad`.
    if (attributes === common)
      return {
        image: covered(e, x, operand, geometry),
        attributes: { ...attributes, auto_pad: { text: "SAME_UPPER" } },
      };
    return {
      image: padded(e, x, e.node("Concat", samePads(e, operand, geometry), { axis: { int: 0 } }), fill),
      attributes,
    };
  }
  const [[top, bottom], [left, right]] = pads;
  const list = [top, left, bottom, right];
  if (list.every((n) => n === 0)) return { image: x, attributes };
  if (pads.every((pair, i) => Math.max(...pair) <= most[i]!))
    return { image: x, attributes: { ...attributes, pads: { ints: list } } };
  // Without VALID, ONNX Runtime would fuse the Pad into the pool and then refuse its pads.
  const image = padded(e, x, longs(e, [0, 0, top, left, 0, 0, bottom, right]), fill);
  return { image, attributes: { ...attributes, auto_pad: { text: "VALID" } } };
}

/**
 * Cuts off what no window of `same_tf` covers: elements at the end, if windows are narrower than their stride. ONNX Runtime
 * would compute a negative padding from them.
 */
function covered(
  e: OnnxEmitter,
  x: OnnxWire,
  operand: Positional,
  { kernel, strides, layout }: WindowGeometry,
): OnnxWire {
  const { h, w } = imageSizes(operand.shape, layout);
  const sides = ([0, 1] as const).filter((i) => kernel[i] < strides[i]);
  if (sides.length === 0) return x;
  const ends = sides.map((i) => endOfWindows(e.algebra, [h, w][i]!, strides[i], kernel[i]));
  const axes = sides.map((i) => 2 + i);
  return e.node("Slice", [x, longs(e, new Array<number>(sides.length).fill(0)), e.sizes(ends), longs(e, axes)]);
}

function padded(e: OnnxEmitter, x: OnnxWire, pads: OnnxWire, fill: number): OnnxWire {
  return e.node("Pad", [x, pads, onnxScalar(e, fill)], { mode: { text: "constant" } });
}

/** Returns the pads as numbers, if the image's sizes do not matter or are known. */
function knownPads(e: OnnxEmitter, operand: Positional, geometry: WindowGeometry): Pair<Pair<number>> | undefined {
  const { kernel, strides, dilations, pads, layout } = geometry;
  if (pads !== "same_tf") return pads;
  const { h, w } = imageSizes(operand.shape, layout);
  const pair = (i: 0 | 1): Pair<number> | undefined => {
    const reach = dilations[i] * (kernel[i] - 1);
    const size = e.known([h, w][i]!);
    // With stride 1, the padding is the same for every size.
    if (size === undefined && strides[i] !== 1 && reach > 0) return undefined;
    const past = size === undefined ? reach : (Math.ceil(size / strides[i]) - 1) * strides[i] + reach + 1 - size;
    const total = reach === 0 ? 0 : Math.max(past, 0);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  const [rows, columns] = [pair(0), pair(1)];
  return rows && columns && [rows, columns];
}

/** Returns the parts of the eight numbers that Pad takes: before all axes, then after all axes. */
function samePads(
  e: OnnxEmitter,
  operand: Positional,
  { kernel, strides, dilations, layout }: WindowGeometry,
): OnnxWire[] {
  const { h, w } = imageSizes(operand.shape, layout);
  const sizes = e.algebra;
  const sides = ([0, 1] as const).map((i) => {
    const size: Size = [h, w][i]!;
    const past = sizes.sub(endOfWindows(sizes, size, strides[i], dilations[i] * (kernel[i] - 1) + 1), size);
    const total = e.node("Max", [e.sizes([past]), longs(e, [0])]);
    const before = e.node("Div", [total, longs(e, [2])]);
    return { before, after: e.node("Sub", [total, before]) };
  });
  const none = longs(e, [0, 0]);
  return [none, ...sides.map(({ before }) => before), none, ...sides.map(({ after }) => after)];
}

/** Returns where the last window of `same_tf` ends along a side, if the first one begins at 0. */
function endOfWindows(sizes: Sizes, size: Size, stride: number, extent: number): Size {
  const last = sizes.sub(sizes.ceil(size, sizes.int(stride)), sizes.int(1));
  return sizes.add(sizes.mul(last, sizes.int(stride)), sizes.int(extent));
}

/** Counts from 0 in int64, as a column [n, 1] or a row [1, n]. */
export function counting(e: OnnxEmitter, size: Size, as: "column" | "row"): OnnxWire {
  const numbers = e.node("Range", [onnxScalar(e, 0, "i64"), e.size(size), onnxScalar(e, 1, "i64")]);
  return e.node("Unsqueeze", [numbers, longs(e, [as === "column" ? 1 : 0])]);
}

/** Arithmetic on two int64 tensors. Numbers become scalars. `div` requires non-negative operands. */
export function int64(e: OnnxEmitter) {
  const wire = (x: OnnxWire | number): OnnxWire => (typeof x === "number" ? onnxScalar(e, x, "i64") : x);
  const of = (op: OnnxOperator) => (a: OnnxWire | number, b: OnnxWire | number) => e.node(op, [wire(a), wire(b)]);
  return { add: of("Add"), sub: of("Sub"), mul: of("Mul"), div: of("Div"), max: of("Max"), min: of("Min") };
}
