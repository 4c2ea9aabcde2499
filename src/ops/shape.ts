/** @file Changing the axes of a tensor: reshape, rename, squeeze, unsqueeze. */
import { arrange } from "../contract/ndarray.ts";
import { attribute, type AxisMap } from "../ir/attribute.ts";
import { operator, tensors, type OperatorContext } from "../ir/operator.ts";
import type { Trait } from "../ir/trait.ts";
import { tensorType, withAxes, without, type Axis, type TensorType } from "../ir/type.ts";
import type { Size } from "../sizes/size.ts";
import { except, gathered, place, product, reshaped, sizesOf } from "./shared/axes.ts";
import {
  anything,
  dtypeOf,
  refuse,
  replaceAxes,
  requireAxes,
  requireDistinct,
  requireNew,
} from "./shared/conditions.ts";

/** Checks the axes that `from -> to` consumes and makes. The operator checks the sizes of the new axes. */
export function requireMaps(c: OperatorContext<{ readonly maps: readonly AxisMap[] }>): void {
  const { maps } = c.attributes;
  if (maps.length === 0) c.complain("missing-attribute", { callee: c.callee, name: "from -> to" }, {});
  const [from, to] = [takenBy(maps), madeBy(maps)];
  requireAxes(c, 0, from, "maps");
  requireDistinct(c, to, "maps");
  requireNew(c, without(c.input(0), from), to, "maps");
}

/** Complains about an omitted size that cannot be inferred. */
export function unknownSize(c: OperatorContext<unknown>, axis: Axis): never {
  return c.complain("unknown-size", { name: axis }, { attribute: "maps", axis });
}

/** Returns the axes that a map makes, with their sizes. Infers the one size that may be omitted. */
function reshapedAxes(c: OperatorContext<unknown>, { from, to }: AxisMap): readonly (readonly [Axis, Size])[] {
  const [unknown, ...more] = to.filter(({ size }) => size === undefined);
  if (more.length > 0) return unknownSize(c, more[0]!.axis);
  const taken = product(c.sizes, sizesOf(c.input(0), from));
  const given = product(
    c.sizes,
    to.flatMap(({ size }) => size ?? []),
  );
  if (unknown === undefined) c.equal(taken, given, { inputs: [0], attribute: "maps", elements: true });
  const rest = unknown && c.divide(taken, given, { attribute: "maps", axis: unknown.axis });
  return to.map(({ axis, size }) => [axis, size ?? rest!]);
}

/** Adds the sizes of the new axes to the maps. */
function withSizes(maps: readonly AxisMap[], made: TensorType): readonly AxisMap[] {
  return maps.map(({ from, to }) => ({ from, to: to.map(({ axis }) => ({ axis, size: made.axes.get(axis) })) }));
}

/** The trait of an operator that only gives elements other axes. */
const moving = (maps: readonly AxisMap[]): Trait => ({
  from: takenBy(maps),
  to: madeBy(maps),
  is: "gather",
  view: true,
});

export const reshape = operator({
  name: "reshape",
  doc: "Merges axes, splits an axis, or both: the elements of `from` become those of `to`, with the last axis varying fastest. One size may be omitted.",
  inputs: tensors("x"),
  attributes: { maps: attribute("maps", "old axes to new axes: `[c, h, w] -> d`", { unordered: true }) },
  exact: true,
  examples: [
    { code: "reshape(x, [h, w] -> t)", inputs: "x: [n, c, h, w]" },
    { code: "reshape(x, d -> [head: 4, e])", inputs: "x: [n, t, d: 4*k]" },
  ],
  type: (c) => {
    dtypeOf(c, 0, anything);
    requireMaps(c);
    const { maps } = c.attributes;
    const to = maps.flatMap((map) => reshapedAxes(c, map));
    return replaceAxes(c.input(0), takenBy(maps), to);
  },
  resolve: ({ maps }, _, result) => ({ maps: withSizes(maps, result) }),
  trait: (c) => moving(c.attributes.maps),
  reference: (c) => {
    const [x] = c.inputs;
    const { maps } = c.attributes;
    const [result] = c.results;
    const [from, to] = [takenBy(maps), madeBy(maps)];
    const others = except(x!.axes, from);
    const axes = [...others, ...to];
    const shape = axes.map((axis) => result!.shape[result!.axes.indexOf(axis)]!);
    return { ...arrange(x!, [...others, ...from]), shape, axes };
  },
  lower: ({ p, inputs, attributes: { maps }, results }) => {
    const current = p.loose(inputs[0]!).axes;
    const order = maps.reduce((axes, map) => gathered(axes, map.from), current);
    const whole = p.ordered(inputs[0]!, order);
    const replaced = order.flatMap((axis) => {
      const map = maps.find(({ from }) => from.includes(axis));
      return map === undefined ? [axis] : map.from[0] === axis ? madeBy([map]) : [];
    });
    const axes = [...replaced, ...madeBy(maps.filter(({ from }) => from.length === 0))];
    return p.laid(reshaped(p, whole, sizesOf(results[0]!, axes)), axes);
  },
});

function madeBy(maps: readonly AxisMap[]): Axis[] {
  return maps.flatMap(({ to }) => to.map(({ axis }) => axis));
}

function takenBy(maps: readonly AxisMap[]): Axis[] {
  return maps.flatMap(({ from }) => from);
}

export const rename = operator({
  name: "rename",
  doc: "Renames axes, all at once. Sizes do not change; one that is written must be the size of the axis.",
  inputs: tensors("x"),
  attributes: { maps: attribute("maps", "new names: `t -> s`", { unordered: true }) },
  exact: true,
  examples: [{ code: "rename(x, t -> s)", inputs: "x: [n, t, d]" }],
  type: (c) => {
    dtypeOf(c, 0, anything);
    const { maps } = c.attributes;
    for (const { from, to } of maps)
      if (from.length !== 1 || to.length !== 1)
        refuse(c, "rename", "a map from one axis to one, `t -> s`", `from ${from.length} to ${to.length}`, "maps");
    requireMaps(c);
    for (const { from, to } of maps)
      for (const { size, elided } of to)
        // A size that is left out may be that of another axis with this name.
        if (size !== undefined && elided === undefined)
          c.equal(c.size(0, from[0]!), size, { inputs: [0], attribute: "maps", axis: from[0]! });
    const { dtype, axes } = c.input(0);
    return tensorType(
      dtype,
      [...axes].map(([axis, size]) => [renamed(maps, axis), size]),
    );
  },
  resolve: ({ maps }, _, result) => ({ maps: withSizes(maps, result) }),
  trait: (c) => moving(c.attributes.maps),
  reference: (c) => ({ ...c.inputs[0]!, axes: c.inputs[0]!.axes.map((axis) => renamed(c.attributes.maps, axis)) }),
  lower: ({ p, inputs, attributes: { maps } }) => {
    const { value, axes, spread } = p.loose(inputs[0]!);
    const laid = p.laid(
      value,
      axes.map((axis) => renamed(maps, axis)),
    );
    if (spread === undefined) return laid;
    return { ...laid, spread: new Map([...spread].map(([axis, size]) => [renamed(maps, axis), size])) };
  },
});

function renamed(maps: readonly AxisMap[], axis: Axis): Axis {
  return maps.find(({ from }) => from[0] === axis)?.to[0]?.axis ?? axis;
}

export const squeeze = operator({
  name: "squeeze",
  doc: "Drops axes of size 1.",
  inputs: tensors("x"),
  attributes: { axis: attribute("axes", "axes to drop; their size must be 1", { unordered: true }) },
  exact: true,
  examples: [{ code: "squeeze(x, axis: c)", inputs: "x: [n, c: 1, h, w]" }],
  type: (c) => {
    dtypeOf(c, 0, anything);
    const { axis: axes } = c.attributes;
    requireAxes(c, 0, axes, "axis");
    for (const axis of axes) c.equal(c.size(0, axis), c.sizes.int(1), { inputs: [0], attribute: "axis", axis });
    return without(c.input(0), axes);
  },
  trait: (c) => ({ from: c.attributes.axis, to: [], is: "gather", view: true }),
  reference: (c) => {
    const x = c.inputs[0]!;
    const kept = [...x.axes.keys()].filter((i) => !c.attributes.axis.includes(x.axes[i]!));
    return { ...x, axes: kept.map((i) => x.axes[i]!), shape: kept.map((i) => x.shape[i]!) };
  },
  lower: ({ p, inputs, attributes, results }) => {
    const x = p.any(inputs[0]!);
    const axes = except(x.axes, attributes.axis);
    return p.laid(reshaped(p, x.value, sizesOf(results[0]!, axes)), axes);
  },
});

export const unsqueeze = operator({
  name: "unsqueeze",
  doc: "Adds axes of size 1.",
  inputs: tensors("x"),
  attributes: { axis: attribute("axes", "the new axes", { unordered: true }) },
  exact: true,
  examples: [{ code: "unsqueeze(x, axis: c)", inputs: "x: [n, h, w]" }],
  type: (c) => {
    dtypeOf(c, 0, anything);
    const { axis: axes } = c.attributes;
    requireDistinct(c, axes, "axis");
    requireNew(c, c.input(0), axes, "axis");
    return withAxes(
      c.input(0),
      axes.map((axis) => [axis, c.sizes.int(1)]),
    );
  },
  trait: (c) => ({ from: [], to: c.attributes.axis, is: "gather", view: true }),
  reference: (c) => {
    const x = c.inputs[0]!;
    const { axis: axes } = c.attributes;
    return { ...x, axes: [...x.axes, ...axes], shape: [...x.shape, ...axes.map(() => 1)] };
  },
  lower: ({ p, inputs, attributes, results }) => {
    const x = p.any(inputs[0]!);
    const axes = place(p, x.axes, attributes.axis);
    return p.laid(reshaped(p, x.value, sizesOf(results[0]!, axes)), axes);
  },
});
