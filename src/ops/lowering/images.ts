/** @file Values as images for lowerings: four positions, one of them a batch that folds all other axes. */
import type { Laid, Lowering, Positional } from "../../ir/lowering.ts";
import type { Axis, Tensor, TensorType } from "../../ir/type.ts";
import { except, product, reshaped, sizesOf } from "../shared/axes.ts";

export interface Image {
  /** `[batch, h, w, c]`, or in the order of the target's layout. A missing h or c has size 1. */
  readonly value: Positional;
  readonly batch: readonly Axis[];
  /** One or two axes. */
  readonly spatial: readonly Axis[];
  readonly channel: Axis | undefined;
}

/** Makes one or two axes height and width; `c`, or else the last axis in memory, the channels; and all others the batch. */
export function toImage(p: Lowering, value: Tensor, spatial: readonly Axis[]): Image {
  const type = p.typeOf(value);
  const others = except(p.loose(value).axes, spatial);
  const last = p.loose(value).axes.at(-1);
  const channel =
    others.find((axis) => axis === "c") ?? (p.layout === "NHWC" ? others.find((axis) => axis === last) : undefined);
  const batch = others.filter((axis) => axis !== channel);
  const image = { batch, spatial, channel };
  const one = p.sizes.int(1);
  const [c = one] = channel === undefined ? [] : sizesOf(type, [channel]);
  const [w, h = one] = sizesOf(type, spatial).reverse();
  const n = product(p.sizes, sizesOf(type, batch));
  const shape = p.layout === "NHWC" ? [n, h, w!, c] : [n, c, h, w!];
  return { ...image, value: reshaped(p, p.ordered(value, orderOf(p, image)), shape) };
}

/** Undoes `toImage` for a result of this type. Spatial axes that the type lacks must have size 1 in `value`. */
export function fromImage(p: Lowering, image: Image, value: Positional, type: TensorType): Laid {
  const axes = orderOf(p, { ...image, spatial: image.spatial.filter((axis) => type.axes.has(axis)) });
  return p.laid(axes.length === 4 && image.batch.length === 1 ? value : reshaped(p, value, sizesOf(type, axes)), axes);
}

function orderOf(p: Lowering, { batch, spatial, channel }: Omit<Image, "value">): Axis[] {
  const c = channel === undefined ? [] : [channel];
  return p.layout === "NHWC" ? [...batch, ...spatial, ...c] : [...batch, ...c, ...spatial];
}
