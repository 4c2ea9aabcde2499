/** @file The index of the largest and the smallest element: argmax and argmin. */
import { attribute } from "../ir/attribute.ts";
import { operator, tensors } from "../ir/operator.ts";
import { argReduce } from "../primitives/reduce.ts";
import { reduceAttributes, reducedType } from "./reduce.ts";
import { made, rows } from "./reference/rows.ts";
import { except, gathered, product, reshaped, sizesOf } from "./shared/axes.ts";
import { dtypeOf, numeric } from "./shared/conditions.ts";
import { reducing } from "./shared/traits.ts";

function position(name: "argmax" | "argmin", what: string, isBetter: (a: number, b: number) => boolean) {
  return operator({
    name,
    doc: `The index, as i32, of the ${what} element over the axes; the first one if several are equal. Several axes have one flat index, in which the axis written last varies fastest.`,
    inputs: tensors("x"),
    attributes: {
      // The order of the axes determines the flat index.
      axis: attribute("axes", reduceAttributes.axis.doc),
      keepdims: reduceAttributes.keepdims,
    },
    examples: [
      { code: `${name}(x, axis: c)`, inputs: "x: [n, c, h, w]" },
      { code: `${name}(x, axis: [w, h], keepdims: true)`, inputs: "x: [n, c, h, w]" },
    ],
    type: (c) => {
      dtypeOf(c, 0, numeric);
      return reducedType(c, "i32");
    },
    trait: (c) => reducing(c.attributes, { is: "any" }),
    reference: (c) => {
      const { axis, keepdims } = c.attributes;
      const x = rows(c.inputs[0]!, axis);
      const data = Float64Array.from({ length: x.count }, (_, row) => {
        let best = 0;
        for (let i = 0; i < x.width; i++) {
          const element = x.data[row * x.width + i]!;
          // As in PyTorch, the first NaN is both the largest and the smallest element.
          if (Number.isNaN(element)) return i;
          if (isBetter(element, x.data[row * x.width + best]!)) best = i;
        }
        return best;
      });
      return made(data, keepdims ? [...x.axes, ...axis] : x.axes, c.results[0]!, "i32");
    },
    lower: ({ p, inputs: [x], attributes: { axis, keepdims }, results: [result] }) => {
      const order = gathered(p.loose(x!).axes, axis);
      const type = p.typeOf(x!);
      const start = axis.length === 0 ? order.length : order.indexOf(axis[0]!);
      const merged = sizesOf(type, order).toSpliced(start, axis.length, product(p.sizes, sizesOf(type, axis)));
      const value = p.emit(argReduce, [reshaped(p, p.ordered(x!, order), merged)], { function: name, axis: start });
      const axes = keepdims ? order : except(order, axis);
      return p.laid(reshaped(p, value, sizesOf(result!, axes)), axes);
    },
  });
}

export const argmax = position("argmax", "largest", (a, b) => a > b);
export const argmin = position("argmin", "smallest", (a, b) => a < b);
