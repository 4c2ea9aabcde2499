/** @file Joining, splitting and repeating tensors: concat, stack, split, unstack, expand, tile. */
import { generate, named } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import { operator, tensors, type OperatorContext } from "../ir/operator.ts";
import { axisNames, printType, withAxes, without, type Axis } from "../ir/type.ts";
import { concat as concatPrimitive } from "../primitives/layout.ts";
import type { Size } from "../sizes/size.ts";
import { reader, sizeOf } from "./reference/rows.ts";
import { reshape, unsqueeze } from "./shape.ts";
import { except, reshaped, sizesOf, sliceAt, spread } from "./shared/axes.ts";
import {
  anything,
  commonDtype,
  dtypeOf,
  refuse,
  requireAxes,
  requireNew,
  requireSameAxes,
} from "./shared/conditions.ts";
import { requirePerAxis } from "./shared/spatial.ts";
import { over } from "./shared/traits.ts";

const several = { names: ["a", "b"], variadic: true };

export const concat = operator({
  name: "concat",
  doc: "Joins tensors along an axis, whose sizes add up; all other axes are equal.",
  inputs: several,
  attributes: { axis: attribute("axis", "axis to join along") },
  alsoCalled: ["cat", "concatenate"],
  exact: true,
  examples: [
    { code: "concat(a, b, axis: c)", inputs: "a: [n, c: 2, h, w], b: [n, c: 3, h, w]" },
    { code: "concat(a, b, a, axis: t)", inputs: "a: i32[n, t: p], b: i32[t: q, n]" },
  ],
  type: (c) => {
    const { axis } = c.attributes;
    const dtype = commonDtype(c, [...c.inputs.keys()], anything);
    const first = c.size(0, axis);
    const sizes = c.inputs.slice(1).map((_, i) => {
      requireSameAxes(c, 0, i + 1, [axis]);
      return c.size(i + 1, axis);
    });
    const total = sizes.reduce((a, b) => c.sizes.add(a, b), first);
    return { dtype, axes: withAxes(c.input(0), [[axis, total]]).axes };
  },
  // No trait: what acts on each part alone has rules of its own.
  reference: (c) => {
    const { axes, shape } = c.results[0]!;
    const position = axes.indexOf(c.attributes.axis);
    const parts = c.inputs.map((input) => ({ read: reader(input, axes), size: sizeOf(input, c.attributes.axis) }));
    const read = (index: readonly number[]) => {
      let [part, at] = [0, index[position]!];
      while (at >= parts[part]!.size) at -= parts[part++]!.size;
      return parts[part]!.read(index.with(position, at));
    };
    return named(generate(c.inputs[0]!.dtype, shape, read), axes);
  },
  lower: ({ p, inputs, attributes }) => {
    const order = p.loose(inputs[0]!).axes;
    const values = inputs.map((input) => p.ordered(input, order));
    return p.laid(p.emit(concatPrimitive, values, { axis: order.indexOf(attributes.axis) }), order);
  },
});

export const stack = operator({
  name: "stack",
  doc: "Joins tensors of the same type along a new axis, with one element per tensor.",
  inputs: several,
  attributes: { axis: attribute("axis", "the new axis") },
  exact: true,
  examples: [{ code: "stack(a, b, axis: c)", inputs: "a: [n, h, w], b: [n, h, w]" }],
  type: (c) => {
    const { axis } = c.attributes;
    const dtype = commonDtype(c, [...c.inputs.keys()], anything);
    requireNew(c, c.input(0), [axis], "axis");
    for (let i = 1; i < c.inputs.length; i++) requireSameAxes(c, 0, i);
    return { dtype, axes: withAxes(c.input(0), [[axis, c.sizes.int(c.inputs.length)]]).axes };
  },
  // No trait, like `concat`.
  expand: (g) => {
    const { axis } = g.attributes;
    return g.node(
      concat,
      g.inputs.map((input) => g.node(unsqueeze, [input], { axis: [axis] })),
      { axis },
    );
  },
});

interface SplitAttributes {
  readonly axis: Axis | undefined;
  readonly parts: number;
  readonly keyed: ReadonlyMap<Axis, readonly Size[]>;
}

/** Returns the axis to split and the sizes of the parts, equal by default. */
function partsOf(c: OperatorContext<SplitAttributes>): readonly [Axis, readonly Size[]] {
  const { axis, parts, keyed } = c.attributes;
  const [listed, ...more] = keyed;
  if (listed !== undefined) {
    if (more.length > 0) refuse(c, more[0]![0], "omitted: only one axis can be split", "given");
    if (axis !== undefined) refuse(c, "axis", `omitted when \`${listed[0]}\` lists sizes`, "given");
    const total = listed[1].reduce((a, b) => c.sizes.add(a, b));
    c.equal(c.size(0, listed[0]), total, { inputs: [0], attribute: listed[0], axis: listed[0] });
    return listed;
  }
  if (axis === undefined) return c.complain("missing-attribute", { callee: c.callee, name: "axis" }, {});
  const size = c.divide(c.size(0, axis), c.sizes.int(parts), { attribute: "axis", axis });
  return [axis, Array.from({ length: parts }, () => size)];
}

export const split = operator({
  name: "split",
  doc: "Splits a tensor along an axis into parts of listed sizes, or into equal parts, one per name: `a, b = split(x, axis: c)`.",
  inputs: tensors("x"),
  attributes: {
    axis: attribute("axis", "axis to split into equal parts", { optional: true }),
    parts: attribute("results", "number of equal parts"),
    keyed: attribute("keyed", "the sizes of the parts, as a list for the axis to split"),
  },
  exact: true,
  examples: [
    { code: "split(x, c: [2, 3])", inputs: "x: [n, c: 5, h, w]" },
    { code: "split(x, axis: c)", inputs: "x: [n, c: 6, h, w]" },
  ],
  type: (c) => {
    dtypeOf(c, 0, anything);
    const [axis, sizes] = partsOf(c);
    return sizes.map((size) => withAxes(c.input(0), [[axis, size]]));
  },
  trait: (c) => over([splitAxis(c.attributes)], { is: "gather" }),
  reference: (c) => {
    const x = c.inputs[0]!;
    const axis = splitAxis(c.attributes);
    let start = 0;
    return c.results.map(({ axes, shape }) => {
      const position = axes.indexOf(axis);
      const read = reader(x, axes);
      const from = start;
      start += shape[position]!;
      return named(
        generate(x.dtype, shape, (index) => read(index.with(position, index[position]! + from))),
        axes,
      );
    });
  },
  lower: ({ p, inputs, attributes, results }) => {
    const x = p.any(inputs[0]!);
    const position = x.axes.indexOf(splitAxis(attributes));
    let start = p.sizes.int(0);
    return results.map((type) => {
      const size = type.axes.get(x.axes[position]!)!;
      const part = sliceAt(p, x.value, position, start, size);
      start = p.sizes.add(start, size);
      return p.laid(part, x.axes);
    });
  },
});

/** Returns the axis that a checked `split` works on. */
function splitAxis({ axis, keyed }: SplitAttributes): Axis {
  return axis ?? keyed.keys().next().value ?? "";
}

export const unstack = operator({
  name: "unstack",
  doc: "Splits a tensor into the elements of an axis: `a, b, c = unstack(x, axis: k)`.",
  inputs: tensors("x"),
  attributes: {
    axis: attribute("axis", "axis to split; its size is the number of names"),
    parts: attribute("results", "number of elements"),
  },
  exact: true,
  examples: [
    { code: "unstack(x, axis: k)", inputs: "x: [n, k: 2, h, w]" },
    { code: "unstack(x, axis: c)", inputs: "x: bool[c: 2]" },
  ],
  type: (c) => {
    const { axis, parts } = c.attributes;
    dtypeOf(c, 0, anything);
    c.equal(c.size(0, axis), c.sizes.int(parts), { inputs: [0], attribute: "axis", axis });
    return Array.from({ length: parts }, () => without(c.input(0), [axis]));
  },
  trait: (c) => ({ from: [c.attributes.axis], to: [], is: "gather" }),
  reference: (c) => {
    const x = c.inputs[0]!;
    return c.results.map(({ axes, shape }, part) => {
      const read = reader(x, [...axes, c.attributes.axis]);
      return named(
        generate(x.dtype, shape, (index) => read([...index, part])),
        axes,
      );
    });
  },
  lower: ({ p, inputs, attributes, results }) => {
    const x = p.any(inputs[0]!);
    const position = x.axes.indexOf(attributes.axis);
    const axes = except(x.axes, [attributes.axis]);
    return results.map((type, part) => {
      const slice = sliceAt(p, x.value, position, p.sizes.int(part), p.sizes.int(1));
      return p.laid(reshaped(p, slice, sizesOf(type, axes)), axes);
    });
  },
});

export const expand = operator({
  name: "expand",
  doc: "Repeats a tensor over new axes: the additional axes of `like`, or axes given with their sizes.",
  inputs: tensors("x"),
  attributes: {
    like: attribute("like", "tensor whose axes the result has", { optional: true }),
    keyed: attribute("keyed", "new axes with their sizes", { unordered: true }),
  },
  exact: true,
  examples: [
    { code: "expand(x, h: 7, w: 7)", inputs: "x: [n, c]" },
    { code: "expand(x, like: y)", inputs: "x: [n, c], y: [n, c, h, w]" },
  ],
  type: (c) => {
    const { like, keyed } = c.attributes;
    const x = c.input(0);
    dtypeOf(c, 0, anything);
    const added = new Map<Axis, Size>();
    for (const [axis, sizes] of keyed) {
      requirePerAxis(c, axis, sizes, [axis]);
      requireNew(c, x, [axis], axis);
      added.set(axis, sizes[0]!);
    }
    for (const [axis, size] of like?.axes ?? []) {
      const own = x.axes.get(axis) ?? added.get(axis);
      if (own === undefined) added.set(axis, size);
      else c.equal(own, size, { inputs: [0], attribute: "like", axis });
    }
    for (const axis of axisNames(x))
      if (like !== undefined && !like.axes.has(axis)) {
        const notes = [`\`like\` is ${printType(c.sizes, like)}`];
        c.complain("unexpected-axis", { callee: c.callee, axis }, { inputs: [0], axis }, { notes });
      }
    if (like === undefined && keyed.size === 0) c.complain("missing-attribute", { callee: c.callee, name: "like" }, {});
    return withAxes(x, added);
  },
  resolve: (_, { axes }, result) => {
    const added = [...result.axes].filter(([axis]) => !axes.has(axis));
    // Without new axes, only `like` is left to say that they were not forgotten.
    return {
      like: added.length === 0 ? result : undefined,
      keyed: new Map(added.map(([axis, size]) => [axis, [size]])),
    };
  },
  // `like` is left only where the input has all its axes. Of an input without one of them, it would make that axis.
  trait: ({ attributes: { like, keyed } }) =>
    like === undefined
      ? { from: [], to: [...keyed.keys()], is: "gather" }
      : over(axisNames(like), { is: "gather", view: true }),
  reference: (c) => {
    const { axes, shape } = c.results[0]!;
    return named(generate(c.inputs[0]!.dtype, shape, reader(c.inputs[0]!, axes)), axes);
  },
  lower: ({ p, inputs, results }) => {
    const x = p.loose(inputs[0]!);
    return spread(p, x, new Map([...results[0]!.axes].filter(([axis]) => !x.axes.includes(axis))));
  },
});

export const tile = operator({
  name: "tile",
  doc: "Repeats a whole tensor along axes, each a given number of times.",
  inputs: tensors("x"),
  attributes: { keyed: attribute("keyed", "axes and how many times to repeat them: `h: 2`", { unordered: true }) },
  exact: true,
  examples: [
    { code: "tile(x, h: 2)", inputs: "x: [n, c, h, w]" },
    { code: "tile(x, t: n, d: 3)", inputs: "x: i32[n, t, d]" },
  ],
  type: (c) => {
    const { keyed } = c.attributes;
    dtypeOf(c, 0, anything);
    if (keyed.size === 0) c.complain("missing-attribute", { callee: c.callee, name: "h" }, {});
    const made = [...keyed].map(([axis, counts]) => {
      requireAxes(c, 0, [axis], axis);
      requirePerAxis(c, axis, counts, [axis]);
      return [axis, c.sizes.mul(c.size(0, axis), counts[0]!)] as const;
    });
    return withAxes(c.input(0), made);
  },
  trait: (c) => over([...c.attributes.keyed.keys()], { is: "gather" }),
  expand: (g) => {
    const { keyed } = g.attributes;
    const x = g.inputs[0]!;
    // No program can use this name.
    const copies = (axis: Axis): Axis => `${axis}'`;
    const repeated = new Map([...keyed].map(([axis, counts]) => [copies(axis), counts]));
    const maps = [...keyed].map(([axis, counts]) => ({
      from: [copies(axis), axis],
      to: [{ axis, size: g.sizes.mul(x.type.axes.get(axis)!, counts[0]!) }],
    }));
    return g.node(reshape, [g.node(expand, [x], { like: undefined, keyed: repeated })], { maps });
  },
});
