/** @file Convolutions with a given filter: of images, and of volumes as sums of convolutions of images. */
import type { Lowering, Positional } from "../../ir/lowering.ts";
import { conv2d, depthwiseConv2d } from "../../primitives/convolution.ts";
import { noPads, type Layout, type Pads, type Pair } from "../../primitives/image.ts";
import { concat } from "../../primitives/layout.ts";
import { pool } from "../../primitives/pool.ts";
import type { Size } from "../../sizes/size.ts";
import { everyNth, padded, reshaped, sliceAt, slicePart } from "../shared/axes.ts";
import { pairOfPads, symbolicPads, type Window } from "../shared/spatial.ts";
import { images, sum } from "./volumes.ts";
import { spatialPositions } from "./windows.ts";

/**
 * Convolves with windows over depth, height and width. `operands` are an image or, for a filter with three axes of a window,
 * a volume; the filter [kernel…, ci / groups, co]; and optionally a bias [co]. `depth` is the first size of the result.
 */
export function convolve(
  p: Lowering,
  [value, filter, ...bias]: readonly Positional[],
  groups: number,
  [over, ...windows]: readonly [Window, Window, Window],
  depth: Size,
): Positional {
  const [rows, columns] = windows;
  const along: Convolution = {
    strides: [rows.stride, columns.stride],
    dilations: [rows.dilation, columns.dilation],
    pads: pairOfPads(windows),
    layout: p.layout,
  };
  const window = [p.sizes.int(rows.kernel), p.sizes.int(columns.kernel), ...filter!.shape.slice(-2)];
  if (filter!.shape.length < 5) return convolution(p, [value!, reshaped(p, filter!, window), ...bias], groups, along);
  const whole = padded(p, value!, 1, symbolicPads(p.sizes, over, value!.shape[1]!));
  const [one, step] = [p.sizes.int(1), p.sizes.int(over.stride)];
  const reach = p.sizes.add(p.sizes.mul(p.sizes.sub(depth, one), step), one);
  // Sums over the layers of the window, each a convolution of the images it covers.
  const layers = Array.from({ length: over.kernel }, (_, k) => {
    const below = everyNth(p, sliceAt(p, whole, 1, p.sizes.int(k * over.dilation), reach), 1, step);
    const layer = reshaped(p, sliceAt(p, filter!, 0, p.sizes.int(k), one), window);
    return convolution(p, [images(p, below), layer, ...(k === 0 ? bias : [])], groups, along);
  });
  return sum(p, layers);
}

/** Attributes of a convolution of images. */
interface Convolution {
  readonly strides: Pair<number>;
  readonly dilations: Pair<number>;
  readonly pads: Pads;
  readonly layout: Layout;
}

/** Convolves with stride 1, then keeps every n-th pixel. */
function sparse(p: Lowering, operands: readonly Positional[], groups: number, attributes: Convolution): Positional {
  const { strides, dilations, pads, layout } = attributes;
  const [image, ...others] = operands;
  // The pads of `same_tf` depend on the strides.
  const isSame = pads === "same_tf";
  const whole = spatialPositions(p).reduce((value, position, i) => {
    const window = {
      kernel: p.int(others[0]!.shape[i]!),
      stride: strides[i]!,
      dilation: dilations[i]!,
      pads: "same_tf",
    } as const;
    return isSame ? padded(p, value, position, symbolicPads(p.sizes, window, value.shape[position]!)) : value;
  }, image!);
  const unit = p.sizes.int(1);
  const dense = { strides: [1, 1] as const, dilations, pads: isSame ? noPads : pads, layout };
  return p.emit(pool, [convolution(p, [whole, ...others], groups, dense)], {
    kind: "avg",
    kernel: [unit, unit],
    strides: [p.sizes.int(strides[0]), p.sizes.int(strides[1])],
    pads: noPads,
    layout,
  });
}

/** Emits a convolution. `operands` are an image, a filter [kh, kw, ci / groups, co], and optionally a bias [co]. */
function convolution(
  p: Lowering,
  operands: readonly Positional[],
  groups: number,
  attributes: Convolution,
): Positional {
  const [image, filter, ...bias] = operands;
  const [kh, kw, below, outputs] = filter!.shape;
  const { strides, dilations } = attributes;
  const beyondOne = (pair: Pair<number>) => pair.some((n) => n > 1);
  const isDepthwise = groups > 1 && p.sizes.constant(below!) === 1n;
  if (!isDepthwise && beyondOne(strides) && beyondOne(dilations) && !p.can("conv2d.stride-and-dilation"))
    return sparse(p, operands, groups, attributes);
  if (groups === 1) return p.emit(conv2d, operands, { ...attributes, groups });
  const isPlain = strides[0] === strides[1] && !beyondOne(dilations);
  if (isDepthwise && (isPlain || p.can("depthwise.geometry") || !p.can("conv2d.groups"))) {
    const inputs = p.sizes.int(groups);
    const multiplier = p.sizes.divide(outputs!, inputs);
    const depthwise = reshaped(p, filter!, [kh!, kw!, inputs, multiplier]);
    return p.emit(depthwiseConv2d, [image!, depthwise, ...bias], attributes);
  }
  if (p.can("conv2d.groups")) return p.emit(conv2d, operands, { ...attributes, groups });
  const channel = attributes.layout === "NHWC" ? 3 : 1;
  const parts = Array.from({ length: groups }, (_, group) => {
    const own = [
      slicePart(p, image!, channel, group, groups),
      slicePart(p, filter!, 3, group, groups),
      ...bias.map((vector) => slicePart(p, vector, 0, group, groups)),
    ];
    return p.emit(conv2d, own, { ...attributes, groups: 1 });
  });
  return p.emit(concat, parts, { axis: channel });
}
