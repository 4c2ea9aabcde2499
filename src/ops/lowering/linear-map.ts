/** @file Linear maps of axes at the position of channels, as a 1x1 convolution. */
import type { Laid, Lowering, Positional } from "../../ir/lowering.ts";
import type { Axis, Tensor, TensorType } from "../../ir/type.ts";
import { conv2d } from "../../primitives/convolution.ts";
import { noPads } from "../../primitives/image.ts";
import { except, product, reshaped, sizesOf } from "../shared/axes.ts";

/** A map of some axes of a tensor to others. */
export interface AxesMap {
  readonly x: Tensor;
  /** In their order in `x`. */
  readonly from: readonly Axis[];
  readonly to: readonly Axis[];
  readonly result: TensorType;
}

/**
 * Whether a 1x1 convolution moves the least data: if images have channels first and another axis comes last. Axes that come
 * last are mapped by a matrix product, and so are weights, because products are prepared and convolutions are not.
 */
export function isPixelwise(p: Lowering, { x, from }: Pick<AxesMap, "x" | "from">): boolean {
  const { axes } = p.loose(x);
  return p.layout === "NCHW" && from.length > 0 && !from.includes(axes.at(-1)!) && !p.isPrepared(x);
}

/** Emits the convolution. The matrix is [k, n] and the bias [n], where k and n are the products of the sizes of `from` and `to`. */
export function pixelwise(
  p: Lowering,
  { x, from, to, result }: AxesMap,
  matrix: Positional,
  bias: Positional | undefined,
): Laid {
  const { axes } = p.loose(x);
  const before = axes.slice(0, axes.indexOf(from[0]!));
  const after = except(axes.slice(before.length), from);
  const merged = (of: readonly Axis[]) => product(p.sizes, sizesOf(p.typeOf(x), of));
  const split = after.length === 1 ? 1 : after.length - 1;
  const shape = [merged(before), merged(from), merged(after.slice(0, split)), merged(after.slice(split))];
  const image = reshaped(p, p.ordered(x, [...before, ...from, ...after]), shape);
  const [one, once] = [p.sizes.int(1), [1, 1] as const];
  const filter = reshaped(p, matrix, [one, one, ...matrix.shape]);
  const attributes = { strides: once, dilations: once, pads: noPads, layout: p.layout, groups: 1 };
  const value = p.emit(conv2d, bias === undefined ? [image, filter] : [image, filter, bias], attributes);
  const order = [...before, ...to, ...after];
  return p.laid(reshaped(p, value, sizesOf(result, order)), order);
}
