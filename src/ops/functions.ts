/** @file Functions of one number, applied to every element. */
import { isI32, type DType } from "../contract/ndarray.ts";
import { erf as erfOf, type UnaryName } from "../contract/prepare-functions.ts";
import { attribute } from "../ir/attribute.ts";
import { operator, tensors } from "../ir/operator.ts";
import { clamp as clampPrimitive, unary } from "../primitives/unary.ts";
import { elementwise, lowerUnary } from "./shared/broadcasting.ts";
import { dtypeOf, floating, numeric, requireNumber } from "./shared/conditions.ts";
import { onElements } from "./shared/traits.ts";

/** The functions that never give a smaller number for a larger one, where they are defined. */
const rising: ReadonlySet<UnaryName> = new Set<UnaryName>([
  ...(["relu", "relu6", "sigmoid", "tanh", "softplus", "selu", "exp", "expm1", "log", "log1p", "sqrt"] as const),
  ...(["sign", "floor", "ceil", "round", "asin", "atan", "sinh", "asinh", "acosh", "atanh", "erf"] as const),
]);

/** Defines an operator computed by the primitive function of the same name. The result has the operand's dtype by default. */
export function elementFunction(
  name: UnaryName,
  doc: string,
  of: (x: number) => number,
  dtypes: readonly DType[] = floating,
  result?: DType,
) {
  return operator({
    name,
    doc,
    inputs: tensors("x"),
    attributes: {},
    examples: [{ code: `${name}(x)`, inputs: "x: [n, c]" }],
    type: (c) => {
      const dtype = dtypeOf(c, 0, dtypes);
      return { dtype: result ?? dtype, axes: c.input(0).axes };
    },
    trait: () => onElements({ is: "any", ...(rising.has(name) && { rising: true }) }),
    reference: (c) => elementwise(c, result ?? c.inputs[0]!.dtype, of),
    lower: (c) => lowerUnary(c, (p, x) => p.emit(unary, [x], { function: name })),
  });
}

/** Rounds ties to even, as in IEEE 754. */
function roundHalfEven(x: number): number {
  const floored = Math.floor(x);
  const rest = x - floored;
  return rest < 0.5 || (rest === 0.5 && floored % 2 === 0) ? floored : floored + 1;
}

export const exp = elementFunction("exp", "The exponential.", Math.exp);
export const expm1 = elementFunction("expm1", "The exponential minus 1, exact for small elements.", Math.expm1);
export const log = elementFunction("log", "The natural logarithm.", Math.log);
// On wasm, log1p is the logarithm of a rounded sum, so small results are off by 6e-8.
export const log1p = elementFunction("log1p", "The natural logarithm of 1 plus the element.", Math.log1p);
export const sqrt = elementFunction("sqrt", "The square root.", Math.sqrt);
export const rsqrt = elementFunction("rsqrt", "One over the square root.", (x) => 1 / Math.sqrt(x));
export const square = operator({
  ...elementFunction("square", "The square.", (x) => x * x, numeric),
  reference: (c) => {
    const { dtype } = c.inputs[0]!;
    return elementwise(c, dtype, dtype === "i32" ? (x) => Math.imul(x, x) : (x) => x * x);
  },
});
export const abs = elementFunction("abs", "The absolute value.", Math.abs, numeric);
export const sign = elementFunction("sign", "The sign: -1, 0 or 1.", Math.sign);
export const floor = elementFunction(
  "floor",
  "The largest whole number that is not larger than the element.",
  Math.floor,
);
export const ceil = elementFunction(
  "ceil",
  "The smallest whole number that is not smaller than the element.",
  Math.ceil,
);
export const round = elementFunction("round", "The nearest whole number; ties go to the even one.", roundHalfEven);
export const reciprocal = elementFunction("reciprocal", "One over the element.", (x) => 1 / x);
export const sin = elementFunction("sin", "The sine of an angle in radians.", Math.sin);
export const cos = elementFunction("cos", "The cosine of an angle in radians.", Math.cos);
export const tan = elementFunction("tan", "The tangent of an angle in radians.", Math.tan);
export const asin = elementFunction(
  "asin",
  "The angle in radians whose sine is the element, -pi/2 to pi/2.",
  Math.asin,
);
export const acos = elementFunction("acos", "The angle in radians whose cosine is the element, 0 to pi.", Math.acos);
export const atan = elementFunction("atan", "The angle in radians whose tangent is the element.", Math.atan);
export const sinh = elementFunction("sinh", "The hyperbolic sine.", Math.sinh);
export const cosh = elementFunction("cosh", "The hyperbolic cosine.", Math.cosh);
export const asinh = elementFunction("asinh", "The inverse of the hyperbolic sine.", Math.asinh);
export const acosh = elementFunction(
  "acosh",
  "The inverse of the hyperbolic cosine, for elements of at least 1.",
  Math.acosh,
);
export const atanh = elementFunction("atanh", "The inverse of the hyperbolic tangent.", Math.atanh);
export const erf = elementFunction("erf", "The error function.", erfOf);

export const isnan = elementFunction(
  "isnan",
  "Whether the element is not a number.",
  (x) => Number(Number.isNaN(x)),
  floating,
  "bool",
);
export const isinf = elementFunction(
  "isinf",
  "Whether the element is infinite, of either sign.",
  (x) => Number(Math.abs(x) === Infinity),
  floating,
  "bool",
);

export const clamp = operator({
  name: "clamp",
  doc: "Elements below `min` become `min`, then elements above `max` become `max`. One bound may be omitted.",
  inputs: tensors("x"),
  attributes: {
    min: attribute("number", "lower bound", { optional: true }),
    max: attribute("number", "upper bound", { optional: true }),
  },
  examples: [
    { code: "clamp(x, min: 0, max: 6)", inputs: "x: [n, c]" },
    { code: "clamp(x, min: 1e-6)", inputs: "x: [n, c]" },
  ],
  type: (c) => {
    const { min, max } = c.attributes;
    const dtype = dtypeOf(c, 0, numeric);
    if (min === undefined && max === undefined) c.complain("missing-attribute", { callee: c.callee, name: "min" }, {});
    for (const [name, bound] of Object.entries({ min, max }))
      if (dtype === "i32") requireNumber(c, name, bound, "a whole number that an i32 can hold", isI32);
    return { dtype, axes: c.input(0).axes };
  },
  trait: () => onElements({ is: "any", rising: true }),
  reference: (c) => {
    const { min = -Infinity, max = Infinity } = c.attributes;
    return elementwise(c, c.inputs[0]!.dtype, (x) => Math.min(Math.max(x, min), max));
  },
  lower: (c) => {
    const { min = -Infinity, max = Infinity } = c.attributes;
    return lowerUnary(c, (p, x) => p.emit(clampPrimitive, [x], { min, max }));
  },
});
