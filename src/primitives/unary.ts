/** @file Elementwise primitives of one tensor. */
import { generate, type DType } from "../contract/ndarray.ts";
import { dtypeText, numberText, tidy } from "./javascript.ts";
import { onnxUnary } from "./onnx/functions.ts";
import { onnxScalar } from "./onnx/onnx.ts";
import { dims, largeIntegers, primitive, type Activation } from "./primitive.ts";
import { apply, converted, literal, type TensorFlowEmitter, type Wire } from "./tensorflow/tensorflow.ts";

interface UnaryFunction {
  readonly of: (x: number) => number;
  /** What tfjs calls it, if that is something else. */
  readonly tf?: string;
  /** Of the operand; f32 alone unless told. */
  readonly dtypes?: readonly DType[];
  /** Of the result, unless it is the operand's. */
  readonly result?: DType;
  /** Where the tests look; -3 to 3 unless told. */
  readonly range?: readonly [number, number];
  readonly values?: readonly number[];
  /** The values for i32, if not large ones. */
  readonly integers?: readonly number[];
  /** The expression for i32, where some backend computes the function in float32. */
  readonly i32?: (x: string) => string;
  /** The same as nodes. */
  readonly i32Nodes?: (e: TensorFlowEmitter, x: Wire) => Wire;
}

const negatedNode = (e: TensorFlowEmitter, x: Wire): Wire => apply(e, "Mul", [x, literal(e, -1, "i32")], "i32");
const negated = (x: string): string => `tf.mul(${x}, tf.scalar(-1, "int32"))`;
const numeric: readonly DType[] = ["f32", "i32"];
const halves = [-2.5, -1.5, -0.5, 0, 0.5, 1.5, 2.5, 2.4, -2.6, 1e9];

/** The functions that every backend computes. */
export const unaryFunctions = {
  relu: { of: (x) => Math.max(x, 0), dtypes: numeric },
  relu6: { of: (x) => Math.min(Math.max(x, 0), 6), dtypes: numeric, range: [-4, 12] },
  elu: { of: (x) => (x > 0 ? x : Math.expm1(x)) },
  selu: { of: (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x)) },
  sigmoid: { of: (x) => 1 / (1 + Math.exp(-x)), range: [-30, 30] },
  tanh: { of: Math.tanh },
  exp: { of: Math.exp, range: [-20, 5] },
  log: { of: Math.log, range: [1e-3, 20] },
  log1p: { of: Math.log1p, range: [-0.9, 20] },
  expm1: { of: Math.expm1 },
  sqrt: { of: Math.sqrt, range: [0, 20] },
  rsqrt: { of: (x) => 1 / Math.sqrt(x), range: [1e-2, 20] },
  square: {
    of: (x) => x * x,
    dtypes: numeric,
    integers: [-300, 0, 46340],
    i32: (x) => `tf.mul(${x}, ${x})`,
    i32Nodes: (e, x) => apply(e, "Mul", [x, x], "i32"),
  },
  abs: {
    of: Math.abs,
    dtypes: numeric,
    i32: (x) => tidy(`tf.maximum(${x}, ${negated(x)})`),
    i32Nodes: (e, x) => apply(e, "Maximum", [x, negatedNode(e, x)], "i32"),
  },
  neg: { of: (x) => -x, dtypes: numeric, i32: (x) => tidy(negated(x)), i32Nodes: negatedNode },
  sign: { of: Math.sign, dtypes: numeric },
  floor: { of: Math.floor, values: halves },
  ceil: { of: Math.ceil, values: halves },
  round: { of: roundHalfToEven, values: halves },
  reciprocal: { of: (x) => 1 / x, values: [-2, -0.5, 0.3, 1, 7, Infinity] },
  sin: { of: Math.sin, range: [-10, 10] },
  cos: { of: Math.cos, range: [-10, 10] },
  tan: { of: Math.tan, range: [-1.5, 1.5] },
  asin: { of: Math.asin, range: [-1, 1] },
  acos: { of: Math.acos, range: [-1, 1] },
  atan: { of: Math.atan, range: [-50, 50] },
  sinh: { of: Math.sinh },
  cosh: { of: Math.cosh },
  asinh: { of: Math.asinh, range: [-50, 50] },
  acosh: { of: Math.acosh, range: [1, 50] },
  atanh: { of: Math.atanh, range: [-0.99, 0.99] },
  erf: { of: erf },
  softplus: { of: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), range: [-40, 40] },
  logical_not: { of: (x) => (x === 0 ? 1 : 0), tf: "logicalNot", dtypes: ["bool"] },
  isnan: { of: (x) => (Number.isNaN(x) ? 1 : 0), tf: "isNaN", result: "bool", values: [NaN, 0, 1, -Infinity] },
  isinf: {
    of: (x) => (Math.abs(x) === Infinity ? 1 : 0),
    tf: "isInf",
    result: "bool",
    values: [NaN, 0, 3e38, Infinity, -Infinity],
  },
} as const satisfies Record<string, UnaryFunction>;

export type UnaryName = keyof typeof unaryFunctions;

const table: Readonly<Record<UnaryName, UnaryFunction>> = unaryFunctions;
const names = Object.keys(unaryFunctions) as UnaryName[];

/** What TensorFlow calls them. */
/** What TensorFlow calls them; every activation is one of them. */
export const unaryNodes: Readonly<Record<UnaryName, string>> = {
  relu: "Relu",
  relu6: "Relu6",
  elu: "Elu",
  selu: "Selu",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  exp: "Exp",
  log: "Log",
  log1p: "Log1p",
  expm1: "Expm1",
  sqrt: "Sqrt",
  rsqrt: "Rsqrt",
  square: "Square",
  abs: "Abs",
  neg: "Neg",
  sign: "Sign",
  floor: "Floor",
  ceil: "Ceil",
  round: "Round",
  reciprocal: "Reciprocal",
  sin: "Sin",
  cos: "Cos",
  tan: "Tan",
  asin: "Asin",
  acos: "Acos",
  atan: "Atan",
  sinh: "Sinh",
  cosh: "Cosh",
  asinh: "Asinh",
  acosh: "Acosh",
  atanh: "Atanh",
  erf: "Erf",
  softplus: "Softplus",
  logical_not: "LogicalNot",
  isnan: "IsNan",
  isinf: "IsInf",
};

export const unary = primitive<{ readonly function: UnaryName }>({
  name: "unary",
  doc: "A function applied to every element.",
  shape: ([x], { function: name }) => ({ shape: x!.shape, dtype: table[name].result ?? x!.dtype }),
  reference: ([x], { function: name }) =>
    generate(table[name].result ?? x!.dtype, x!.shape, (_, flat) => table[name].of(x!.data[flat]!)),
  esm: (_, [x], { function: name }, { dtype }) => {
    const { i32, tf = name } = table[name];
    return dtype === "i32" && i32 !== undefined ? i32(x!) : `tf.${tf}(${x})`;
  },
  tensorflow: (e, [x], { function: name }, _, [operand]) => {
    const { dtype } = operand!;
    const { i32Nodes } = table[name];
    if (dtype === "i32" && i32Nodes !== undefined) return i32Nodes(e, x!);
    return dtype === "bool" ? e.node("LogicalNot", [x!]) : apply(e, unaryNodes[name], [x!], dtype);
  },
  onnx: (e, [x], { function: name }, _, [operand]) => onnxUnary(e, name, x!, operand!.dtype),
  cases: () =>
    names.flatMap((name) =>
      (table[name].dtypes ?? ["f32"]).flatMap((dtype) =>
        ["2x3x5", "", "1x2x1x3x2x2"].map((shape) => {
          const { range, values, integers = largeIntegers } = table[name];
          const drawn = dtype === "i32" ? integers : values;
          return {
            shapes: [dims(shape)],
            dtypes: [dtype],
            attributes: { function: name },
            ...(range && { range }),
            ...(drawn && { values: drawn }),
          };
        }),
      ),
    ),
});

/** tfjs's call of an activation. */
export function activationText(activation: Activation | undefined, x: string): string {
  return activation === undefined ? x : `tf.${activation}(${x})`;
}

/** TensorFlow's node of an activation. */
export function activated(e: TensorFlowEmitter, activation: Activation | undefined, x: Wire): Wire {
  return activation === undefined ? x : apply(e, unaryNodes[activation], [x]);
}

/** The activation as a function; none is the identity. */
export function activate(activation: Activation | undefined): (x: number) => number {
  return activation === undefined ? (x) => x : table[activation].of;
}

/** The activations that conv2d, depthwiseConv2d and matmul can absorb; every one is a name of `unary`. */
export const activations: readonly Activation[] = ["relu", "relu6", "elu", "sigmoid"];

export const leaky_relu = primitive<{ readonly slope: number }>({
  name: "leaky_relu",
  doc: "Multiplies negative elements by a slope.",
  shape: ([x]) => x!,
  reference: ([x], { slope }) => generate(x!.dtype, x!.shape, (_, flat) => leaky(x!.data[flat]!, slope)),
  // Not tf.prelu, which is faster on wasm: on the native backend it gives NaN for infinity.
  esm: (_, [x], { slope }) => `tf.leakyRelu(${x}, ${numberText(slope)})`,
  tensorflow: (e, [x], { slope }) => {
    if (Number.isFinite(slope)) return e.node("LeakyRelu", [x!], { T: { type: "f32" }, alpha: { float: slope } });
    // No attribute in JSON holds such a number.
    const isNegative = apply(e, "Less", [x!, literal(e, 0)]);
    return apply(e, "SelectV2", [isNegative, apply(e, "Mul", [x!, literal(e, slope)]), x!]);
  },
  onnx: (e, [x], { slope }) => e.node("LeakyRelu", [x!], { alpha: { float: slope } }),
  cases: () => [
    ...[0.01, 0, 1, 2, -0.5].map((slope) => ({ shapes: [[2, 3, 5]], attributes: { slope } })),
    { shapes: [[7]], values: [Infinity, -Infinity, 0, -1], attributes: { slope: 0.3 } },
  ],
});

const leaky = (x: number, slope: number): number => (x < 0 ? slope * x : x);

export const clamp = primitive<{ readonly min: number; readonly max: number }>({
  name: "clamp",
  doc: "Limits every element to the interval from `min` to `max`, either of which may be infinite. The upper bound wins.",
  shape: ([x]) => x!,
  reference: ([x], { min, max }) =>
    generate(x!.dtype, x!.shape, (_, flat) => Math.min(Math.max(x!.data[flat]!, min), max)),
  esm: (_, [x], { min, max }, { dtype }) => {
    // Kernel and op refuse min > max, where every element becomes max.
    if (dtype === "f32") return `tf.clipByValue(${x}, ${numberText(Math.min(min, max))}, ${numberText(max)})`;
    // On wasm clipByValue takes integers for the bits of floats; infinite bounds are no integers anywhere.
    const bound = (operation: string, y: string, value: number): string =>
      Number.isFinite(value) ? `tf.${operation}(${y}, tf.scalar(${numberText(value)}, ${dtypeText(dtype)}))` : y;
    const clamped = bound("minimum", bound("maximum", x!, min), max);
    return clamped === x ? `tf.clone(${x})` : tidy(clamped);
  },
  tensorflow: (e, [x], { min, max }, { dtype }) => {
    if (dtype === "f32") return apply(e, "ClipByValue", [x!, literal(e, Math.min(min, max)), literal(e, max)]);
    const bound = (op: string, y: Wire, value: number): Wire =>
      Number.isFinite(value) ? apply(e, op, [y, literal(e, value, dtype)], dtype) : y;
    const clamped = bound("Minimum", bound("Maximum", x!, min), max);
    return clamped === x ? apply(e, "Identity", [x], dtype) : clamped;
  },
  onnx: (e, [x], { min, max }, { dtype }) => {
    const [low, high] = [min, max].map((bound) => (Number.isFinite(bound) ? onnxScalar(e, bound, dtype) : undefined));
    return low === undefined && high === undefined ? x! : e.node("Clip", [x!, low, high]);
  },
  cases: () => {
    const bounds = [
      { min: -1, max: 2 },
      { min: -Infinity, max: 1 },
      { min: 0, max: Infinity },
      { min: -Infinity, max: Infinity },
      { min: 1, max: 1 },
      { min: 2, max: -1 },
    ];
    return [
      ...bounds.map((attributes) => ({ shapes: [[2, 3, 5]], attributes })),
      ...bounds.map((attributes) => ({ shapes: [[2, 3, 5]], dtypes: ["i32" as const], attributes })),
      { shapes: [[5]], values: [Infinity, -Infinity, 0, 7], attributes: { min: -2, max: 3 } },
    ];
  },
});

export const cast = primitive<{ readonly dtype: DType }>({
  name: "cast",
  doc: "Converts the elements: to i32 by dropping the fraction, to bool by comparing with zero.",
  shape: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  reference: ([x], { dtype }) =>
    generate(dtype, x!.shape, (_, flat) => {
      const value = x!.data[flat]!;
      if (dtype === "bool") return value === 0 ? 0 : 1;
      return dtype === "i32" ? Math.trunc(value) : value;
    }),
  // On wasm tf.cast to bool keeps the low byte of the integer part: 0.5 becomes false and 2 becomes 2.
  esm: (_, [x], { dtype }, __, [operand]) =>
    dtype === "bool" && operand!.dtype !== "bool" ? `tf.notEqual(${x}, 0)` : `tf.cast(${x}, ${dtypeText(dtype)})`,
  tensorflow: (e, [x], { dtype }, _, [operand]) =>
    dtype === "bool" && operand!.dtype !== "bool"
      ? apply(e, "NotEqual", [x!, literal(e, 0, operand!.dtype)], operand!.dtype)
      : converted(e, x!, operand!.dtype, dtype),
  onnx: (e, [x], { dtype }, _, [operand]) => (operand!.dtype === dtype ? x! : e.cast(x!, dtype)),
  cases: () => {
    const dtypes: readonly DType[] = ["f32", "i32", "bool"];
    return dtypes.flatMap((from) =>
      dtypes.flatMap((dtype) => [
        { shapes: [[2, 3, 5]], dtypes: [from], attributes: { dtype } },
        {
          shapes: [[9]],
          dtypes: [from],
          values: from === "f32" ? [0.5, -0.5, 0, 2, -2.7] : [0, 1],
          attributes: { dtype },
        },
      ]),
    );
  },
});

/** To the nearest integer, halves to the even one, as every backend does. */
function roundHalfToEven(x: number): number {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

/** The error function by the series 7.1.6 of Abramowitz and Stegun, all of whose terms have the sign of x. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
