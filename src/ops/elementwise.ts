/** @file Operators on corresponding elements of two or three tensors: arithmetic, comparisons, logic, choice. */
import type { DType } from "../contract/ndarray.ts";
import type { BinaryName } from "../contract/prepare-functions.ts";
import type { Lowering, Positional } from "../ir/lowering.ts";
import { attribute } from "../ir/attribute.ts";
import { operator, tensors, type ExpansionContext, type OperatorContext } from "../ir/operator.ts";
import type { Action, Matrix } from "../ir/trait.ts";
import type { Tensor } from "../ir/type.ts";
import { binary, select } from "../primitives/binary.ts";
import { unary } from "../primitives/unary.ts";
import { broadcastType, elementwise, lowerElementwise, lowerUnary } from "./shared/broadcasting.ts";
import {
  anything,
  commonDtype,
  dtypeOf,
  floating,
  logical,
  numeric,
  requireRepresentable,
} from "./shared/conditions.ts";
import { broadcasting, inReals, onElements, withConstant } from "./shared/traits.ts";

interface Row {
  readonly function: BinaryName;
  readonly doc: string;
  readonly example: string;
  readonly dtypes: readonly DType[];
  readonly of: (a: number, b: number) => number;
  /** The function for i32, if float64 would round it before it wraps around. */
  readonly integers?: (a: number, b: number) => number;
}

const rules =
  " One operand has all axes of the other, sizes of shared axes are equal, and both have the same dtype; numbers and sizes fit any tensor.";

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
    trait: (c, input) => broadcasting(c, input, { is: "any" }),
    reference: (c) => {
      const { dtype } = c.inputs[0]!;
      return elementwise(c, result === "operands" ? dtype : result, (dtype === "i32" && row.integers) || row.of);
    },
    lower: (c) => lowerElementwise(c, (p, operands) => p.emit(binary, operands, { function: row.function })),
  });
}

const arithmetic = (
  name: BinaryName,
  example: string,
  doc: string,
  of: (a: number, b: number) => number,
  dtypes = numeric,
  integers?: (a: number, b: number) => number,
) => pairwise(name, { function: name, doc, example, dtypes, of, ...(integers && { integers }) }, "operands");

const comparison = (
  name: BinaryName,
  symbol: string,
  doc: string,
  of: (a: number, b: number) => boolean,
  dtypes = numeric,
) => pairwise(name, { function: name, doc, example: `a ${symbol} b`, dtypes, of: (a, b) => Number(of(a, b)) }, "bool");

/** Returns the other operand, if both are f32 and it has no axes that this one lacks. */
function otherOperand({ inputs }: ExpansionContext<object>, input: number): Tensor | undefined {
  const [own, other] = [inputs[input]!.type, inputs[1 - input]!];
  const isWithin = own.dtype === "f32" && [...other.type.axes.keys()].every((axis) => own.axes.has(axis));
  return isWithin ? other : undefined;
}

/** A sum, as a function of one operand: shifts it by the other. */
function asShift(g: ExpansionContext<object>, input: number): Matrix | undefined {
  const bias = otherOperand(g, input);
  return bias && { from: [], to: [], weight: undefined, bias };
}

/** A difference, as a function of one operand: the first shifted by the negative of the second, or the other way round. */
function asDifference(g: ExpansionContext<object>, input: number): Matrix | undefined {
  const other = otherOperand(g, input);
  if (other === undefined) return undefined;
  if (input === 0) return { from: [], to: [], weight: undefined, bias: g.node(neg, [other], {}) };
  return { from: [], to: [], weight: g.scalar(-1), bias: other };
}

/** Multiplies each element by that of the weight. */
function scaledBy(g: ExpansionContext<object>, weight: Tensor): Matrix {
  const again = (input: Tensor, factor: Tensor, bias: Tensor | undefined): Tensor => {
    const scaled = g.node(mul, [input, factor], {});
    return bias === undefined ? scaled : g.node(add, [scaled, bias], {});
  };
  return { from: [], to: [], weight, bias: undefined, with: again };
}

/** A product, as a function of one operand: scales it by the other. */
function asFactor(g: ExpansionContext<object>, input: number): Matrix | undefined {
  const factor = otherOperand(g, input);
  return factor && scaledBy(g, factor);
}

/** A quotient, as a function of the dividend: scales it by the reciprocals of the divisor. */
function asDividend(g: ExpansionContext<object>, input: number): Matrix | undefined {
  const divisor = input === 0 ? otherOperand(g, input) : undefined;
  return divisor && scaledBy(g, g.node(div, [g.scalar(1), divisor], {}));
}

function asNegative(g: ExpansionContext<object>): Matrix | undefined {
  return g.inputs[0]!.type.dtype === "f32" ? scaledBy(g, g.scalar(-1)) : undefined;
}

/** Returns what shifting by an operand is: affine, unless that is a number that says more. */
function shifting(c: OperatorContext<unknown>, by: number): Action {
  const number = c.numbers[by];
  if (typeof number === "number") return withConstant(number);
  return c.literals(by).every(Number.isFinite) ? "affine" : "any";
}

/** Returns what multiplying by an operand is. Infinity times 0 is NaN. */
const scaling = (c: OperatorContext<unknown>, by: number): Action =>
  c.literals(by).every(Number.isFinite) ? "linear" : "any";

/** Returns what dividing by the second operand is. 0 divided by 0 is NaN, and a size such as `t - 1` may be 0. */
function dividing(c: OperatorContext<unknown>): Action {
  return c.literals(1).every((number) => number !== 0 && !Number.isNaN(number)) ? "linear" : "any";
}

export const add = operator({
  ...arithmetic("add", "a + b", "The sum, `a + b`.", (a, b) => a + b),
  trait: (c, input) => broadcasting(c, input, inReals(c.input(0), { is: shifting(c, 1 - input), rising: true })),
  matrix: asShift,
});
export const sub = operator({
  ...arithmetic("sub", "a - b", "The difference, `a - b`.", (a, b) => a - b),
  trait: (c, input) => {
    const acts = { is: shifting(c, 1 - input), ...(input === 0 && { rising: true as const }) };
    return broadcasting(c, input, inReals(c.input(0), acts));
  },
  matrix: asDifference,
});
export const mul = operator({
  ...arithmetic("mul", "a * b", "The product, `a * b`.", (a, b) => a * b, numeric, Math.imul),
  trait: (c, input) => broadcasting(c, input, inReals(c.input(0), { is: scaling(c, 1 - input) })),
  matrix: asFactor,
});
export const div = operator({
  ...arithmetic("div", "a / b", "The quotient, `a / b`.", (a, b) => a / b, floating),
  trait: (c, input) => broadcasting(c, input, { is: input === 0 ? dividing(c) : "any" }),
  matrix: asDividend,
});
const remainder = arithmetic(
  "mod",
  "a % b",
  "The remainder, `a % b`, with the sign of the divisor, as in Python. By 0 it is 0 for i32 and NaN for f32; a number or a size that is 0 is refused.",
  (a, b) => {
    const rest = a % b; // with the sign of the dividend
    return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
  },
);

export const mod = operator({
  ...remainder,
  type: (c) => {
    const divisor = c.numbers[1];
    if (divisor === 0) c.complain("zero-divisor", { callee: c.callee }, { inputs: [1] });
    if (typeof divisor === "object") c.atLeast(divisor, c.sizes.int(1), { inputs: [1], divisor: true });
    return remainder.type(c);
  },
  lower: (c) =>
    lowerElementwise(c, (p, [a, b]) =>
      p.emit(binary, [a!, b!.dtype === "i32" ? harmless(p, b!) : b!], { function: "mod" }),
    ),
});

/** Replaces the divisors 0 and -1 by 1, which gives the remainder 0. Some engines end the process, even for -2147483648 % -1. */
function harmless(p: Lowering, divisor: Positional): Positional {
  const equals = (value: number) => p.emit(binary, [divisor, p.scalar(value, "i32")], { function: "equal" });
  const isHarmful = p.emit(binary, [equals(0), equals(-1)], { function: "logical_or" });
  return p.emit(select, [isHarmful, p.scalar(1, "i32"), divisor], {});
}
export const pow = arithmetic("pow", "pow(a, b)", "The power, a to the b.", Math.pow, floating);
export const maximum = operator({
  ...arithmetic("maximum", "maximum(a, b)", "The larger of two elements.", Math.max),
  exact: true,
  trait: (c, input) => broadcasting(c, input, { is: "any", rising: true }),
});
export const minimum = operator({
  ...arithmetic("minimum", "minimum(a, b)", "The smaller of two elements.", Math.min),
  exact: true,
  trait: (c, input) => broadcasting(c, input, { is: "any", rising: true }),
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
  doc: "Whether the element is false, `not x`.",
  inputs: tensors("x"),
  attributes: {},
  examples: [{ code: "not x", inputs: "x: bool[n, c]" }],
  type: (c) => ({ dtype: dtypeOf(c, 0, logical), axes: c.input(0).axes }),
  trait: () => onElements({ is: "any" }),
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
  trait: (c) => onElements(inReals(c.input(0), { is: "linear" })),
  matrix: asNegative,
  reference: (c) => elementwise(c, c.inputs[0]!.dtype, (x) => -x),
  lower: (c) => lowerUnary(c, (p, x) => p.emit(unary, [x], { function: "neg" })),
});

export const where = operator({
  name: "where",
  doc: "Elements of `a` where the condition is true, and of `b` elsewhere. One of the three has all axes of the others; `a` and `b` have the same dtype.",
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
  trait: (c, input) => {
    if (input === 0) return broadcasting(c, input, { is: "any" });
    // Where the condition chooses the other one, the result is constant.
    return broadcasting(c, input, { ...inReals(c.input(input), { is: shifting(c, 3 - input) }), rising: true });
  },
  reference: (c) => elementwise(c, c.inputs[1]!.dtype, (condition, a, b) => (condition !== 0 ? a : b)),
  lower: (c) => lowerElementwise(c, (p, operands) => p.emit(select, operands, {})),
});

export const masked_fill = operator({
  name: "masked_fill",
  doc: "One value where the mask is true, and the elements of `x` elsewhere. `x` has all axes of the mask.",
  inputs: tensors("x", "mask"),
  attributes: { value: attribute("number", "what to write where the mask is true", { positional: true }) },
  exact: true,
  examples: [
    { code: "masked_fill(x, mask, -inf)", inputs: "x: [n, head, t, s], mask: bool[t, s]" },
    { code: "masked_fill(x, x < 0, value: 7)", inputs: "x: i32[n, c]" },
  ],
  type: (c) => {
    const dtype = dtypeOf(c, 0, anything);
    dtypeOf(c, 1, logical);
    requireRepresentable(c, dtype, c.attributes.value);
    for (const axis of c.input(1).axes.keys()) c.equal(c.size(0, axis), c.size(1, axis), { inputs: [0, 1], axis });
    return { dtype, axes: c.input(0).axes };
  },
  trait: (c, input) => {
    if (input === 1) return broadcasting(c, input, { is: "any" });
    const is = withConstant(c.attributes.value);
    return broadcasting(c, input, { ...inReals(c.input(0), { is }), rising: true });
  },
  reference: (c) => {
    const { value } = c.attributes;
    return elementwise(c, c.inputs[0]!.dtype, (x, mask) => (mask !== 0 ? value : x));
  },
  lower: (c) =>
    lowerElementwise(c, (p, [x, mask]) => p.emit(select, [mask!, p.scalar(c.attributes.value, x!.dtype), x!], {})),
});
