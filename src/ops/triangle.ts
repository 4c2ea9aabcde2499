/** @file Triangles of matrices: tril and triu. */
import { generate, named } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import type { Lowering, Positional } from "../ir/lowering.ts";
import { operator, tensors } from "../ir/operator.ts";
import { binary, select } from "../primitives/binary.ts";
import { iota } from "../primitives/iota.ts";
import { reader } from "./reference/rows.ts";
import { reshaped } from "./shared/axes.ts";
import { anything, dtypeOf, refuse, requireAxes, requireNumber } from "./shared/conditions.ts";
import { inReals, over } from "./shared/traits.ts";

/** Returns the positions along an axis of a value, in a shape that broadcasts with it. */
function positions(p: Lowering, value: Positional, at: number): Positional {
  const size = value.shape[at]!;
  const others = value.shape.slice(at + 1).map(() => p.sizes.int(1));
  return reshaped(p, p.emit(iota, [], { size }), [size, ...others]);
}

/** Defines an operator that keeps the elements on one side of a diagonal. */
function triangle(name: string, side: string, compare: "less_equal" | "greater_equal") {
  const isKept = (column: number, last: number): boolean =>
    compare === "less_equal" ? column <= last : column >= last;
  return operator({
    name,
    doc: `The ${side} triangle of matrices, with zeros elsewhere.`,
    inputs: tensors("x"),
    attributes: {
      axis: attribute("axes", "the axis of the rows and that of the columns: `[h, w]`"),
      diagonal: attribute("number", "the column of row 0 in which the triangle ends or begins; may be negative", {
        default: 0,
      }),
    },
    exact: true,
    examples: [
      { code: `${name}(x, axis: [t, s])`, inputs: "x: [n, t, s]" },
      { code: `${name}(x, axis: [w, h], diagonal: -1)`, inputs: "x: [n, c, h, w]" },
      { code: `${name}(x, axis: [t, s], diagonal: 2)`, inputs: "x: bool[t, s]" },
    ],
    type: (c) => {
      const { axis, diagonal } = c.attributes;
      if (axis.length !== 2) refuse(c, "axis", "two axes: rows, then columns", String(axis.length));
      requireAxes(c, 0, axis, "axis");
      requireNumber(c, "diagonal", diagonal, "a whole number", Number.isInteger);
      return { dtype: dtypeOf(c, 0, anything), axes: c.input(0).axes };
    },
    trait: (c) => over(c.attributes.axis, inReals(c.input(0), { is: "linear" })),
    reference: (c) => {
      const { axis, diagonal } = c.attributes;
      const { axes, shape } = c.results[0]!;
      const [row, column] = axis.map((name) => axes.indexOf(name));
      const read = reader(c.inputs[0]!, axes);
      const element = (index: readonly number[]): number =>
        isKept(index[column!]!, index[row!]! + diagonal) ? read(index) : 0;
      return named(generate(c.inputs[0]!.dtype, shape, element), axes);
    },
    lower: ({ p, inputs, attributes: { axis, diagonal } }) => {
      const x = p.any(inputs[0]!);
      const [rows, columns] = axis.map((name) => positions(p, x.value, x.axes.indexOf(name)));
      const last = p.emit(binary, [rows!, p.scalar(diagonal, "i32")], { function: "add" });
      const kept = p.emit(binary, [columns!, last], { function: compare });
      return p.laid(p.emit(select, [kept, x.value, p.scalar(0, x.value.dtype)], {}), x.axes);
    },
  });
}

export const tril = triangle("tril", "lower", "less_equal");
export const triu = triangle("triu", "upper", "greater_equal");
