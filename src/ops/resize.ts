/** @file Resizing of images: resize and upsample. */
import { attribute } from "../ir/attribute.ts";
import type { Laid, Lowering, Positional } from "../ir/lowering.ts";
import { operator, tensors, type OperatorContext } from "../ir/operator.ts";
import { printType, withAxes, type Axis, type Tensor, type TensorType } from "../ir/type.ts";
import { imageSizes } from "../primitives/image.ts";
import { transpose } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import { cubicWeights, resize as resizePrimitive } from "../primitives/resize.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { fromImage, toImage } from "./lowering/images.ts";
import { overVolume } from "./lowering/volumes.ts";
import { pad, slice } from "./margin.ts";
import { made, rows, volumeExtent } from "./reference/rows.ts";
import { except, product, reshaped, sizesOf } from "./shared/axes.ts";
import { dtypeOf, floating, refuse, requireAxes } from "./shared/conditions.ts";
import {
  axisAttribute,
  keyedSpatial,
  knownSpatial,
  perAxis,
  requirePerAxis,
  requireSpatialCount,
  spatialOf,
} from "./shared/spatial.ts";

const mode = attribute(
  "choice",
  "`nearest`, as in PyTorch; or interpolation between the centres of pixels: `bilinear` from two pixels along each of one to three axes, `bicubic` from four along each of one or two",
  { choices: ["nearest", "bilinear", "bicubic"], default: "nearest" },
);
const align_corners = attribute(
  "bool",
  "whether the centres of the corner pixels stay in the corners; not for `nearest`",
  { default: false },
);

/** Returns how many axes can be resized at once. PyTorch's `bicubic` does not support volumes. */
const most = (mode: string): number => (mode === "bicubic" ? 2 : 3);

function requireMode(c: OperatorContext<{ readonly mode: string; readonly align_corners: boolean }>): void {
  if (c.attributes.align_corners && c.attributes.mode === "nearest")
    refuse(c, "align_corners", "`false` with `mode: nearest`", "`true`");
}

/** The input pixels that make one pixel of the result, with their weights. */
type Taps = readonly (readonly [pixel: number, weight: number])[];

/** Returns the position of pixel `i` in the input. Positions are centres of square pixels, unless corners are aligned. */
function centre(i: number, from: number, to: number, alignCorners: boolean): number {
  if (alignCorners) return to > 1 ? (i * (from - 1)) / (to - 1) : 0;
  return ((i + 0.5) * from) / to - 0.5;
}

/** The kernel of R. Keys, Cubic convolution interpolation for digital image processing (1981), with PyTorch's a = -0.75. */
function cubic(distance: number): number {
  const [a, x] = [-0.75, Math.abs(distance)];
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * (x ** 3 - 5 * x ** 2 + 8 * x - 4) : 0;
}

function tapsOf(mode: "nearest" | "bilinear" | "bicubic", alignCorners: boolean) {
  return (i: number, from: number, to: number): Taps => {
    // PyTorch's `nearest` rounds in float32, so a product that should be whole may be just below.
    if (mode === "nearest") return [[Math.min(Math.floor(Math.fround(i * Math.fround(from / to))), from - 1), 1]];
    const position = centre(i, from, to, alignCorners);
    const inside = (pixel: number) => Math.min(Math.max(pixel, 0), from - 1);
    const first = Math.floor(position);
    if (mode === "bicubic")
      return [-1, 0, 1, 2].map((step) => [inside(first + step), cubic(position - first - step)] as const);
    const share = position - first;
    return [
      [inside(first), 1 - share],
      [inside(first + 1), share],
    ];
  };
}

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
  },
  alsoCalled: ["interpolate"],
  examples: [
    { code: "resize(x, h: 7, w: 9)", inputs: "x: [n, c, h, w]" },
    { code: "resize(x, like: y, mode: bilinear)", inputs: "x: [n, c, h, w], y: [n, h: 2*k, w: 2*l]" },
    { code: "resize(x, like: y, mode: bicubic, align_corners: true)", inputs: "x: [n, c, h, w], y: [n, h: k, w: l]" },
    { code: "resize(x, t: 2*t + 1, mode: bicubic)", inputs: "x: [n, t, d]" },
    { code: "resize(x, d: 3, h: 5, w: 4, mode: bilinear)", inputs: "x: [n, c, d, h, w]" },
    { code: "resize(x, like: y)", inputs: "x: [n, c, d, h, w], y: [d: 2*k, h: l, w: 3]" },
  ],
  type: (c) => {
    const { keyed, like, axis, mode } = c.attributes;
    dtypeOf(c, 0, floating);
    requireMode(c);
    if (like !== undefined) {
      if (keyed.size > 0) refuse(c, "like", "omitted when sizes are given", "given");
      const missing = (name: Axis) => {
        const args = { callee: c.callee, axis: name, type: printType(c.sizes, like) };
        return c.complain("missing-axis", args, { attribute: "like", axis: name });
      };
      return withAxes(
        c.input(0),
        spatialOf(c, most(mode)).map((name) => [name, like.axes.get(name) ?? missing(name)]),
      );
    }
    if (keyed.size === 0) c.complain("missing-attribute", { callee: c.callee, name: "h" }, {});
    if (axis !== undefined) refuse(c, "axis", "omitted when sizes are given", "given");
    requireSpatialCount(c, keyed, most(mode));
    for (const [name, sizes] of keyed) {
      requireAxes(c, 0, [name], name);
      requirePerAxis(c, name, sizes, [name]);
    }
    return withAxes(
      c.input(0),
      [...keyed].map(([name, sizes]) => [name, sizes[0]!]),
    );
  },
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
    const { mode, align_corners } = c.attributes;
    const axes = keyedSpatial(c.attributes.keyed);
    const x = rows(input!, axes);
    const from = volumeExtent(input!, axes);
    const [, height, width] = from;
    const to = volumeExtent(c.results[0]!, axes);
    const taps = tapsOf(mode, align_corners);
    const [layers, lines, columns] = from.map((size, at) =>
      Array.from({ length: to[at]! }, (_, i) => taps(i, size, to[at]!)),
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
  lower: ({ p, inputs: [x], attributes, results: [result] }) => {
    const { keyed, mode, align_corners } = attributes;
    const axes = keyedSpatial(keyed);
    if (mode === "bicubic") return lowerBicubic(p, x!, axes, align_corners, result!);
    const resized = (image: Positional, height: Size, width: Size): Positional => {
      const { h, w } = imageSizes(image.shape, p.layout);
      if (h === height && w === width) return image;
      const size = [height, width] as const;
      return p.emit(resizePrimitive, [image], { mode, alignCorners: align_corners, size, layout: p.layout });
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

/** No backend supports `bicubic`, so it is a matrix product along each axis. All other axes are rows. */
function lowerBicubic(p: Lowering, x: Tensor, axes: readonly Axis[], alignCorners: boolean, type: TensorType): Laid {
  const others = except(p.loose(x).axes, axes);
  const rows = product(p.sizes, sizesOf(type, others));
  const along = (value: Positional, axis: Axis): Positional => {
    const [from, to] = [value.shape.at(-1)!, sizesOf(type, [axis])[0]!];
    if (from === to) return value;
    const operands = [value, p.emit(cubicWeights, [], { from, to, alignCorners })];
    return p.emit(matmul, operands, { transposeA: false, transposeB: false });
  };
  const [last, first] = axes.toReversed();
  const image = reshaped(p, p.ordered(x, [...others, ...axes]), [rows, ...sizesOf(p.typeOf(x), axes)]);
  const wide = along(image, last!);
  const value = first === undefined ? wide : along(p.emit(transpose, [wide], { permutation: [0, 2, 1] }), first);
  const order = [...others, ...axes.toReversed()];
  return p.laid(reshaped(p, value, sizesOf(type, order)), order);
}

/** The greatest denominator of a scale. The margin that a scale needs is smaller than this. */
const finest = 100n;

export const upsample = operator({
  name: "upsample",
  doc: "Resizes an image to a multiple of its size, rounded down. As in PyTorch, `scale` sets the distance between pixels even if the size was rounded, unless corners are aligned.",
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
    const { scale, mode } = c.attributes;
    dtypeOf(c, 0, floating);
    requireMode(c);
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
      g.node(resize, [value], { keyed: to, like: undefined, axis: undefined, mode, align_corners });
    // With aligned corners, the sizes determine the distance between pixels.
    if (align_corners || plans.every(({ size, whole }) => whole === size))
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
