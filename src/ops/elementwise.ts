/** @file Operators on corresponding elements of two or three tensors: arithmetic, comparisons, logic, choice. */
import type { DType } from "../contract/ndarray.ts";
import { operator, tensors } from "../ir/operator.ts";
import { binary, select } from "../primitives/binary.ts";
import type { BinaryName } from "../primitives/functions/binary.ts";
import { unary } from "../primitives/unary.ts";
import { broadcastType, elementwise, lowerElementwise, lowerUnary } from "./shared/broadcasting.ts";
import { anything, commonDtype, dtypeOf, floating, logical, numeric } from "./shared/conditions.ts";

interface Row {
  readonly function: BinaryName;
  readonly doc: string;
  readonly example: string;
  readonly dtypes: readonly DType[];
  readonly of: (a: number, b: number) => number;
}

const rules =
  " One operand must have all axes of the other, with equal sizes, and both must have the same dtype. Numbers and sizes fit any tensor.";

function pairwise(name: string, row: Row, result: DType | "operands") {
  const inputs = row.dtypes.includes("f32") ? "a: [n, c, h, w], b: [n, c]" : "a: bool[n, c], b: bool[c]";
  return operator({
    name,
    doc: row.doc + rules,
    inputs: tensors("a", "b"),
    attributes: {},
    examples: [{ code: row.example, inputs }],
    type: (c) => {
      const dtype = commonDtype(c, [0, 1], row.dtypes);
      return broadcastType(c, result === "operands" ? dtype : result);
    },
    reference: (c) => elementwise(c, result === "operands" ? c.inputs[0]!.dtype : result, row.of),
    lower: (c) => lowerElementwise(c, (p, operands) => p.emit(binary, operands, { function: row.function })),
  });
}

const arithmetic = (
  name: BinaryName,
  example: string,
  doc: string,
  of: (a: number, b: number) => number,
  dtypes = numeric,
) => pairwise(name, { function: name, doc, example, dtypes, of }, "operands");

const comparison = (
  name: BinaryName,
  symbol: string,
  doc: string,
  of: (a: number, b: number) => boolean,
  dtypes = numeric,
) => pairwise(name, { function: name, doc, example: `a ${symbol} b`, dtypes, of: (a, b) => Number(of(a, b)) }, "bool");

export const add = arithmetic("add", "a + b", "The sum, `a + b`.", (a, b) => a + b);
export const sub = arithmetic("sub", "a - b", "The difference, `a - b`.", (a, b) => a - b);
export const mul = arithmetic("mul", "a * b", "The product, `a * b`.", (a, b) => a * b);
export const div = arithmetic("div", "a / b", "The quotient, `a / b`.", (a, b) => a / b, floating);
export const mod = arithmetic(
  "mod",
  "a % b",
  "The remainder, `a % b`, with the sign of the divisor, as in Python.",
  (a, b) => {
    const remainder = a % b; // with the sign of the dividend
    return remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder;
  },
);
export const pow = arithmetic("pow", "pow(a, b)", "The power, a to the b.", Math.pow, floating);
export const maximum = operator({
  ...arithmetic("maximum", "maximum(a, b)", "The larger of two elements.", Math.max),
  exact: true,
});
export const minimum = operator({
  ...arithmetic("minimum", "minimum(a, b)", "The smaller of two elements.", Math.min),
  exact: true,
});

export const equal = comparison("equal", "==", "Whether elements are equal, `a == b`.", (a, b) => a === b, anything);
export const not_equal = comparison(
  "not_equal",
  "!=",
  "Whether elements differ, `a != b`.",
  (a, b) => a !== b,
  anything,
);
export const less = comparison("less", "<", "Whether a is less, `a < b`.", (a, b) => a < b);
export const less_equal = comparison("less_equal", "<=", "Whether a is at most b, `a <= b`.", (a, b) => a <= b);
export const greater = comparison("greater", ">", "Whether a is greater, `a > b`.", (a, b) => a > b);
export const greater_equal = comparison("greater_equal", ">=", "Whether a is at least b, `a >= b`.", (a, b) => a >= b);

const connective = (name: BinaryName, symbol: string, doc: string, of: (a: number, b: number) => boolean) =>
  comparison(name, symbol, doc, of, logical);

export const logical_and = connective("logical_and", "and", "Whether both are true, `a and b`.", (a, b) => a * b !== 0);
export const logical_or = connective("logical_or", "or", "Whether either is true, `a or b`.", (a, b) => a + b !== 0);

export const logical_not = operator({
  name: "logical_not",
  doc: "Whether it is false, `not x`.",
  inputs: tensors("x"),
  attributes: {},
  examples: [{ code: "not x", inputs: "x: bool[n, c]" }],
  type: (c) => ({ dtype: dtypeOf(c, 0, logical), axes: c.input(0).axes }),
  reference: (c) => elementwise(c, "bool", (x) => 1 - x),
  lower: (c) => lowerUnary(c, (p, x) => p.emit(unary, [x], { function: "logical_not" })),
});

export const neg = operator({
  name: "neg",
  doc: "The negative, `-x`.",
  inputs: tensors("x"),
  attributes: {},
  examples: [{ code: "-x", inputs: "x: [n, c]" }],
  type: (c) => ({ dtype: dtypeOf(c, 0, numeric), axes: c.input(0).axes }),
  reference: (c) => elementwise(c, c.inputs[0]!.dtype, (x) => -x),
  lower: (c) => lowerUnary(c, (p, x) => p.emit(unary, [x], { function: "neg" })),
});

export const where = operator({
  name: "where",
  doc: "Elements of `a` where the condition is true, of `b` elsewhere. One of the three must have all axes of the others; `a` and `b` must have the same dtype.",
  inputs: tensors("condition", "a", "b"),
  attributes: {},
  exact: true,
  examples: [
    { code: "where(a < b, a, b)", inputs: "a: [n, c], b: [n, c]" },
    { code: "where(mask, x, 0)", inputs: "mask: bool[n, h, w], x: [n, c, h, w]" },
  ],
  type: (c) => {
    dtypeOf(c, 0, logical);
    return broadcastType(c, commonDtype(c, [1, 2], anything));
  },
  reference: (c) => elementwise(c, c.inputs[1]!.dtype, (condition, a, b) => (condition !== 0 ? a : b)),
  lower: (c) => lowerElementwise(c, (p, operands) => p.emit(select, operands, {})),
});
