/** @file Moving elements between channels and pixels, in PyTorch's order: pixel and channel shuffles. */
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import { operator, tensors, type OperatorContext } from "../ir/operator.ts";
import type { Trait } from "../ir/trait.ts";
import { withAxes, type Axis } from "../ir/type.ts";
import type { Size } from "../sizes/size.ts";
import { reshape } from "./shape.ts";
import { product, sizesOf } from "./shared/axes.ts";
import { anything, dtypeOf, refuse } from "./shared/conditions.ts";
import { axisAttribute, knownSpatial, spatialOf, withSpatial } from "./shared/spatial.ts";
import { over } from "./shared/traits.ts";

const attributes = {
  factor: attribute("size", "factor for the sizes of the spatial axes", { positional: true }),
  axis: axisAttribute,
};
type Values = ValuesOf<typeof attributes>;

/** Returns a name for a part of an axis that no program can use. */
const part = (axis: Axis): Axis => `${axis}'`;

/** Accepts any dtype; requires channels, and spatial axes that are not channels. */
function shuffledAxes(c: OperatorContext<Values>): readonly Axis[] {
  dtypeOf(c, 0, anything);
  const axes = spatialOf(c);
  if (axes.includes("c")) refuse(c, "axis", "a spatial axis", "`c`");
  return axes;
}

function shuffling(c: OperatorContext<Values>): Trait {
  return over(["c", ...knownSpatial(c.input(0).axes.keys(), c.attributes.axis)], { is: "gather" });
}

/** Returns how many channels merge into one: factor to the power of the number of spatial axes. */
function tile(sizes: OperatorContext<unknown>["sizes"], factor: Size, axes: readonly Axis[]): Size {
  return product(
    sizes,
    axes.map(() => factor),
  );
}

export const pixel_shuffle = operator({
  name: "pixel_shuffle",
  doc: "Turns channels into pixels: the factor² consecutive channels of a pixel become a square of pixels of one channel, row by row. Over three axes, factor³ channels become a cube; over one axis, factor channels become a run.",
  inputs: tensors("x"),
  attributes,
  exact: true,
  examples: [
    { code: "pixel_shuffle(x, 2)", inputs: "x: [n, c: 4*k, h, w]" },
    { code: "pixel_shuffle(x, factor: 3, axis: t)", inputs: "x: [n, t, c: 6]" },
    { code: "pixel_shuffle(x, 2)", inputs: "x: [n, c: 8*k, d, h, w]" },
  ],
  type: (c) => {
    const { factor } = c.attributes;
    const axes = shuffledAxes(c);
    const about = { inputs: [0], attribute: "factor", axis: "c" };
    const channels = c.divide(c.size(0, "c"), tile(c.sizes, factor, axes), about);
    return withAxes(c.input(0), [
      ["c", channels],
      ...axes.map((axis) => [axis, c.sizes.mul(c.size(0, axis), factor)] as const),
    ]);
  },
  resolve: withSpatial,
  trait: shuffling,
  expand: (g) => {
    const { factor, axis } = g.attributes;
    const x = g.inputs[0]!;
    const axes = knownSpatial(x.type.axes.keys(), axis);
    const [c] = sizesOf(x.type, ["c"]);
    const inner = axes.map((axis) => ({ axis: part(axis), size: factor }));
    const channels = { axis: "c", size: g.sizes.divide(c!, tile(g.sizes, factor, axes)) };
    const apart = g.node(reshape, [x], { maps: [{ from: ["c"], to: [channels, ...inner] }] });
    const maps = sizesOf(x.type, axes).map((size, i) => ({
      from: [axes[i]!, part(axes[i]!)],
      to: [{ axis: axes[i]!, size: g.sizes.mul(size, factor) }],
    }));
    return g.node(reshape, [apart], { maps });
  },
});

export const pixel_unshuffle = operator({
  name: "pixel_unshuffle",
  doc: "Turns pixels into channels: every square of factor² pixels of a channel becomes one pixel with factor² channels, row by row. Over three axes, a cube becomes factor³ channels; over one axis, a run becomes factor channels.",
  inputs: tensors("x"),
  attributes,
  exact: true,
  examples: [
    { code: "pixel_unshuffle(x, 2)", inputs: "x: [n, c, h: 2*a, w: 2*b]" },
    { code: "pixel_unshuffle(x, factor: 3, axis: t)", inputs: "x: [n, t: 3*k, c]" },
    { code: "pixel_unshuffle(x, 2)", inputs: "x: [n, c, d: 2*k, h: 2*a, w: 2*b]" },
  ],
  type: (c) => {
    const { factor } = c.attributes;
    const axes = shuffledAxes(c);
    const channels = c.sizes.mul(c.size(0, "c"), tile(c.sizes, factor, axes));
    const moved = axes.map(
      (axis) => [axis, c.divide(c.size(0, axis), factor, { inputs: [0], attribute: "factor", axis })] as const,
    );
    return withAxes(c.input(0), [["c", channels], ...moved]);
  },
  resolve: withSpatial,
  trait: shuffling,
  expand: (g) => {
    const { factor, axis } = g.attributes;
    const x = g.inputs[0]!;
    const axes = knownSpatial(x.type.axes.keys(), axis);
    const [c] = sizesOf(x.type, ["c"]);
    const maps = sizesOf(x.type, axes).map((size, i) => ({
      from: [axes[i]!],
      to: [
        { axis: axes[i]!, size: g.sizes.divide(size, factor) },
        { axis: part(axes[i]!), size: factor },
      ],
    }));
    const apart = g.node(reshape, [x], { maps });
    const channels = { axis: "c", size: g.sizes.mul(c!, tile(g.sizes, factor, axes)) };
    return g.node(reshape, [apart], { maps: [{ from: ["c", ...axes.map(part)], to: [channels] }] });
  },
});

export const channel_shuffle = operator({
  name: "channel_shuffle",
  doc: "Mixes groups of channels: the first channel of every group, then the second of every group, and so on.",
  inputs: tensors("x"),
  attributes: { groups: attribute("size", "number of groups") },
  exact: true,
  examples: [
    { code: "channel_shuffle(x, groups: 2)", inputs: "x: [n, c: 2*k, h, w]" },
    { code: "channel_shuffle(x, groups: 3)", inputs: "x: i32[t, c: 6]" },
  ],
  type: (c) => {
    dtypeOf(c, 0, anything);
    c.divide(c.size(0, "c"), c.attributes.groups, { inputs: [0], attribute: "groups", axis: "c" });
    return c.input(0);
  },
  trait: () => over(["c"], { is: "gather" }),
  expand: (g) => {
    const { groups } = g.attributes;
    const x = g.inputs[0]!;
    const [c] = sizesOf(x.type, ["c"]);
    const to = [
      { axis: part("c"), size: groups },
      { axis: "c", size: g.sizes.divide(c!, groups) },
    ];
    const apart = g.node(reshape, [x], { maps: [{ from: ["c"], to }] });
    return g.node(reshape, [apart], { maps: [{ from: ["c", part("c")], to: [{ axis: "c", size: c! }] }] });
  },
});
