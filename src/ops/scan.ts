/** @file Operations along an axis: flip, roll, and running sums and products. */
import { generate, named } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import { operator, tensors } from "../ir/operator.ts";
import type { TensorType } from "../ir/type.ts";
import { reverse as reversePrimitive, type Scan } from "../primitives/scan.ts";
import { rotated } from "./lowering/circular.ts";
import { longScan } from "./lowering/long-sums.ts";
import { made, reader, rows } from "./reference/rows.ts";
import { anything, dtypeOf, numeric, requireAxes } from "./shared/conditions.ts";
import { requirePerAxis } from "./shared/spatial.ts";
import { inReals, over, type Acts } from "./shared/traits.ts";

export const flip = operator({
  name: "flip",
  doc: "Reverses the order of the elements along axes.",
  inputs: tensors("x"),
  attributes: { axis: attribute("axes", "axes to reverse", { unordered: true }) },
  exact: true,
  examples: [
    { code: "flip(x, axis: w)", inputs: "x: [n, c, h, w]" },
    { code: "flip(x, axis: [h, w])", inputs: "x: bool[h, w]" },
  ],
  type: (c) => {
    requireAxes(c, 0, c.attributes.axis, "axis");
    return { dtype: dtypeOf(c, 0, anything), axes: c.input(0).axes };
  },
  trait: (c) => over(c.attributes.axis, { is: "gather" }),
  reference: (c) => {
    const { axes, shape } = c.results[0]!;
    const read = reader(c.inputs[0]!, axes);
    const turned = axes.map((axis) => c.attributes.axis.includes(axis));
    return named(
      generate(c.inputs[0]!.dtype, shape, (index) => read(index.map((at, i) => (turned[i] ? shape[i]! - 1 - at : at)))),
      axes,
    );
  },
  lower: ({ p, inputs, attributes }) => {
    const x = p.any(inputs[0]!);
    const axes = attributes.axis.map((axis) => x.axes.indexOf(axis)).sort((a, b) => a - b);
    return p.laid(axes.length === 0 ? x.value : p.emit(reversePrimitive, [x.value], { axes }), x.axes);
  },
});

export const roll = operator({
  name: "roll",
  doc: "Moves elements along axes towards the end, or towards the start if the number is negative; what leaves at one end enters at the other.",
  inputs: tensors("x"),
  attributes: {
    keyed: attribute("keyed", "axes and by how many elements to move: `h: 1` or `h: -1`", {
      signed: true,
      unordered: true,
    }),
  },
  exact: true,
  examples: [
    { code: "roll(x, h: -3, w: 1)", inputs: "x: [n, c, h, w]" },
    { code: "roll(x, t: 2)", inputs: "x: bool[n, t]" },
    { code: "roll(x, t: n - t)", inputs: "x: i32[n, t]" },
  ],
  type: (c) => {
    const { keyed } = c.attributes;
    if (keyed.size === 0) c.complain("missing-attribute", { callee: c.callee, name: "h" }, {});
    for (const [axis, shifts] of keyed) {
      requireAxes(c, 0, [axis], axis);
      requirePerAxis(c, axis, shifts, [axis]);
    }
    return { dtype: dtypeOf(c, 0, anything), axes: c.input(0).axes };
  },
  trait: (c) => over([...c.attributes.keyed.keys()], { is: "gather" }),
  reference: (c) => {
    const { axes, shape } = c.results[0]!;
    const shifts = axes.map((axis) => c.attributes.keyed.get(axis)?.map((shift) => c.size(shift))[0] ?? 0);
    const read = reader(c.inputs[0]!, axes);
    const source = (at: number, i: number): number => {
      const place = (at - shifts[i]!) % shape[i]!;
      return place < 0 ? place + shape[i]! : place;
    };
    return named(
      generate(c.inputs[0]!.dtype, shape, (index) => read(index.map(source))),
      axes,
    );
  },
  lower: ({ p, inputs, attributes: { keyed } }) => {
    const x = p.any(inputs[0]!);
    const value = [...keyed].reduce((at, [axis, [shift]]) => rotated(p, at, x.axes.indexOf(axis), shift!), x.value);
    return p.laid(value, x.axes);
  },
});

/** Defines a running fold. `start` is the value before the first element. */
function cumulative(
  name: string,
  of: { readonly function: Scan["function"]; readonly noun: string; readonly example: string },
  start: number,
  step: (total: number, element: number) => number,
  integers: (total: number, element: number) => number,
  acts: (input: TensorType) => Acts,
) {
  return operator({
    name,
    doc: `The ${of.noun} of each element and all elements before it along an axis.`,
    inputs: tensors("x"),
    attributes: {
      axis: attribute("axis", "axis along which to accumulate"),
      reverse: attribute("bool", "whether to go from the end to the start", { default: false }),
      exclusive: attribute("bool", "whether to leave out the element itself", { default: false }),
    },
    examples: [
      { code: `${name}(x, axis: t)`, inputs: "x: [n, t, d]" },
      { code: of.example, inputs: "x: i32[n, t]" },
    ],
    type: (c) => {
      requireAxes(c, 0, [c.attributes.axis], "axis");
      return { dtype: dtypeOf(c, 0, numeric), axes: c.input(0).axes };
    },
    trait: (c) => over([c.attributes.axis], acts(c.input(0))),
    reference: (c) => {
      const { axis, reverse, exclusive } = c.attributes;
      const { dtype } = c.inputs[0]!;
      const x = rows(c.inputs[0]!, [axis]);
      const data = new Float64Array(x.data.length);
      for (let row = 0; row < x.count; row++) {
        let total = start;
        for (let i = 0; i < x.width; i++) {
          const at = row * x.width + (reverse ? x.width - 1 - i : i);
          const before = total;
          total = dtype === "i32" ? integers(total, x.data[at]!) : step(total, x.data[at]!);
          data[at] = exclusive ? before : total;
        }
      }
      return made(data, [...x.axes, axis], c.results[0]!, dtype);
    },
    lower: ({ p, inputs, attributes: { axis, reverse, exclusive } }) => {
      const x = p.any(inputs[0]!);
      const along = { function: of.function, axis: x.axes.indexOf(axis), reverse, exclusive };
      return p.laid(longScan(p, x.value, along), x.axes);
    },
  });
}

export const cumsum = cumulative(
  "cumsum",
  { function: "sum", noun: "sum", example: "cumsum(x, axis: t, exclusive: true)" },
  0,
  (a, b) => a + b,
  (a, b) => (a + b) | 0,
  (input) => inReals(input, { is: "linear" }),
);
export const cumprod = cumulative(
  "cumprod",
  { function: "product", noun: "product", example: "cumprod(x, axis: t, reverse: true)" },
  1,
  (a, b) => a * b,
  Math.imul,
  () => ({ is: "any" }),
);
