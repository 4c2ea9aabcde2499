/** @file Operations along an axis: flip, and running sums and products. */
import { generate, named } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import { operator, tensors } from "../ir/operator.ts";
import { reverse as reversePrimitive, type Scan } from "../primitives/scan.ts";
import { longScan } from "./lowering/long-sums.ts";
import { made, reader, rows } from "./reference/rows.ts";
import { anything, dtypeOf, numeric, requireAxes } from "./shared/conditions.ts";

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

/** Defines a running fold. `start` is the value before the first element. */
function cumulative(
  name: string,
  of: { readonly function: Scan["function"]; readonly noun: string; readonly example: string },
  start: number,
  step: (total: number, element: number) => number,
  integers: (total: number, element: number) => number,
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
);
export const cumprod = cumulative(
  "cumprod",
  { function: "product", noun: "product", example: "cumprod(x, axis: t, reverse: true)" },
  1,
  (a, b) => a * b,
  Math.imul,
);
