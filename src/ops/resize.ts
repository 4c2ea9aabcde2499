/** @file Resizing of images: resize and upsample. */
import { attribute } from "../ir/attribute.ts";
import type { Laid, Lowering, Positional } from "../ir/lowering.ts";
import { operator, tensors, type OperatorContext } from "../ir/operator.ts";
import { printType, withAxes, type Axis, type Tensor, type TensorType } from "../ir/type.ts";
import { imageSizes } from "../primitives/image.ts";
import { gather } from "../primitives/gather.ts";
import { nearestIndices } from "../primitives/nearest.ts";
import { resize as resizePrimitive } from "../primitives/resize.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { averages, lowerAverages } from "./adaptive.ts";
import { fromImage, toImage } from "./lowering/images.ts";
import { byMatrix } from "./lowering/resize-matrix.ts";
import { overVolume } from "./lowering/volumes.ts";
import { pad, slice } from "./margin.ts";
import { made, rows, volumeExtent } from "./reference/rows.ts";
import { tapsOf } from "./reference/taps.ts";
import { sizesOf } from "./shared/axes.ts";
import { dtypeOf, floating, refuse, requireAxes } from "./shared/conditions.ts";
import {
  axisAttribute,
  keyedSpatial,
  knownSpatial,
  perAxis,
  requirePerAxis,
  requireSpatialCount,
  spatialOf,
  withSpatial,
} from "./shared/spatial.ts";
import { over, type Acts } from "./shared/traits.ts";

const mode = attribute(
  "choice",
  "`nearest`, as in PyTorch, or `nearest_exact`, the nearest centre; interpolation between the centres of pixels: `bilinear` from two pixels along each of one to three axes, `bicubic` from four along each of one or two; `area`, the average as of `adaptive_avgpool`; or `bilinear_tf`, between the starts of pixels as in TensorFlow 1",
  {
    choices: ["nearest", "nearest_exact", "bilinear", "bicubic", "area", "bilinear_tf"],
    default: "nearest",
  },
);
const align_corners = attribute(
  "bool",
  "whether the centres of the corner pixels stay in the corners; for `bilinear` and `bicubic`",
  { default: false },
);

/** Returns how many axes can be resized at once. PyTorch's `bicubic` and `antialias` do not support volumes. */
const most = (mode: string, antialias = false): number => (mode === "bicubic" || antialias ? 2 : 3);

/** Requires that a flag is only set for modes that interpolate between centres. */
function requireMode(c: OperatorContext<{ readonly mode: string }>, flags: Readonly<Record<string, boolean>>): void {
  const { mode } = c.attributes;
  for (const [name, isSet] of Object.entries(flags))
    if (isSet && mode !== "bilinear" && mode !== "bicubic")
      refuse(c, name, `\`false\` with \`mode: ${mode}\``, "`true`");
}

/** The nearest pixel is a pixel; all other modes average with weights that add up to 1. */
const interpolating = (mode: string): Acts =>
  mode === "nearest" || mode === "nearest_exact" ? { is: "gather" } : { is: "linear", unit: true };

export const resize = operator({
  name: "resize",
  doc: "Resizes an image to a given size, or to that of another tensor.",
  inputs: tensors("x"),
  attributes: {
    keyed: attribute("keyed", "the axes that change, with their new sizes", { unordered: true }),
    like: attribute("like", "tensor that gives the sizes of the result over `axis`", { optional: true }),
    axis: axisAttribute,
    mode,
    align_corners,
    antialias: attribute("bool", "whether `bilinear` and `bicubic` average all pixels below one that is larger", {
      default: false,
    }),
  },
  alsoCalled: ["interpolate"],
  examples: [
    { code: "resize(x, h: 7, w: 9)", inputs: "x: [n, c, h, w]" },
    { code: "resize(x, like: y, mode: bilinear)", inputs: "x: [n, c, h, w], y: [n, h: 2*k, w: 2*l]" },
    { code: "resize(x, like: y, mode: bicubic, align_corners: true)", inputs: "x: [n, c, h, w], y: [n, h: k, w: l]" },
    { code: "resize(x, t: 2*t + 1, mode: bicubic)", inputs: "x: [n, t, d]" },
    { code: "resize(x, d: 3, h: 5, w: 4, mode: bilinear)", inputs: "x: [n, c, d, h, w]" },
    { code: "resize(x, like: y)", inputs: "x: [n, c, d, h, w], y: [d: 2*k, h: l, w: 3]" },
    { code: "resize(x, h: 5, w: 3, mode: bilinear, antialias: true)", inputs: "x: [n, c, h, w]" },
    { code: "resize(x, h: 5, w: 2*w, mode: nearest_exact)", inputs: "x: [n, c, h, w]" },
    { code: "resize(x, h: 5, w: 3, mode: area)", inputs: "x: [n, c, h, w]" },
    { code: "resize(x, h: 5, w: 2*w, mode: bilinear_tf)", inputs: "x: [n, h, w, c]" },
  ],
  type: (c) => {
    const { keyed, like, axis, mode, align_corners, antialias } = c.attributes;
    dtypeOf(c, 0, floating);
    requireMode(c, { align_corners, antialias });
    if (like !== undefined) {
      if (keyed.size > 0) refuse(c, "like", "omitted when sizes are given", "given");
      const missing = (name: Axis) => {
        const args = { callee: c.callee, axis: name, type: printType(c.sizes, like) };
        return c.complain("missing-axis", args, { attribute: "like", axis: name });
      };
      return withAxes(
        c.input(0),
        spatialOf(c, most(mode, antialias)).map((name) => [name, like.axes.get(name) ?? missing(name)]),
      );
    }
    if (keyed.size === 0) c.complain("missing-attribute", { callee: c.callee, name: "h" }, {});
    if (axis !== undefined) refuse(c, "axis", "omitted when sizes are given", "given");
    requireSpatialCount(c, keyed, most(mode, antialias));
    for (const [name, sizes] of keyed) {
      requireAxes(c, 0, [name], name);
      requirePerAxis(c, name, sizes, [name]);
    }
    return withAxes(
      c.input(0),
      [...keyed].map(([name, sizes]) => [name, sizes[0]!]),
    );
  },
  trait: (c) => over(keyedSpatial(c.attributes.keyed), interpolating(c.attributes.mode)),
  resolve: (attributes, input, result) => {
    const { like, axis } = attributes;
    if (like === undefined) return attributes;
    const changed = knownSpatial(input.axes.keys(), axis).map((name) => [name, result.axes.get(name)!] as const);
    return {
      ...attributes,
      keyed: new Map(changed.map(([name, size]) => [name, [size]])),
      like: undefined,
      axis: undefined,
    };
  },
  reference: (c) => {
    const [input] = c.inputs;
    const { mode, align_corners, antialias } = c.attributes;
    if (mode === "area") return averages(c);
    const axes = keyedSpatial(c.attributes.keyed);
    const x = rows(input!, axes);
    const from = volumeExtent(input!, axes);
    const [, height, width] = from;
    const to = volumeExtent(c.results[0]!, axes);
    const how = { mode, align_corners, antialias };
    const [layers, lines, columns] = from.map((size, at) =>
      Array.from({ length: to[at]! }, (_, i) => tapsOf(i, size, to[at]!, how)),
    );
    const data = new Float64Array(x.count * to[0] * to[1] * to[2]);
    let at = 0;
    for (let start = 0; start < x.data.length; start += x.width)
      for (const before of layers!)
        for (const above of lines!)
          for (const beside of columns!) {
            let sum = 0;
            for (const [layer, deep] of before)
              for (const [line, down] of above)
                for (const [column, across] of beside)
                  sum += x.data[start + (layer * height + line) * width + column]! * deep * down * across;
            data[at++] = sum;
          }
    return made(data, [...x.axes, ...axes], c.results[0]!);
  },
  lower: (c) => {
    const { p, inputs, attributes, results } = c;
    const [[x], [result]] = [inputs, results];
    const { keyed, mode, align_corners, antialias } = attributes;
    const axes = keyedSpatial(keyed);
    if (mode === "area") return lowerAverages(c);
    if (mode === "nearest_exact") return lowerNearestExact(p, x!, axes, result!);
    if (mode === "bicubic" || (mode === "bilinear" && antialias))
      return byMatrix(p, x!, axes, { mode, align_corners, antialias }, result!);
    const centres = mode === "bilinear_tf" ? "asymmetric" : align_corners ? "align_corners" : "half_pixel";
    const resized = (image: Positional, height: Size, width: Size): Positional => {
      const { h, w } = imageSizes(image.shape, p.layout);
      if (h === height && w === width) return image;
      const size = [height, width] as const;
      const kind = mode === "nearest" ? "nearest" : "bilinear";
      return p.emit(resizePrimitive, [image], { mode: kind, centres, size, layout: p.layout });
    };
    const [width, height = p.sizes.int(1), depth] = sizesOf(result!, axes).reverse();
    const planes = (image: Positional) => resized(image, height, width!);
    if (depth !== undefined) {
      const along = (image: Positional) => resized(image, depth, imageSizes(image.shape, p.layout).w);
      return overVolume(p, x!, axes, result!, { planes, depth: along });
    }
    const image = toImage(p, x!, axes);
    return fromImage(p, image, planes(image.value), result!);
  },
});

/** Gathers the nearest pixels along one axis after the other. */
function lowerNearestExact(p: Lowering, x: Tensor, axes: readonly Axis[], type: TensorType): Laid {
  const image = p.any(x);
  const value = axes.reduce((value, axis) => {
    const at = image.axes.indexOf(axis);
    const [from, to] = [value.shape[at]!, sizesOf(type, [axis])[0]!];
    return from === to ? value : p.emit(gather, [value, p.emit(nearestIndices, [], { from, to })], { axis: at });
  }, image.value);
  return p.laid(value, image.axes);
}

/** The greatest denominator of a scale. The margin that a scale needs is smaller than this. */
const finest = 100n;

export const upsample = operator({
  name: "upsample",
  doc: "Resizes an image to a multiple of its size, rounded down. As in PyTorch, `scale` sets the distance between pixels even if the size was rounded, unless corners are aligned, or the mode is `area` or `bilinear_tf`.",
  inputs: tensors("x"),
  attributes: {
    scale: attribute("sizes", "factor for the sizes: `2`, `1.5` or `3/2`, with a denominator of at most 100", {
      positional: true,
      fractions: true,
    }),
    axis: axisAttribute,
    mode,
    align_corners,
  },
  examples: [
    { code: "upsample(x, 2)", inputs: "x: [n, c, h, w]" },
    { code: "upsample(x, scale: [2, 3], mode: bilinear)", inputs: "x: [n, c, h, w]" },
    { code: "upsample(x, 3, mode: bicubic, axis: t)", inputs: "x: [n, t, d]" },
    { code: "upsample(x, 2, mode: bilinear)", inputs: "x: [n, c, d, h, w]" },
    { code: "upsample(x, 1.5, mode: bilinear)", inputs: "x: [n, c, h, w]" },
    { code: "upsample(x, scale: [7/4, 0.8])", inputs: "x: [n, c, h: 2*k, w: l + 1]" },
    { code: "upsample(x, 2/3, mode: bicubic)", inputs: "x: [n, c, h: k + 1, w: l + 1]" },
    { code: "upsample(x, 1.25, mode: bilinear, align_corners: true)", inputs: "x: [n, d, h, w]" },
  ],
  type: (c) => {
    const { scale, mode, align_corners } = c.attributes;
    dtypeOf(c, 0, floating);
    requireMode(c, { align_corners });
    const axes = spatialOf(c, most(mode));
    requirePerAxis(c, "scale", scale, axes);
    const tooFine = scale.find(({ over }) => over > finest);
    if (tooFine !== undefined)
      refuse(c, "scale", `a fraction with a denominator of at most ${finest}`, c.sizes.print(tooFine));
    return withAxes(
      c.input(0),
      axes.map((axis, i) => [axis, scaled(c.sizes, c.size(0, axis), perAxis(scale, i))]),
    );
  },
  resolve: withSpatial,
  trait: (c) => over(knownSpatial(c.input(0).axes.keys(), c.attributes.axis), interpolating(c.attributes.mode)),
  expand: (g) => {
    const { sizes } = g;
    const { scale, axis, mode, align_corners } = g.attributes;
    const [x] = g.inputs;
    const axes = knownSpatial(x!.type.axes.keys(), axis);
    const plans = axes.map((name, i) => {
      const [factor, [size]] = [perAxis(scale, i), sizesOf(x!.type, [name])];
      return { name, size: size!, to: scaled(sizes, size!, factor), ...stretched(sizes, size!, factor) };
    });
    const keyed = (of: (plan: (typeof plans)[number]) => readonly Size[]) =>
      new Map(plans.map((plan) => [plan.name, of(plan)]));
    const resized = (value: Tensor, to: ReadonlyMap<Axis, readonly Size[]>) =>
      g.node(resize, [value], { keyed: to, like: undefined, axis: undefined, mode, align_corners, antialias: false });
    // With aligned corners, averages and TensorFlow's positions, the sizes determine the distance between pixels.
    if (align_corners || mode === "area" || mode === "bilinear_tf" || plans.every(({ size, whole }) => whole === size))
      return resized(
        x!,
        keyed(({ to }) => [to]),
      );
    const none = sizes.int(0);
    const margin = keyed(({ size, whole }) => [none, sizes.sub(whole, size)]);
    const padded = g.node(pad, [x!], { keyed: margin, mode: "replicate", value: 0 });
    const stretch = resized(
      padded,
      keyed(({ wholeTo }) => [wholeTo]),
    );
    return g.node(slice, [stretch], { keyed: keyed(({ to }) => [none, to]) });
  },
});

/** floor(size * scale) */
function scaled(sizes: Sizes, size: Size, scale: Size): Size {
  return sizes.floor(sizes.mul(size, scale), sizes.int(1));
}

/**
 * Returns the next size whose multiple by the scale is whole, and that multiple. Their ratio is exactly the scale. The margin
 * beyond the original size repeats the last pixel, like PyTorch beyond the edge.
 */
function stretched(sizes: Sizes, size: Size, scale: Size): { readonly whole: Size; readonly wholeTo: Size } {
  const denominator = sizes.int(scale.over);
  const whole = sizes.mul(sizes.ceil(size, denominator), denominator);
  return { whole, wholeTo: sizes.mul(whole, scale) };
}
