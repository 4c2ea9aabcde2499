/**
 * @file Values as volumes for lowerings: stacks of images. Images convolve ten times as fast as volumes (wasm), and some
 * backends support no pads or dilations in volumes.
 */
import type { Laid, Lowering, Positional } from "../../ir/lowering.ts";
import type { Axis, Tensor, TensorType } from "../../ir/type.ts";
import { binary } from "../../primitives/binary.ts";
import { imageShape } from "../../primitives/image.ts";
import type { Size } from "../../sizes/size.ts";
import { except, product, reshaped, sizesOf } from "../shared/axes.ts";

export interface Volume {
  /** `[batch, d, h, w, c]`, or with c before h. A missing c has size 1. */
  readonly value: Positional;
  readonly batch: readonly Axis[];
  /** Three axes. */
  readonly spatial: readonly Axis[];
  readonly channel: Axis | undefined;
}

/** Makes three axes depth, height and width; `c`, if present, the channels; and all others the batch. */
export function toVolume(p: Lowering, value: Tensor, spatial: readonly Axis[]): Volume {
  const type = p.typeOf(value);
  const others = except(p.loose(value).axes, spatial);
  const channel = others.find((axis) => axis === "c");
  const volume = { batch: except(others, ["c"]), spatial, channel };
  const [c = p.sizes.int(1)] = sizesOf(type, channel === undefined ? [] : [channel]);
  const [d, h, w] = sizesOf(type, spatial);
  const n = product(p.sizes, sizesOf(type, volume.batch));
  const shape = p.layout === "NHWC" ? [n, d!, h!, w!, c] : [n, d!, c, h!, w!];
  return { ...volume, value: reshaped(p, p.ordered(value, orderOf(p, volume)), shape) };
}

/** Undoes `toVolume` for a result of this type. */
export function fromVolume(p: Lowering, volume: Volume, value: Positional, type: TensorType): Laid {
  const axes = orderOf(p, volume);
  return p.laid(reshaped(p, value, sizesOf(type, axes)), axes);
}

function orderOf(p: Lowering, { batch, spatial: [d, h, w], channel }: Omit<Volume, "value">): Axis[] {
  const c = channel === undefined ? [] : [channel];
  return p.layout === "NHWC" ? [...batch, d!, h!, w!, ...c] : [...batch, d!, ...c, h!, w!];
}

/** Unstacks a volume into images. */
export function images(p: Lowering, value: Positional): Positional {
  const [n, d, ...image] = value.shape;
  return reshaped(p, value, [p.sizes.mul(n!, d!), ...image]);
}

/** Stacks images into volumes of this depth. */
export function stacked(p: Lowering, value: Positional, depth: Size): Positional {
  const [count, ...image] = value.shape;
  return reshaped(p, value, [p.sizes.divide(count!, depth), depth, ...image]);
}

/**
 * Applies an operation axis by axis: `planes` to the images of height and width, then `depth` to images whose height is the
 * depth and whose width stays as it is.
 */
export function overVolume(
  p: Lowering,
  value: Tensor,
  spatial: readonly Axis[],
  type: TensorType,
  { planes, depth }: Readonly<Record<"planes" | "depth", (image: Positional) => Positional>>,
): Laid {
  const volume = toVolume(p, value, spatial);
  const stack = stacked(p, planes(images(p, volume.value)), volume.value.shape[1]!);
  const [n, d, ...rest] = stack.shape;
  const channels = p.layout === "NHWC" ? rest.splice(2) : [];
  const [w, c = p.sizes.int(1)] = [product(p.sizes, rest), ...channels];
  const image = reshaped(p, stack, imageShape({ n: n!, h: d!, w, c }, p.layout));
  return fromVolume(p, volume, depth(image), type);
}

export function sum(p: Lowering, values: readonly Positional[]): Positional {
  return values.reduce((a, b) => p.emit(binary, [a, b], { function: "add" }));
}
