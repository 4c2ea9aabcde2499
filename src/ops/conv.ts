/** @file Convolution: a window slides over one to three spatial axes and computes `c` channels from the channels it covers. */
import { arrange } from "../contract/ndarray.ts";
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import type { Lowering, Positional } from "../ir/lowering.ts";
import { operator, tensors, type ExpansionContext, type OperatorContext } from "../ir/operator.ts";
import type { Matrix, Trait } from "../ir/trait.ts";
import { volume, withAxes, type Axis, type Tensor, type TensorType } from "../ir/type.ts";
import type { Size } from "../sizes/size.ts";
import { convolve as lowerConvolution } from "./lowering/convolutions.ts";
import { fromImage, toImage } from "./lowering/images.ts";
import { mirrored, mirroring, type MarginMode } from "./lowering/margins.ts";
import { fromVolume, toVolume } from "./lowering/volumes.ts";
import { spatialPositions } from "./lowering/windows.ts";
import { convolve } from "./reference/convolve.ts";
import { made, rows, sizeOf, volumeExtent } from "./reference/rows.ts";
import { squeeze, unsqueeze } from "./shape.ts";
import { product, sizesOf } from "./shared/axes.ts";
import { dtypeOf, floating, refuse, requireMargin } from "./shared/conditions.ts";
import { biasAttribute, initAttribute, inputAxis, layerWeights, requireGroups } from "./shared/layers.ts";
import {
  axisAttribute,
  elementsBelow,
  elementsOf,
  isStill,
  knownSpatial,
  padSizes,
  perAxis,
  places,
  requireWindows,
  spatialOf,
  symbolicPads,
  volumeWindows,
  withSpatial,
  type Window,
} from "./shared/spatial.ts";
import { isOver, over } from "./shared/traits.ts";

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

/** Whether every channel of the result is made of the one channel of the input with its number. */
function isDepthwise({ c, groups }: Values, input: TensorType): boolean {
  return groups === c && input.axes.get("c") === c;
}

function traitOf(c: OperatorContext<Values>): Trait {
  const { sizes, attributes } = c;
  const axes = knownSpatial(c.input(0).axes.keys(), attributes.axis);
  const moved = axes.filter((_, i) => !isStill(sizes, attributes, i));
  const is = attributes.bias ? "affine" : "linear";
  if (isDepthwise(attributes, c.input(0))) return { ...over(moved, { is }), along: ["c"] };
  return over(["c", ...moved], { is });
}

/** A convolution whose windows are single elements multiplies the channels by its weight. */
function asMatrix(g: ExpansionContext<Values>): Matrix | undefined {
  const { sizes, attributes } = g;
  const { type } = g.inputs[0]!;
  const one = sizes.int(1);
  const axes = knownSpatial(type.axes.keys(), attributes.axis);
  const isDiagonal = isDepthwise(attributes, type);
  if (!axes.every((_, i) => isStill(sizes, attributes, i))) return undefined;
  if (attributes.groups !== one && !isDiagonal) return undefined;
  const channels = isDiagonal ? [] : ["c"];
  const dropped = isDiagonal ? [inputAxis("c")] : [];
  const again = (input: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor | undefined => {
    const axis = axes.filter((name) => input.type.axes.has(name));
    const fits = isOver(weight.type, isDiagonal ? ["c"] : ["c", inputAxis("c")]);
    if (axis.length === 0 || !fits || (bias !== undefined && !isOver(bias.type, ["c"]))) return undefined;
    const c = weight.type.axes.get("c")!;
    const window = { kernel: [one], stride: [one], dilation: [one], pad: "same", padding_mode: "zeros" } as const;
    const own = { ...attributes, ...window, c, groups: isDiagonal ? c : one, axis, bias: bias !== undefined };
    const unsqueezed = g.node(unsqueeze, [weight], { axis: [...dropped, ...axis] });
    return g.node(conv, [input], own, { weight: unsqueezed, ...(bias && { bias }) });
  };
  return {
    from: channels,
    to: channels,
    get weight() {
      return g.node(squeeze, [g.weights["weight"]!], { axis: [...dropped, ...axes] });
    },
    bias: g.weights["bias"],
    with: again,
  };
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
    requireWindows(c, c.attributes, axes);
    requireGroups(c);
    requirePadding(c, axes);
    return resultType(c);
  },
  resolve: withSpatial,
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
  trait: traitOf,
  matrix: asMatrix,
  reference: (c) => {
    const [input] = c.inputs;
    const [result] = c.results;
    const axes = knownSpatial(input!.axes, c.attributes.axis);
    const x = rows(input!, ["c", ...axes]);
    const groups = c.size(c.attributes.groups);
    const extent = volumeExtent(input!, axes);
    const counts = volumeExtent(result!, axes);
    const { padding_mode: mode } = c.attributes;
    const covered = (window: Window, size: number, count: number) =>
      mode === "zeros"
        ? elementsBelow(window, size, count)
        : elementsOf(window, size, count).map((taps) => taps.map(([k, at]) => [k, mirrored(mode, at, size)] as const));
    const windows = volumeWindows(c.attributes, axes.length, (size) => c.size(size));
    const along = (i: 0 | 1 | 2) => covered(windows[i], extent[i], counts[i]);
    const data = convolve(
      {
        x: x.data,
        weight: arrange(c.weights["weight"]!, ["c", inputAxis("c"), ...axes]).data,
        bias: c.weights["bias"]?.data,
        images: x.count,
        groups,
        below: sizeOf(input!, "c") / groups,
        outputs: c.size(c.attributes.c),
        extent,
        windows,
        covered: [along(0), along(1), along(2)],
      },
      c.count,
    );
    return made(data, [...x.axes, "c", ...axes], result!);
  },
  lower: ({ p, inputs, weights, attributes, results }) => {
    const axes = knownSpatial(p.typeOf(inputs[0]!).axes.keys(), attributes.axis);
    const all = volumeWindows(attributes, axes.length, (size) => p.int(size));
    const { padding_mode: mode } = attributes;
    // Convolutions pad with zeros only.
    const [layers, rows, columns] = all;
    const windows: Windows = mode === "zeros" ? all : [unpadded(layers), unpadded(rows), unpadded(columns)];
    const margins = mode === "zeros" ? undefined : { mode, windows: all };
    const [depth] = sizesOf(results[0]!, axes);
    const convolved = (value: Positional) => {
      const image = withMargins(p, value, margins);
      const filter = p.ordered(weights["weight"]!, [...axes, inputAxis("c"), "c"]);
      const bias = weights["bias"] === undefined ? [] : [p.ordered(weights["bias"], ["c"])];
      return lowerConvolution(p, [image, filter, ...bias], p.int(attributes.groups), windows, depth!);
    };
    if (axes.length === 3) {
      const volume = toVolume(p, inputs[0]!, axes);
      return fromVolume(p, volume, convolved(volume.value), results[0]!);
    }
    const image = toImage(p, inputs[0]!, axes);
    return fromImage(p, image, convolved(image.value), results[0]!);
  },
});

const unpadded = (window: Window): Window => ({ ...window, pads: [0, 0] });

type Windows = readonly [Window, Window, Window];

/** Margins that are not zeros, as wide as the pads of these windows over depth, height and width. */
interface Margins {
  readonly mode: MarginMode;
  readonly windows: Windows;
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
