/** @file Convolution: a window slides over one to three spatial axes and computes `c` channels from the channels it covers. */
import { arrange } from "../contract/ndarray.ts";
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import type { Laid, Lowering, Positional } from "../ir/lowering.ts";
import { operator, tensors, type LoweringContext, type OperatorContext } from "../ir/operator.ts";
import { volume, withAxes, type Axis, type TensorType } from "../ir/type.ts";
import { conv2d, depthwiseConv2d } from "../primitives/convolution.ts";
import { noPads, type Layout, type Pads, type Pair } from "../primitives/image.ts";
import { concat } from "../primitives/layout.ts";
import { pool } from "../primitives/pool.ts";
import type { Size } from "../sizes/size.ts";
import { fromImage, toImage } from "./lowering/images.ts";
import { mirrored, mirroring, type MarginMode } from "./lowering/margins.ts";
import { fromVolume, images, sum, toVolume } from "./lowering/volumes.ts";
import { spatialPositions } from "./lowering/windows.ts";
import { made, rows, sizeOf, volumeExtent } from "./reference/rows.ts";
import { everyNth, padded, product, reshaped, sliceAt, slicePart, sizesOf } from "./shared/axes.ts";
import { dtypeOf, floating, refuse, requireMargin } from "./shared/conditions.ts";
import { biasAttribute, initAttribute, inputAxis, layerWeights, requireGroups } from "./shared/layers.ts";
import {
  axisAttribute,
  elementsBelow,
  elementsOf,
  knownSpatial,
  padSizes,
  pairOfPads,
  perAxis,
  places,
  requireWindows,
  spatialOf,
  symbolicPads,
  volumeWindows,
  type Window,
} from "./shared/spatial.ts";

const attributes = {
  c: attribute("size", "number of channels of the result", { axis: true }),
  kernel: attribute("sizes", "size of the window", { default: 1 }),
  stride: attribute("sizes", "step of the window", { default: 1 }),
  pad: attribute(
    "padding",
    "a number, one per axis or pairs; `same`: dilation * (kernel - 1) / 2 on both sides; `same_tf`: TensorFlow's, more at the end",
    { default: "same", choices: ["same", "same_tf"] },
  ),
  padding_mode: attribute("choice", "what the padding holds: zeros, or as `mode` of `pad`; only zeros with `same_tf`", {
    choices: ["zeros", "reflect", "replicate", "circular"],
    default: "zeros",
  }),
  dilation: attribute("sizes", "distance between the elements that a window covers", { default: 1 }),
  groups: attribute("size", "number of groups of channels, each convolved separately", { default: 1 }),
  bias: biasAttribute,
  init: initAttribute,
  axis: axisAttribute,
};

type Values = ValuesOf<typeof attributes>;

/** Returns how many channels of the input each channel of the result reads. */
function channelsPerGroup(c: OperatorContext<Values>): Size {
  return c.sizes.divide(c.size(0, "c"), c.attributes.groups);
}

function resultType(c: OperatorContext<Values>): TensorType {
  const axes = knownSpatial(c.input(0).axes.keys(), c.attributes.axis);
  const moved = axes.map((axis, i) => [axis, places(c.sizes, c.attributes, i, c.size(0, axis))] as const);
  return withAxes(c.input(0), [["c", c.attributes.c], ...moved]);
}

/** Requires that the axes have the elements that the padding repeats. */
function requirePadding(c: OperatorContext<Values>, axes: readonly Axis[]): void {
  const { pad, padding_mode } = c.attributes;
  if (padding_mode === "zeros") return;
  if (pad === "same_tf") refuse(c, "padding_mode", "`zeros` with `pad: same_tf`", `\`${padding_mode}\``);
  for (const [i, axis] of axes.entries())
    for (const side of new Set(padSizes(c.sizes, c.attributes, i)))
      requireMargin(c, axis, side, padding_mode, "padding_mode");
}

export const conv = operator({
  name: "conv",
  doc: "Convolution over one to three spatial axes. By default, the window is one element and padding keeps the size.",
  inputs: tensors("x"),
  attributes,
  examples: [
    { code: "conv(x, c: 8, kernel: 3)", inputs: "x: [n, c: 4, h, w]" },
    { code: "conv(x, c: 6, kernel: [1, 3], stride: 2, groups: 2, bias: false)", inputs: "x: [n, c: 4, h, w]" },
    { code: "conv(x, c: 8, kernel: 3, dilation: 2, axis: t)", inputs: "x: [n, c: 4, t]" },
    { code: "conv(x, c: 4, kernel: [3, 1, 3], stride: 2)", inputs: "x: [n, c: 2, d, h, w]" },
    { code: "conv(x, c: 8, kernel: 3, padding_mode: circular)", inputs: "x: [n, c: 4, h, w]" },
    { code: "conv(x, c: 4, kernel: 2, stride: 3, pad: same_tf, groups: 2)", inputs: "x: [n, d, h, w, c: 2]" },
  ],
  type: (c) => {
    dtypeOf(c, 0, floating);
    const axes = spatialOf(c, 3);
    if (axes.includes("c")) refuse(c, "axis", "a spatial axis", "`c`");
    requireWindows(c, axes);
    requireGroups(c);
    requirePadding(c, axes);
    return resultType(c);
  },
  weights: (c) => {
    const { c: outputs, kernel } = c.attributes;
    const axes = knownSpatial(c.input(0).axes.keys(), c.attributes.axis);
    const window = axes.map((axis, i) => [axis, perAxis(kernel, i)] as const);
    const below = channelsPerGroup(c);
    const elements = product(
      c.sizes,
      window.map(([, size]) => size),
    );
    const groups = [["c", outputs] as const, [inputAxis("c"), below] as const, ...window].map((axis) => [axis]);
    const fan = { in: c.sizes.mul(below, elements), out: c.sizes.mul(outputs, elements) };
    return layerWeights(c.attributes, groups, [["c", outputs]], fan);
  },
  macs: (c) => {
    const type = resultType(c);
    const axes = knownSpatial(type.axes.keys(), c.attributes.axis);
    const window = axes.map((_, i) => perAxis(c.attributes.kernel, i));
    return product(c.sizes, [volume(c.sizes, type), channelsPerGroup(c), ...window]);
  },
  reference: (c) => {
    const [input] = c.inputs;
    const [result] = c.results;
    const axes = knownSpatial(input!.axes, c.attributes.axis);
    const x = rows(input!, ["c", ...axes]);
    const weight = arrange(c.weights["weight"]!, ["c", inputAxis("c"), ...axes]).data;
    const bias = c.weights["bias"]?.data;
    const [outputs, groups] = [c.size(c.attributes.c), c.size(c.attributes.groups)];
    const below = sizeOf(input!, "c") / groups;
    const [depth, height, width] = volumeExtent(input!, axes);
    const [newDepth, newHeight, newWidth] = volumeExtent(result!, axes);
    const [depthWindow, rowWindow, columnWindow] = volumeWindows(c.attributes, axes.length, (size) => c.size(size));
    const { padding_mode: mode } = c.attributes;
    const covered = (window: Window, size: number, count: number) =>
      mode === "zeros"
        ? elementsBelow(window, size, count)
        : elementsOf(window, size, count).map((taps) => taps.map(([k, at]) => [k, mirrored(mode, at, size)] as const));
    const layers = covered(depthWindow, depth, newDepth);
    const lines = covered(rowWindow, height, newHeight);
    const columns = covered(columnWindow, width, newWidth);
    const data = new Float64Array(x.count * outputs * newDepth * newHeight * newWidth);
    // Elements of the window in the padding count, because backends multiply them too.
    const window = depthWindow.kernel * rowWindow.kernel * columnWindow.kernel;
    let [at, macs] = [0, 0];
    for (let image = 0; image < x.count; image++)
      for (let o = 0; o < outputs; o++) {
        const firstBelow = image * below * groups + Math.floor(o / (outputs / groups)) * below;
        for (const layer of layers)
          for (const line of lines)
            for (const column of columns) {
              let sum = bias?.[o] ?? 0;
              for (let i = 0; i < below; i++, macs += window)
                for (const [kz, z] of layer)
                  for (const [ky, y] of line) {
                    const pixels = (((firstBelow + i) * depth + z) * height + y) * width;
                    const taps =
                      (((o * below + i) * depthWindow.kernel + kz) * rowWindow.kernel + ky) * columnWindow.kernel;
                    for (const [kx, x0] of column) sum += x.data[pixels + x0]! * weight[taps + kx]!;
                  }
              data[at++] = sum;
            }
      }
    c.count(macs);
    return made(data, [...x.axes, "c", ...axes], result!);
  },
  lower: (c) => {
    const { p, inputs, attributes, results } = c;
    const axes = knownSpatial(p.typeOf(inputs[0]!).axes.keys(), attributes.axis);
    const all = volumeWindows(attributes, axes.length, (size) => p.int(size));
    const { padding_mode: mode } = attributes;
    // Convolutions pad with zeros only.
    const [depthWindow, ...windows] = mode === "zeros" ? all : (all.map(unpadded) as [Window, Window, Window]);
    const margins = mode === "zeros" ? undefined : { mode, windows: all };
    const [rows, columns] = windows;
    const along: Convolution = {
      strides: [rows.stride, columns.stride],
      dilations: [rows.dilation, columns.dilation],
      pads: pairOfPads(windows),
      layout: p.layout,
    };
    const window = [p.sizes.int(rows.kernel), p.sizes.int(columns.kernel)] as const;
    if (axes.length === 3) return lowerVolume(c, axes, depthWindow, window, along, margins);
    const image = toImage(p, inputs[0]!, axes);
    const { filter, bias } = parameters(c, axes);
    const operands = [
      withMargins(p, image.value, margins),
      reshaped(p, filter, [...window, ...filter.shape.slice(axes.length)]),
      ...bias,
    ];
    return fromImage(p, image, convolution(p, operands, p.int(attributes.groups), along), results[0]!);
  },
});

const unpadded = (window: Window): Window => ({ ...window, pads: [0, 0] });

/** Margins that are not zeros, as wide as the pads of these windows over depth, height and width. */
interface Margins {
  readonly mode: MarginMode;
  readonly windows: readonly [Window, Window, Window];
}

/** Adds the margins to an image or a volume. */
function withMargins(p: Lowering, value: Positional, margins: Margins | undefined): Positional {
  if (margins === undefined) return value;
  const rank = value.shape.length;
  const [height, width] = spatialPositions(p).map((position) => position + rank - 4);
  const positions = [rank === 5 ? 1 : undefined, height, width];
  const pads = value.shape.map((size, at) => {
    const window = margins.windows[positions.indexOf(at)];
    return window === undefined ? ([p.sizes.int(0), p.sizes.int(0)] as const) : symbolicPads(p.sizes, window, size);
  });
  return mirroring(p, value, pads, margins.mode);
}

/** Returns the filter with axes, input channels and output channels, and the bias if there is one. */
function parameters({ p, weights }: LoweringContext<Values>, axes: readonly Axis[]) {
  const filter = p.ordered(weights["weight"]!, [...axes, inputAxis("c"), "c"]);
  return { filter, bias: weights["bias"] === undefined ? [] : [p.ordered(weights["bias"], ["c"])] };
}

/** Sums over the layers of the window, each a convolution of the images it covers. */
function lowerVolume(
  c: LoweringContext<Values>,
  axes: readonly Axis[],
  depthWindow: Window,
  window: Pair<Size>,
  along: Convolution,
  margins: Margins | undefined,
): Laid {
  const { p, inputs, attributes, results } = c;
  const volume = toVolume(p, inputs[0]!, axes);
  const { filter, bias } = parameters(c, axes);
  const { kernel, stride, dilation } = depthWindow;
  const pads = symbolicPads(p.sizes, depthWindow, volume.value.shape[1]!);
  const whole = padded(p, withMargins(p, volume.value, margins), 1, pads);
  const [one, step] = [p.sizes.int(1), p.sizes.int(stride)];
  const [depth] = sizesOf(results[0]!, axes);
  const reach = p.sizes.add(p.sizes.mul(p.sizes.sub(depth!, one), step), one);
  const layers = Array.from({ length: kernel }, (_, k) => {
    const below = everyNth(p, sliceAt(p, whole, 1, p.sizes.int(k * dilation), reach), 1, step);
    const layer = reshaped(p, sliceAt(p, filter, 0, p.sizes.int(k), one), [...window, ...filter.shape.slice(3)]);
    const operands = [images(p, below), layer, ...(k === 0 ? bias : [])];
    return convolution(p, operands, p.int(attributes.groups), along);
  });
  return fromVolume(p, volume, sum(p, layers), results[0]!);
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
  const isDepthwise = groups > 1 && p.int(below!) === 1;
  if (!isDepthwise && beyondOne(strides) && beyondOne(dilations) && !p.can("conv2d.stride-and-dilation"))
    return sparse(p, operands, groups, attributes);
  if (groups === 1) return p.emit(conv2d, operands, { ...attributes, groups });
  const isPlain = strides[0] === strides[1] && !beyondOne(dilations);
  if (isDepthwise && (isPlain || p.can("depthwise.geometry") || !p.can("conv2d.groups"))) {
    const inputs = p.sizes.int(groups);
    const multiplier = p.sizes.int(p.int(outputs!) / groups);
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
