/** @file TensorFlow nodes with windows that slide over images: their strides and padding as attributes. */
import type { Positional } from "../../ir/lowering.ts";
import type { Size } from "../../sizes/size.ts";
import { activationOperation } from "../activation.ts";
import { isPadded, noPads, type Pads, type Pair } from "../image.ts";
import type { Activation } from "../primitive.ts";
import type { NodeAttributes, TensorFlowEmitter, Wire } from "./emitter.ts";
import { apply, literal, packed } from "./nodes.ts";

/** Writes one number for each axis of an image with channels last. */
export function perAxis([height, width]: Pair<number>): { readonly ints: readonly number[] } {
  return { ints: [1, height, width, 1] };
}

/** Writes the padding attributes. */
export function padding(pads: Pads): NodeAttributes {
  if (pads === "same_tf") return { padding: { text: "SAME" } };
  if (!isPadded(pads)) return { padding: { text: "VALID" } };
  return { padding: { text: "EXPLICIT" }, explicit_paddings: { ints: [0, 0, ...pads.flat(), 0, 0] } };
}

/** One side of an image, and the window that slides along it. */
interface SlidingSide {
  readonly size: Size;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Returns how much `same_tf` pads a side in total; an i32 tensor if the size is only known at run time. */
function sameTotal(e: TensorFlowEmitter, { size, kernel, stride, dilation }: SlidingSide): number | Wire {
  if (kernel === 1) return 0;
  const { algebra } = e;
  const step = algebra.int(stride);
  const reached = algebra.mul(algebra.sub(algebra.ceil(size, step), algebra.int(1)), step);
  const total = algebra.sub(algebra.add(reached, algebra.int(dilation * (kernel - 1) + 1)), size);
  const known = e.known(total);
  if (known !== undefined) return Math.max(known, 0);
  return apply(e, "Maximum", [e.size(total), literal(e, 0, "i32")], "i32");
}

/** Returns how much `same_tf` pads a side before and after, as i32. */
export function samePads(e: TensorFlowEmitter, side: SlidingSide): readonly [Wire, Wire] {
  const total = sameTotal(e, side);
  if (typeof total === "number")
    return [literal(e, Math.floor(total / 2), "i32"), literal(e, Math.ceil(total / 2), "i32")];
  const before = e.quotient(total, literal(e, 2, "i32"));
  return [before, apply(e, "Sub", [total, before], "i32")];
}

/** Whether the pads equal `SAME` for every size. */
function isSameByNumbers({ kernel, stride, dilation }: SlidingSide, [before, after]: Pair<number>): boolean {
  const total = dilation * (kernel - 1);
  return stride === 1 && before === Math.floor(total / 2) && after === Math.ceil(total / 2);
}

/** Returns the pads of `same_tf` as numbers; if they are not known, an image that is padded already. */
function paddedForSame(
  e: TensorFlowEmitter,
  x: Wire,
  sides: Pair<SlidingSide>,
): { readonly x: Wire; readonly pads: Pads } {
  const [height, width] = [sameTotal(e, sides[0]), sameTotal(e, sides[1])];
  if (typeof height === "number" && typeof width === "number") {
    const halves = (total: number): Pair<number> => [Math.floor(total / 2), Math.ceil(total / 2)];
    return { x, pads: [halves(height), halves(width)] };
  }
  const none = literal(e, 0, "i32");
  const flat = packed(e, [none, none, ...sides.flatMap((side) => samePads(e, side)), none, none]);
  const i32 = { type: "i32" } as const;
  const shape = e.sizes([e.algebra.int(4), e.algebra.int(2)]);
  const paddings = e.node("Reshape", [flat, shape], { T: i32, Tshape: i32 });
  return { x: e.node("Pad", [x, paddings], { T: { type: "f32" }, Tpaddings: i32 }), pads: noPads };
}

export function poolNode(
  e: TensorFlowEmitter,
  op: "MaxPool" | "AvgPool",
  x: Wire,
  { kernel, strides, pads }: { readonly kernel: Pair<number>; readonly strides: Pair<number>; readonly pads: Pads },
): Wire {
  return e.node(op, [x], {
    T: { type: "f32" },
    ksize: perAxis(kernel),
    strides: perAxis(strides),
    ...padding(pads),
    data_format: { text: "NHWC" },
  });
}

/** The attributes of a convolution that describe how its windows slide. */
interface SlidingWindows {
  readonly strides: Pair<number>;
  readonly dilations: Pair<number>;
}

/**
 * Returns the image and its pads as convolutions take them. Uses `SAME` where possible, because runtimes support it best. On
 * wasm, though, the executor gets it wrong if a window is narrower than its stride.
 */
function paddedImage(
  e: TensorFlowEmitter,
  x: Wire,
  pads: Pads,
  sides: Pair<SlidingSide>,
): { readonly x: Wire; readonly pads: Pads } {
  if (pads !== "same_tf") {
    const isSame = isPadded(pads) && sides.every((side, i) => isSameByNumbers(side, pads[i]!));
    return { x, pads: isSame ? "same_tf" : pads };
  }
  const isWide = sides.every(({ kernel, stride, dilation }) => stride === 1 || dilation * (kernel - 1) + 1 >= stride);
  return isWide ? { x, pads } : paddedForSame(e, x, sides);
}

/** Adds a TensorFlow convolution, with bias and activation if any. */
export function convolutionNode(
  e: TensorFlowEmitter,
  op: "Conv2D" | "DepthwiseConv2dNative",
  [x, filter, bias]: readonly Wire[],
  a: SlidingWindows & { readonly pads: Pads; readonly activation?: Activation },
  operands: readonly Positional[],
): Wire {
  const { strides, dilations, pads, activation } = a;
  const sides = sidesOf(e, a, operands);
  const padded = paddedImage(e, x!, pads, sides);
  const attributes: NodeAttributes = {
    T: { type: "f32" },
    strides: perAxis(strides),
    dilations: perAxis(dilations),
    ...padding(padded.pads),
    data_format: { text: "NHWC" },
  };
  return e.product(op, [padded.x, filter!], attributes, bias, activationOperation(activation));
}

/** Returns how much more `same_tf` pads at the start with stride 1 than with the given strides, as the beginning of a slice. */
export function sameOffsetNode(
  e: TensorFlowEmitter,
  attributes: SlidingWindows,
  operands: readonly Positional[],
): Wire {
  const offsets = sidesOf(e, attributes, operands).map((side) => {
    const dense = literal(e, Math.floor((side.dilation * (side.kernel - 1)) / 2), "i32");
    const [before] = samePads(e, side);
    return apply(e, "Sub", [dense, before], "i32");
  });
  const none = literal(e, 0, "i32");
  return packed(e, [none, ...offsets, none]);
}

function sidesOf(
  e: TensorFlowEmitter,
  { strides, dilations }: SlidingWindows,
  [x, filter]: readonly Positional[],
): Pair<SlidingSide> {
  const side = (i: 0 | 1): SlidingSide => ({
    size: x!.shape[1 + i]!,
    kernel: e.int(filter!.shape[i]!),
    stride: strides[i],
    dilation: dilations[i],
  });
  return [side(0), side(1)];
}
