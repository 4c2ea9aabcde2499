/** @file Images at given positions: grid_sample. */
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import { operator, tensors, type ExpansionContext } from "../ir/operator.ts";
import { axisNames, without, type Axis, type Tensor } from "../ir/type.ts";
import type { Size } from "../sizes/size.ts";
import {
  add,
  div,
  greater_equal,
  less_equal,
  logical_and,
  logical_not,
  masked_fill,
  maximum,
  minimum,
  mod,
  mul,
  sub,
  where,
} from "./elementwise.ts";
import { abs, floor, isnan, round } from "./functions.ts";
import { gather } from "./gather.ts";
import { slice } from "./margin.ts";
import { cast } from "./other.ts";
import { reshape, squeeze } from "./shape.ts";
import { except, product, sizesOf } from "./shared/axes.ts";
import { dtypeOf, floating, refuse, replaceAxes } from "./shared/conditions.ts";
import { axisAttribute, knownSpatial, spatialOf, withSpatial } from "./shared/spatial.ts";

const attributes = {
  coordinates: attribute("axis", "axis of `grid` with the coordinates, as many as `x` has spatial axes: x, y, z"),
  axis: axisAttribute,
  mode: attribute("choice", "how to interpolate: from the nearest pixel, or from two or four along each axis", {
    choices: ["bilinear", "nearest", "bicubic"],
    default: "bilinear",
  }),
  padding_mode: attribute("choice", "what is outside: zeros, the nearest pixel, or the image mirrored at its edges", {
    choices: ["zeros", "border", "reflection"],
    default: "zeros",
  }),
  align_corners: attribute("bool", "whether -1 and 1 are the centres of the corner pixels, not their outer edges", {
    default: false,
  }),
};

type Attributes = ValuesOf<typeof attributes>;

type Operand = Tensor | number | Size;

/** Functions of tensors, numbers and sizes. */
function calculator(g: ExpansionContext<Attributes>) {
  const tensor = (value: Operand): Tensor => (typeof value === "object" && "type" in value ? value : g.scalar(value));
  const of = (op: typeof add) => (a: Operand, b: Operand) => g.node(op, [tensor(a), tensor(b)], {});
  const over = (op: typeof abs) => (x: Tensor) => g.node(op, [x], {});
  return {
    add: of(add),
    sub: of(sub),
    mul: of(mul),
    div: of(div),
    mod: of(mod),
    maximum: of(maximum),
    minimum: of(minimum),
    atLeast: of(greater_equal),
    atMost: of(less_equal),
    both: of(logical_and),
    abs: over(abs),
    floor: over(floor),
    round: over(round),
    isnan: over(isnan),
    not: over(logical_not),
    where: (condition: Tensor, a: Operand, b: Operand) => g.node(where, [condition, tensor(a), tensor(b)], {}),
    integer: (x: Operand) => g.node(cast, [tensor(x)], { dtype: "i32" }),
  };
}
type Calculator = ReturnType<typeof calculator>;

/** A pixel along one axis that takes part in an element of the result. */
interface Tap {
  readonly index: Tensor;
  readonly isInside: Tensor;
  /** Undefined if it is 1. */
  readonly weight: Tensor | undefined;
}

/** Returns the position in pixels of coordinates from -1 to 1. */
function positionOf(c: Calculator, coordinate: Tensor, size: Operand, corners: boolean): Tensor {
  const shifted = c.add(coordinate, 1);
  if (corners) return c.mul(c.div(shifted, 2), c.sub(size, 1));
  return c.div(c.sub(c.mul(shifted, size), 1), 2);
}

/** Moves positions that are outside into the image, unless what is outside is 0. As in PyTorch, NaN becomes 0. */
function moved(c: Calculator, position: Tensor, size: Operand, { padding_mode, align_corners }: Attributes): Tensor {
  if (padding_mode === "zeros") return position;
  const inside = padding_mode === "border" ? position : reflected(c, position, size, align_corners);
  const number = c.where(c.isnan(inside), 0, inside);
  return c.minimum(c.maximum(number, 0), c.sub(size, 1));
}

/** Mirrors positions at the centres of the outermost pixels, or at the edges of the image. */
function reflected(c: Calculator, position: Tensor, size: Operand, corners: boolean): Tensor {
  const [start, span] = corners ? [0, c.maximum(c.sub(size, 1), 1)] : [-0.5, size];
  const twice = c.mul(span, 2);
  const there = c.mod(c.abs(c.sub(position, start)), twice);
  return c.add(c.minimum(there, c.sub(twice, there)), start);
}

/** The kernel of bicubic interpolation with a = -0.75, for distances below 1 and from 1 to 2. */
function cubic(c: Calculator, x: Tensor, isNear: boolean): Tensor {
  const [first, ...others] = isNear ? [1.25, -2.25, 0, 1] : [-0.75, 3.75, -6, 3];
  return others.reduce<Operand>((sum, next) => c.add(c.mul(sum, x), next), first) as Tensor;
}

/** Returns the pixels along an axis of this size from which to interpolate at each position. */
function tapsOf(c: Calculator, coordinate: Tensor, size: Operand, attributes: Attributes): readonly Tap[] {
  const { mode, align_corners } = attributes;
  const last = c.sub(size, 1);
  const tap = (pixel: Tensor, weight: Tensor | undefined): Tap => ({
    // What is outside must not become an integer, because it may be NaN or infinite.
    index: c.integer(c.where(c.atLeast(pixel, 0), c.minimum(pixel, last), 0)),
    isInside: c.both(c.atLeast(pixel, 0), c.atMost(pixel, last)),
    weight,
  });
  const position = positionOf(c, coordinate, size, align_corners);
  if (mode === "bicubic") {
    const low = c.floor(position);
    const share = c.sub(position, low);
    return [-1, 0, 1, 2].map((step) => {
      const distance = c.abs(c.sub(share, step));
      return tap(moved(c, c.add(low, step), size, attributes), cubic(c, distance, step === 0 || step === 1));
    });
  }
  const place = moved(c, position, size, attributes);
  if (mode === "nearest") return [tap(c.round(place), undefined)];
  const low = c.floor(place);
  const share = c.sub(place, low);
  return [tap(low, c.sub(1, share)), tap(c.add(low, 1), share)];
}

/** The axis of all pixels. No program can use this name. */
const pixels: Axis = "pixels'";

export const grid_sample = operator({
  name: "grid_sample",
  doc: "An image at the positions of a grid. -1 is the beginning of an axis and 1 its end; the first coordinate belongs to the last spatial axis of `x`. The other axes of the grid take the place of the spatial axes; axes that both have are paired. A coordinate that is NaN or infinite is outside. `bicubic` works on one or two axes, as in PyTorch.",
  inputs: tensors("x", "grid"),
  attributes,
  examples: [
    {
      code: "grid_sample(x, grid, coordinates: xy)",
      inputs: "x: [n, c, h, w], grid: [n, h: p, w: q, xy: 2]",
    },
    {
      code: "grid_sample(x, grid, coordinates: d, mode: bicubic, padding_mode: border)",
      inputs: "x: [n, c, h, w], grid: [n, t, d: 2]",
    },
    {
      code: "grid_sample(x, grid, coordinates: k, mode: nearest, padding_mode: reflection, axis: t)",
      inputs: "x: [n, t, c], grid: [n, s, k: 1]",
    },
    {
      code: "grid_sample(x, grid, coordinates: xyz, align_corners: true)",
      inputs: "x: [n, c, d, h, w], grid: [n, t, xyz: 3]",
    },
  ],
  type: (c) => {
    const { coordinates, mode } = c.attributes;
    const dtype = dtypeOf(c, 0, floating);
    dtypeOf(c, 1, floating);
    const axes = spatialOf(c, mode === "bicubic" ? 2 : 3);
    const count = c.size(1, coordinates);
    if (c.input(0).axes.has(coordinates) && !axes.includes(coordinates))
      refuse(c, "coordinates", "an axis that `x` does not have", `\`${coordinates}\``);
    c.equal(count, c.sizes.int(axes.length), { inputs: [1], attribute: "coordinates", axis: coordinates });
    const positions = without(c.input(1), [coordinates]);
    const paired = [...positions.axes.keys()].filter((axis) => c.input(0).axes.has(axis) && !axes.includes(axis));
    for (const axis of paired) c.equal(c.size(0, axis), c.size(1, axis), { inputs: [0, 1], axis });
    return { dtype, axes: replaceAxes(c.input(0), axes, [...without(positions, paired).axes]).axes };
  },
  resolve: withSpatial,
  trait: (c, input) => {
    const { axis, coordinates } = c.attributes;
    const [image, grid] = c.inputs.map(axisNames);
    const spatial = knownSpatial(image!, axis);
    const kept = except(image!, spatial);
    const along = kept.filter((name) => grid!.includes(name));
    if (input === 0) return { from: spatial, to: except(grid!, [...along, coordinates]), along, is: "linear" };
    return { from: [coordinates], to: except(kept, along), along, is: "any" };
  },
  expand: (g) => {
    const c = calculator(g);
    const { attributes } = g;
    const [x, grid] = g.inputs as readonly [Tensor, Tensor];
    const axes = knownSpatial(x.type.axes.keys(), attributes.axis);
    const sizes = sizesOf(x.type, axes);
    const { coordinates } = attributes;
    const along = axes.map((_, i) => {
      const first = axes.length - 1 - i;
      const keyed = new Map([[coordinates, [g.sizes.int(first), g.sizes.int(first + 1)]]]);
      const coordinate = g.node(squeeze, [g.node(slice, [grid], { keyed })], { axis: [coordinates] });
      return tapsOf(c, coordinate, sizes[i]!, attributes);
    });
    const flat = g.node(reshape, [x], {
      maps: [{ from: axes, to: [{ axis: pixels, size: product(g.sizes, sizes) }] }],
    });
    const corners = along.reduce<readonly (readonly Tap[])[]>(
      (corners, taps) => corners.flatMap((corner) => taps.map((tap) => [...corner, tap])),
      [[]],
    );
    const parts = corners.map((corner) => {
      const index = corner
        .map((tap) => tap.index)
        .reduce((sum, next, i) => c.add(c.mul(sum, c.integer(sizes[i]!)), next));
      const pixel = g.node(gather, [flat, index], { axis: pixels });
      const weights = corner.flatMap((tap) => tap.weight ?? []);
      const weighted = weights.length === 0 ? pixel : c.mul(pixel, weights.reduce(c.mul));
      const isOutside = c.not(corner.map((tap) => tap.isInside).reduce(c.both));
      return g.node(masked_fill, [weighted, isOutside], { value: 0 });
    });
    return parts.reduce(c.add);
  },
});
