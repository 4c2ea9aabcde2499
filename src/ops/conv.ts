/** @file Convolution: a window slides over one or two spatial axes and makes `c` channels of the channels below it. */
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import type { Lowering, Positional } from "../ir/lowering.ts";
import { arrange } from "../ir/ndarray.ts";
import { operator, tensors, type OperatorContext } from "../ir/operator.ts";
import type { Size } from "../ir/size.ts";
import { volume, withAxes, type TensorType } from "../ir/type.ts";
import { conv2d, depthwiseConv2d } from "../primitives/convolution.ts";
import type { Layout, Pads, Pair } from "../primitives/image.ts";
import { concat } from "../primitives/layout.ts";
import { dtypeOf, floating, refuse } from "./conditions.ts";
import { fromImage, toImage } from "./image.ts";
import { biasAttribute, initAttribute, inputAxis, layerWeights } from "./layers.ts";
import { product, reshaped, slicePart } from "./positions.ts";
import { extent, made, rows, sizeOf } from "./reading.ts";
import {
  axisAttribute,
  imageWindows,
  knownSpatial,
  padsOf,
  pairOfPads,
  perAxis,
  places,
  requireWindows,
  spatialOf,
} from "./spatial.ts";

const attributes = {
  c: attribute("size", "number of channels of the result", { axis: true }),
  kernel: attribute("sizes", "size of the window", { default: 1 }),
  stride: attribute("sizes", "step of the window", { default: 1 }),
  pad: attribute(
    "padding",
    "`same`: dilation * (kernel - 1) / 2 on both sides; `same_tf`: TensorFlow's, more at the end; or a number, or pairs",
    { default: "same" },
  ),
  dilation: attribute("sizes", "distance of the elements below the window", { default: 1 }),
  groups: attribute("size", "channels are split into so many groups, each convolved by itself", { default: 1 }),
  bias: biasAttribute,
  init: initAttribute,
  axis: axisAttribute,
};

type Values = ValuesOf<typeof attributes>;

/** How many channels of the input each channel of the result sees. */
function channelsPerGroup(c: OperatorContext<Values>): Size {
  return c.sizes.divide(c.size(0, "c"), c.attributes.groups);
}

function resultType(c: OperatorContext<Values>): TensorType {
  const axes = knownSpatial(c.input(0).axes.keys(), c.attributes.axis);
  const moved = axes.map((axis, i) => [axis, places(c.sizes, c.attributes, i, c.size(0, axis))] as const);
  return withAxes(c.input(0), [["c", c.attributes.c], ...moved]);
}

export const conv = operator({
  name: "conv",
  doc: "Convolution over the spatial axes, one or two. Unless told otherwise its window is one element and padding keeps the size.",
  inputs: tensors("x"),
  attributes,
  examples: [
    { code: "conv(x, c: 8, kernel: 3)", inputs: "x: [n, c: 4, h, w]" },
    { code: "conv(x, c: 6, kernel: [1, 3], stride: 2, groups: 2, bias: false)", inputs: "x: [n, c: 4, h, w]" },
    { code: "conv(x, c: 8, kernel: 3, dilation: 2, axis: t)", inputs: "x: [n, c: 4, t]" },
  ],
  type: (c) => {
    dtypeOf(c, 0, floating);
    const axes = spatialOf(c);
    if (axes.includes("c")) refuse(c, "axis", "a spatial axis", "`c`");
    requireWindows(c, axes);
    const { c: outputs, groups } = c.attributes;
    c.divide(c.size(0, "c"), groups, { inputs: [0], attribute: "groups", axis: "c" });
    c.divide(outputs, groups, { attribute: "groups" });
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
    const [height, width] = extent(input!, axes);
    const [rowWindow, columnWindow] = imageWindows(c.attributes, axes.length, (size) => c.size(size));
    const [top] = padsOf(rowWindow, height);
    const [left] = padsOf(columnWindow, width);
    const [newHeight, newWidth] = extent(result!, axes);
    const data = new Float64Array(x.count * outputs * newHeight * newWidth);
    let at = 0;
    for (let image = 0; image < x.count; image++)
      for (let o = 0; o < outputs; o++) {
        const firstBelow = image * below * groups + Math.floor(o / (outputs / groups)) * below;
        for (let y = 0; y < newHeight; y++)
          for (let z = 0; z < newWidth; z++) {
            let sum = bias?.[o] ?? 0;
            for (let i = 0; i < below; i++)
              for (let ky = 0; ky < rowWindow.kernel; ky++) {
                const row = y * rowWindow.stride - top + ky * rowWindow.dilation;
                if (row < 0 || row >= height) continue;
                const pixels = ((firstBelow + i) * height + row) * width;
                const taps = ((o * below + i) * rowWindow.kernel + ky) * columnWindow.kernel;
                for (let kx = 0; kx < columnWindow.kernel; kx++) {
                  const column = z * columnWindow.stride - left + kx * columnWindow.dilation;
                  if (column >= 0 && column < width) sum += x.data[pixels + column]! * weight[taps + kx]!;
                }
              }
            data[at++] = sum;
          }
      }
    return made(data, [...x.axes, "c", ...axes], result!);
  },
  lower: ({ p, inputs: [x], weights, attributes, results: [result] }) => {
    const axes = knownSpatial(p.typeOf(x!).axes.keys(), attributes.axis);
    const windows = imageWindows(attributes, axes.length, (size) => p.int(size));
    const [rowWindow, columnWindow] = windows;
    const image = toImage(p, x!, axes);
    const filter = p.ordered(weights["weight"]!, [...axes, inputAxis("c"), "c"]);
    const window = [rowWindow.kernel, columnWindow.kernel].map((size) => p.sizes.int(size));
    const parameters = [
      reshaped(p, filter, [...window, ...filter.shape.slice(axes.length)]),
      ...(weights["bias"] === undefined ? [] : [p.ordered(weights["bias"], ["c"])]),
    ];
    const value = convolution(p, [image.value, ...parameters], p.int(attributes.groups), {
      strides: [rowWindow.stride, columnWindow.stride],
      dilations: [rowWindow.dilation, columnWindow.dilation],
      pads: pairOfPads(windows),
      layout: p.layout,
    });
    return fromImage(p, image, value, result!);
  },
});

/** What the convolutions of images take. */
interface Convolution {
  readonly strides: Pair<number>;
  readonly dilations: Pair<number>;
  readonly pads: Pads;
  readonly layout: Layout;
}

/** `operands` are an image, a filter [kh, kw, ci / groups, co], and perhaps a bias [co]. */
function convolution(
  p: Lowering,
  operands: readonly Positional[],
  groups: number,
  attributes: Convolution,
): Positional {
  const [image, filter, ...bias] = operands;
  const [kh, kw, below, outputs] = filter!.shape;
  if (groups === 1) return p.emit(conv2d, operands, { ...attributes, groups });
  if (p.int(below!) === 1) {
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
