/** @file The mathematics of elementwise functions, in float64 and i32: for the references of primitives, and for weights when they are loaded. */
import type { DType } from "./ndarray.ts";

/** Functions of one number that are true or false. */
const conditionsOfOne = {
  logical_not: (x: number) => Number(x === 0),
  isnan: (x: number) => Number(Number.isNaN(x)),
  isinf: (x: number) => Number(Math.abs(x) === Infinity),
} as const satisfies Record<string, (x: number) => number>;

/** Functions of one number. `tsc` asks for the record of each in `primitives/functions/unary.ts`. */
export const unaryFormulas = {
  relu: (x: number) => Math.max(x, 0),
  relu6: (x: number) => Math.min(Math.max(x, 0), 6),
  elu: (x: number) => (x > 0 ? x : Math.expm1(x)),
  selu: (x: number) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)),
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  exp: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
  sqrt: Math.sqrt,
  rsqrt: (x: number) => 1 / Math.sqrt(x),
  square: (x: number) => x * x,
  abs: Math.abs,
  neg: (x: number) => -x,
  sign: Math.sign,
  round: roundHalfToEven,
  floor: Math.floor,
  ceil: Math.ceil,
  reciprocal: (x: number) => 1 / x,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf,
  softplus: (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  ...conditionsOfOne,
} as const satisfies Record<string, (x: number) => number>;

/** Functions of two numbers that are true or false. */
const conditionsOfTwo = {
  equal: (a: number, b: number) => Number(a === b),
  not_equal: (a: number, b: number) => Number(a !== b),
  less: (a: number, b: number) => Number(a < b),
  less_equal: (a: number, b: number) => Number(a <= b),
  greater: (a: number, b: number) => Number(a > b),
  greater_equal: (a: number, b: number) => Number(a >= b),
  logical_and: Math.min,
  logical_or: Math.max,
} as const satisfies Record<string, (a: number, b: number) => number>;

/** Functions of two numbers. `tsc` asks for the record of each in `primitives/functions/binary.ts`. */
export const binaryFormulas = {
  add: (a: number, b: number) => a + b,
  sub: (a: number, b: number) => a - b,
  mul: (a: number, b: number) => a * b,
  div: (a: number, b: number) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  pow: Math.pow,
  mod: (a: number, b: number) => {
    const rest = a % b; // with the sign of the dividend
    return rest * b < 0 ? rest + b : rest;
  },
  ...conditionsOfTwo,
} as const satisfies Record<string, (a: number, b: number) => number>;

/** To the nearest integer, halves to the even one. */
export function roundHalfToEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/** The error function by the series 7.1.6 of Abramowitz and Stegun, all of whose terms have the sign of x. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [term, sum] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

export type UnaryName = keyof typeof unaryFormulas;
export type BinaryName = keyof typeof binaryFormulas;

/** What a function makes of elements of one dtype. */
export interface Typed<F> {
  readonly dtype: DType;
  readonly of: F;
}

/** The function for elements of a dtype: i32 wraps around. */
export function unaryOf(name: UnaryName, dtype: DType): Typed<(x: number) => number> {
  const of = unaryFormulas[name];
  if (Object.hasOwn(conditionsOfOne, name)) return { dtype: "bool", of };
  if (dtype !== "i32") return { dtype, of };
  return { dtype, of: name === "square" ? (x) => Math.imul(x, x) : (x) => of(x) | 0 };
}

/** The function for operands of a dtype: i32 wraps around, and a remainder by 0 is 0. */
export function binaryOf(name: BinaryName, dtype: DType): Typed<(a: number, b: number) => number> {
  const of = binaryFormulas[name];
  if (Object.hasOwn(conditionsOfTwo, name)) return { dtype: "bool", of };
  if (dtype !== "i32") return { dtype, of };
  return { dtype, of: name === "mul" ? Math.imul : (a, b) => of(a, b) | 0 };
}

/** The sum of two numbers of a dtype. */
export const sumOf = (dtype: DType): ((a: number, b: number) => number) => binaryOf("add", dtype).of;

/** The product of two numbers of a dtype. */
export const productOf = (dtype: DType): ((a: number, b: number) => number) => binaryOf("mul", dtype).of;

/** Converts numbers to a dtype. What an i32 cannot hold, and NaN, becomes -2147483648, as on x86 processors. */
export const castTo = {
  f32: (x: number) => x,
  i32: (x: number) => (Math.abs(x) < 2 ** 31 ? x | 0 : -(2 ** 31)),
  bool: (x: number) => Number(x !== 0),
} as const satisfies Record<DType, (x: number) => number>;
