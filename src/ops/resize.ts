/** @file Images at other sizes: resize and upsample. */
import { attribute } from "../ir/attribute.ts";
import { operator, tensors, type OperatorContext } from "../ir/operator.ts";
import { printType, withAxes, type Axis } from "../ir/type.ts";
import { resize as resizePrimitive } from "../primitives/resize.ts";
import { dtypeOf, floating, refuse, requireAxes } from "./conditions.ts";
import { fromImage, toImage } from "./image.ts";
import { sizesOf } from "./positions.ts";
import { extent, made, rows } from "./reading.ts";
import { axisAttribute, knownSpatial, perAxis, requirePerAxis, spatialOf } from "./spatial.ts";

const mode = attribute("choice", "`nearest`, as PyTorch's; or `bilinear`, between the centres of pixels", {
  choices: ["nearest", "bilinear"],
  default: "nearest",
});
const align_corners = attribute(
  "bool",
  "whether the centres of the corner pixels stay in the corners, only of `bilinear`",
  {
    default: false,
  },
);

/** The axes that change, in order of height and width. */
function resizedAxes(
  { keyed, like, axis }: { keyed: ReadonlyMap<Axis, unknown>; like: unknown; axis: readonly Axis[] | undefined },
  axes: Iterable<Axis>,
): readonly Axis[] {
  if (like !== undefined) return knownSpatial(axes, axis);
  return [...keyed.keys()].sort((a, b) => Number(a === "w") - Number(b === "w"));
}

function requireMode(c: OperatorContext<{ readonly mode: string; readonly align_corners: boolean }>): void {
  if (c.attributes.align_corners && c.attributes.mode === "nearest")
    refuse(c, "align_corners", "`false` with `mode: nearest`", "`true`");
}

/** Where pixel `i` lies in the input: two neighbours, and the share of the second. */
type Place = readonly [number, number, number];

/** Pixels are squares whose centres are compared, unless corners are aligned. */
function bilinearPlace(i: number, from: number, to: number, alignCorners: boolean): Place {
  const scale = alignCorners ? (to > 1 ? (from - 1) / (to - 1) : 0) : from / to;
  const position = alignCorners ? i * scale : Math.max((i + 0.5) * scale - 0.5, 0);
  const first = Math.min(Math.floor(position), from - 1);
  return [first, Math.min(first + 1, from - 1), position - first];
}

/** PyTorch's `nearest`, which rounds in float32: where a product should be whole it may be just below. */
function nearestPlace(i: number, from: number, to: number): Place {
  const pixel = Math.min(Math.floor(Math.fround(i * Math.fround(from / to))), from - 1);
  return [pixel, pixel, 0];
}

export const resize = operator({
  name: "resize",
  doc: "The image at another size, which is given or that of another tensor.",
  inputs: tensors("x"),
  attributes: {
    keyed: attribute("keyed", "the axes that change, with their new sizes"),
    like: attribute("like", "tensor whose sizes the result has over `axis`", { optional: true }),
    axis: axisAttribute,
    mode,
    align_corners,
  },
  examples: [
    { code: "resize(x, h: 7, w: 9)", inputs: "x: [n, c, h, w]" },
    { code: "resize(x, like: y, mode: bilinear)", inputs: "x: [n, c, h, w], y: [n, h: 2*k, w: 2*l]" },
  ],
  type: (c) => {
    const { keyed, like, axis } = c.attributes;
    dtypeOf(c, 0, floating);
    requireMode(c);
    if (like !== undefined) {
      if (keyed.size > 0) refuse(c, "like", "left out where sizes are given", "given");
      const missing = (name: Axis) => {
        const args = { callee: c.callee, axis: name, type: printType(c.sizes, like) };
        return c.complain("missing-axis", args, { attribute: "like", axis: name });
      };
      return withAxes(
        c.input(0),
        spatialOf(c).map((name) => [name, like.axes.get(name) ?? missing(name)]),
      );
    }
    if (keyed.size === 0) c.complain("missing-attribute", { callee: c.callee, name: "h" }, {});
    if (axis !== undefined) refuse(c, "axis", "left out where sizes are given", "given");
    const [, , third] = keyed.keys();
    if (third !== undefined) c.complain("unexpected-axis", { callee: c.callee, axis: third }, { attribute: third });
    for (const [name, sizes] of keyed) {
      requireAxes(c, 0, [name], name);
      requirePerAxis(c, name, sizes, [name]);
    }
    return withAxes(
      c.input(0),
      [...keyed].map(([name, sizes]) => [name, sizes[0]!]),
    );
  },
  reference: (c) => {
    const [input] = c.inputs;
    const { mode, align_corners } = c.attributes;
    const axes = resizedAxes(c.attributes, input!.axes);
    const x = rows(input!, axes);
    const [height, width] = extent(input!, axes);
    const [newHeight, newWidth] = extent(c.results[0]!, axes);
    const places = (from: number, to: number) =>
      Array.from({ length: to }, (_, i) =>
        mode === "nearest" ? nearestPlace(i, from, to) : bilinearPlace(i, from, to, align_corners),
      );
    const [rowPlaces, columnPlaces] = [places(height, newHeight), places(width, newWidth)];
    const data = new Float64Array(x.count * newHeight * newWidth);
    let at = 0;
    for (let start = 0; start < x.data.length; start += x.width) {
      const mix = (row: number, [left, right, share]: Place) =>
        x.data[start + row * width + left]! * (1 - share) + x.data[start + row * width + right]! * share;
      for (const [top, bottom, share] of rowPlaces)
        for (const column of columnPlaces) data[at++] = mix(top, column) * (1 - share) + mix(bottom, column) * share;
    }
    return made(data, [...x.axes, ...axes], c.results[0]!);
  },
  lower: ({ p, inputs: [x], attributes, results: [result] }) => {
    const axes = resizedAxes(attributes, p.typeOf(x!).axes.keys());
    const image = toImage(p, x!, axes);
    const [width, height = p.sizes.int(1)] = sizesOf(result!, axes).reverse();
    const value = p.emit(resizePrimitive, [image.value], {
      mode: attributes.mode,
      alignCorners: attributes.align_corners,
      size: [height, width!],
      layout: p.layout,
    });
    return fromImage(p, image, value, result!);
  },
});

export const upsample = operator({
  name: "upsample",
  doc: "The image at a multiple of its size.",
  inputs: tensors("x"),
  attributes: {
    scale: attribute("sizes", "factor of the sizes", { positional: true }),
    axis: axisAttribute,
    mode,
    align_corners,
  },
  examples: [
    { code: "upsample(x, 2)", inputs: "x: [n, c, h, w]" },
    { code: "upsample(x, scale: [2, 3], mode: bilinear)", inputs: "x: [n, c, h, w]" },
  ],
  type: (c) => {
    const { scale } = c.attributes;
    dtypeOf(c, 0, floating);
    requireMode(c);
    const axes = spatialOf(c);
    requirePerAxis(c, "scale", scale, axes);
    return withAxes(
      c.input(0),
      axes.map((axis, i) => [axis, c.sizes.mul(c.size(0, axis), perAxis(scale, i))]),
    );
  },
  expand: (g) => {
    const { scale, axis, mode, align_corners } = g.attributes;
    const [x] = g.inputs;
    const axes = knownSpatial(x!.type.axes.keys(), axis);
    const sizes = sizesOf(x!.type, axes).map((size, i) => [g.sizes.mul(size, perAxis(scale, i))]);
    const keyed = new Map(axes.map((name, i) => [name, sizes[i]!]));
    return g.node(resize, [x!], { keyed, like: undefined, axis: undefined, mode, align_corners });
  },
});
