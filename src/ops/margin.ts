/** @file Slices of tensors and padding around them: slice and pad. */
import { generate, named } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import { operator, tensors } from "../ir/operator.ts";
import { withAxes } from "../ir/type.ts";
import { pad as padPrimitive, slice as slicePrimitive } from "../primitives/layout.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { mirrored, mirroring } from "./lowering/margins.ts";
import { reader, sizeOf } from "./reference/rows.ts";
import { everyNth } from "./shared/axes.ts";
import { anything, dtypeOf, refuse, requireAxes, requireMargin, requireRepresentable } from "./shared/conditions.ts";
import { inReals, over, withConstant } from "./shared/traits.ts";

/** Returns the number of elements in `[from, to, step]`. */
function taken(sizes: Sizes, [from, to, step]: readonly Size[]): Size {
  const length = sizes.sub(to!, from!);
  return step === undefined ? length : sizes.ceil(length, step);
}

export const slice = operator({
  name: "slice",
  doc: "The elements of axes from one index up to, but not including, another. A third number is the step.",
  inputs: tensors("x"),
  attributes: {
    keyed: attribute(
      "keyed",
      "`t: [from, to]` or `t: [from, to, step]`; indices count from 0, so the last element of `t` is `[t - 1, t]`",
      {
        min: 0,
        unordered: true,
      },
    ),
  },
  exact: true,
  examples: [
    { code: "slice(x, t: [1, 3])", inputs: "x: [n, t: k + 2, d]" },
    { code: "slice(x, h: [0, h, 2], w: [0, w, 2])", inputs: "x: [n, c, h, w]" },
  ],
  type: (c) => {
    dtypeOf(c, 0, anything);
    const one = c.sizes.int(1);
    if (c.attributes.keyed.size === 0)
      c.complain("missing-attribute", { callee: c.callee, name: "axis: [from, to]" }, {});
    for (const [axis, range] of c.attributes.keyed) {
      requireAxes(c, 0, [axis], axis);
      const [, to, step = one] = range;
      if (range.length < 2 || range.length > 3)
        refuse(c, axis, "`[from, to]` or `[from, to, step]`", `${range.length} values`);
      c.atLeast(c.size(0, axis), to!, { inputs: [0], attribute: axis, axis, why: "a slice ends within the axis" });
      c.atLeast(step, one, { attribute: axis, axis, why: "the step of a slice" });
    }
    return withAxes(
      c.input(0),
      [...c.attributes.keyed].map(([axis, range]) => [axis, taken(c.sizes, range)]),
    );
  },
  trait: (c) => over([...c.attributes.keyed.keys()], { is: "gather" }),
  reference: (c) => {
    const { axes, shape } = c.results[0]!;
    const ranges = axes.map((axis) => c.attributes.keyed.get(axis)?.map((size) => c.size(size)) ?? [0]);
    const read = reader(c.inputs[0]!, axes);
    const place = (i: number, at: number) => ranges[at]![0]! + i * (ranges[at]![2] ?? 1);
    return named(
      generate(c.inputs[0]!.dtype, shape, (index) => read(index.map(place))),
      axes,
    );
  },
  lower: ({ p, inputs, attributes: { keyed } }) => {
    const { sizes } = p;
    const x = p.any(inputs[0]!);
    const ranges = x.axes.map((axis) => keyed.get(axis));
    const begin = ranges.map((range) => range?.[0] ?? sizes.int(0));
    const size = x.value.shape.map((whole, i) =>
      ranges[i] === undefined ? whole : sizes.sub(ranges[i][1]!, ranges[i][0]!),
    );
    const run = p.emit(slicePrimitive, [x.value], { begin, size });
    const value = ranges.reduce((part, range, i) => everyNth(p, part, i, range?.[2] ?? sizes.int(1)), run);
    return p.laid(value, x.axes);
  },
});

/** Returns the margins before and after. */
function sidesOf(range: readonly Size[]): readonly [Size, Size] {
  return [range[0]!, range[1] ?? range[0]!];
}

export const pad = operator({
  name: "pad",
  doc: "Adds a margin to axes. It holds one value, or the elements inside mirrored at the outermost ones (`reflect`), or the outermost ones repeated (`replicate`), or the elements of the other end (`circular`).",
  inputs: tensors("x"),
  attributes: {
    keyed: attribute("keyed", "`h: 1` on both sides, or `h: [before, after]`", { min: 0, unordered: true }),
    mode: attribute("choice", "how to fill the margin", {
      choices: ["constant", "reflect", "replicate", "circular"],
      default: "constant",
    }),
    value: attribute("number", "the constant", { default: 0 }),
  },
  exact: true,
  examples: [
    { code: "pad(x, h: [1, 2], w: 1)", inputs: "x: [n, c, h, w]" },
    { code: "pad(x, t: [2, 1], mode: reflect)", inputs: "x: [n, t: k + 2]" },
    { code: "pad(x, h: 2, w: [0, n], mode: replicate)", inputs: "x: [n, c, h, w]" },
    { code: "pad(x, h: [0, 1], w: 1, mode: circular)", inputs: "x: [n, c, h, w]" },
    { code: "pad(x, t: [1, 0], value: -1)", inputs: "x: i32[n, t]" },
  ],
  type: (c) => {
    const { keyed, mode, value } = c.attributes;
    const dtype = dtypeOf(c, 0, anything);
    const { sizes } = c;
    requireRepresentable(c, dtype, value);
    if (keyed.size === 0) c.complain("missing-attribute", { callee: c.callee, name: "h" }, {});
    const made = [...keyed].map(([axis, range]) => {
      requireAxes(c, 0, [axis], axis);
      if (range.length > 2) refuse(c, axis, "one margin, or `[before, after]`", `${range.length} values`);
      const [before, after] = sidesOf(range);
      for (const side of new Set([before, after])) requireMargin(c, axis, side, mode, axis);
      return [axis, sizes.add(sizes.add(c.size(0, axis), before), after)] as const;
    });
    return withAxes(c.input(0), made);
  },
  trait: (c) => {
    const { keyed, mode, value } = c.attributes;
    return over(
      [...keyed.keys()],
      mode === "constant" ? inReals(c.input(0), { is: withConstant(value) }) : { is: "gather" },
    );
  },
  reference: (c) => {
    const [x] = c.inputs;
    const { keyed, mode, value } = c.attributes;
    const { axes, shape } = c.results[0]!;
    const margins = axes.map((axis) => (keyed.has(axis) ? c.size(sidesOf(keyed.get(axis)!)[0]) : 0));
    const sizes = axes.map((axis) => sizeOf(x!, axis));
    const read = reader(x!, axes);
    const element = (index: readonly number[]): number => {
      const inside = index.map((i, at) => i - margins[at]!);
      if (mode !== "constant") return read(inside.map((i, at) => mirrored(mode, i, sizes[at]!)));
      return inside.every((i, at) => i >= 0 && i < sizes[at]!) ? read(inside) : value;
    };
    return named(generate(x!.dtype, shape, element), axes);
  },
  lower: ({ p, inputs, attributes: { keyed, mode, value } }) => {
    const x = p.any(inputs[0]!);
    const none = p.sizes.int(0);
    const pads = x.axes.map((axis) => (keyed.has(axis) ? sidesOf(keyed.get(axis)!) : ([none, none] as const)));
    const padded =
      mode === "constant" ? p.emit(padPrimitive, [x.value], { pads, mode, value }) : mirroring(p, x.value, pads, mode);
    return p.laid(padded, x.axes);
  },
});
