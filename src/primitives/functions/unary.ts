/** @file The functions of one number that `unary` applies to every element, one record each. */
import type { DType } from "../../contract/ndarray.ts";
import type { UnaryName } from "../../contract/prepare-functions.ts";
import { tidy } from "../esm/text.ts";
import type { OnnxEmitter, OnnxWire } from "../onnx/emitter.ts";
import { onnxScalar } from "../onnx/literals.ts";
import type { OnnxOperator } from "../onnx/operators.ts";
import type { TensorFlowEmitter, Wire } from "../tensorflow/emitter.ts";
import { apply, literal } from "../tensorflow/nodes.ts";
import type { TensorFlowOperation } from "../tensorflow/operations.ts";

interface UnaryFunction {
  /** Its name in tfjs, if different. */
  readonly esm?: string;
  /** Its name in TensorFlow if the dtype is the only attribute, or a function that adds the nodes. */
  readonly tensorflow: TensorFlowOperation | ((e: TensorFlowEmitter, x: Wire) => Wire);
  /** Its name in ONNX, or a function that adds the nodes. The dtype is that of the operand. */
  readonly onnx: OnnxOperator | ((e: OnnxEmitter, x: OnnxWire, dtype: DType) => OnnxWire);
  /** The expressions to use for i32 in tfjs and TensorFlow, if some backend would compute the function in float32. */
  readonly i32?: {
    readonly esm: (x: string) => string;
    readonly tensorflow: (e: TensorFlowEmitter, x: Wire) => Wire;
  };
  /** Dtypes of the operand; only f32 by default. */
  readonly dtypes?: readonly DType[];
  /** Dtype of the result; that of the operand by default. */
  readonly result?: DType;
  /** The interval from which tests draw elements; -3 to 3 by default. */
  readonly range?: readonly [number, number];
  /** The values that tests use instead of an interval. */
  readonly values?: readonly number[];
  /** The values that tests use for i32; large integers by default. */
  readonly integers?: readonly number[];
}

const numeric: readonly DType[] = ["f32", "i32"];
const halves = [-2.5, -1.5, -0.5, 0, 0.5, 1.5, 2.5, 2.4, -2.6, 1e9];

/** The functions that every target computes. */
export const unaryFunctions = {
  relu: { tensorflow: "Relu", onnx: "Relu", dtypes: numeric },
  relu6: {
    tensorflow: "Relu6",
    onnx: (e, x, dtype) => e.node("Clip", [x, onnxScalar(e, 0, dtype), onnxScalar(e, 6, dtype)]),
    dtypes: numeric,
    range: [-4, 12],
  },
  elu: { tensorflow: "Elu", onnx: "Elu" },
  selu: {
    tensorflow: "Selu",
    onnx: "Selu",
  },
  sigmoid: { tensorflow: "Sigmoid", onnx: "Sigmoid", range: [-30, 30] },
  tanh: { tensorflow: "Tanh", onnx: "Tanh" },
  exp: { tensorflow: "Exp", onnx: "Exp", range: [-20, 5] },
  log: { tensorflow: "Log", onnx: "Log", range: [1e-3, 20] },
  log1p: {
    tensorflow: "Log1p",
    // log(1 + x) = 2 artanh(x / (2 + x))
    onnx: (e, x) => {
      const half = e.node("Atanh", [e.node("Div", [x, e.node("Add", [x, onnxScalar(e, 2)])])]);
      const near = e.node("Mul", [half, onnxScalar(e, 2)]);
      return nearZero(e, x, near, e.node("Log", [e.node("Add", [x, onnxScalar(e, 1)])]));
    },
    range: [-0.9, 20],
  },
  expm1: {
    tensorflow: "Expm1",
    // exp(x) - 1 = 2 t / (1 - t) for t = tanh(x / 2)
    onnx: (e, x) => {
      const t = e.node("Tanh", [e.node("Mul", [x, onnxScalar(e, 0.5)])]);
      const near = e.node("Div", [e.node("Add", [t, t]), e.node("Sub", [onnxScalar(e, 1), t])]);
      return nearZero(e, x, near, e.node("Sub", [e.node("Exp", [x]), onnxScalar(e, 1)]));
    },
  },
  sqrt: { tensorflow: "Sqrt", onnx: "Sqrt", range: [0, 20] },
  rsqrt: {
    tensorflow: "Rsqrt",
    onnx: (e, x) => e.node("Reciprocal", [e.node("Sqrt", [x])]),
    range: [1e-2, 20],
  },
  square: {
    tensorflow: "Square",
    onnx: (e, x) => e.node("Mul", [x, x]),
    i32: { esm: (x) => `tf.mul(${x}, ${x})`, tensorflow: (e, x) => apply(e, "Mul", [x, x], "i32") },
    dtypes: numeric,
    integers: [-300, 0, 46340],
  },
  abs: {
    tensorflow: "Abs",
    onnx: "Abs",
    i32: {
      esm: (x) => tidy(`tf.maximum(${x}, ${negated(x)})`),
      tensorflow: (e, x) => apply(e, "Maximum", [x, negatedNode(e, x)], "i32"),
    },
    dtypes: numeric,
  },
  neg: {
    tensorflow: "Neg",
    onnx: "Neg",
    i32: { esm: (x) => tidy(negated(x)), tensorflow: negatedNode },
    dtypes: numeric,
  },
  sign: { tensorflow: "Sign", onnx: "Sign", dtypes: numeric },
  floor: { tensorflow: "Floor", onnx: "Floor", values: halves },
  ceil: { tensorflow: "Ceil", onnx: "Ceil", values: halves },
  round: { tensorflow: "Round", onnx: "Round", values: halves },
  reciprocal: {
    tensorflow: "Reciprocal",
    onnx: "Reciprocal",
    values: [-2, -0.5, 0.3, 1, 7, Infinity],
  },
  sin: { tensorflow: "Sin", onnx: "Sin", range: [-10, 10] },
  cos: { tensorflow: "Cos", onnx: "Cos", range: [-10, 10] },
  tan: { tensorflow: "Tan", onnx: "Tan", range: [-1.5, 1.5] },
  asin: { tensorflow: "Asin", onnx: "Asin", range: [-1, 1] },
  acos: { tensorflow: "Acos", onnx: "Acos", range: [-1, 1] },
  atan: { tensorflow: "Atan", onnx: "Atan", range: [-50, 50] },
  sinh: { tensorflow: "Sinh", onnx: "Sinh" },
  cosh: { tensorflow: "Cosh", onnx: "Cosh" },
  asinh: { tensorflow: "Asinh", onnx: "Asinh", range: [-50, 50] },
  acosh: { tensorflow: "Acosh", onnx: "Acosh", range: [1, 50] },
  atanh: { tensorflow: "Atanh", onnx: "Atanh", range: [-0.99, 0.99] },
  erf: { tensorflow: "Erf", onnx: "Erf" },
  softplus: {
    tensorflow: "Softplus",
    onnx: "Softplus",
    range: [-40, 40],
  },
  logical_not: {
    esm: "logicalNot",
    tensorflow: (e, x) => e.node("LogicalNot", [x]),
    onnx: "Not",
    dtypes: ["bool"],
  },
  isnan: {
    esm: "isNaN",
    tensorflow: "IsNan",
    onnx: "IsNaN",
    result: "bool",
    values: [NaN, 0, 1, -Infinity],
  },
  isinf: {
    esm: "isInf",
    tensorflow: "IsInf",
    onnx: "IsInf",
    result: "bool",
    values: [NaN, 0, 3e38, Infinity, -Infinity],
  },
} as const satisfies Record<UnaryName, UnaryFunction>;

/** Returns the record of a function with all optional fields. */
export const unaryFunction = (name: UnaryName): UnaryFunction => unaryFunctions[name];

/** Adds the ONNX nodes of a function. */
export function onnxUnary(e: OnnxEmitter, name: UnaryName, x: OnnxWire, dtype: DType): OnnxWire {
  const { onnx } = unaryFunction(name);
  return typeof onnx === "string" ? e.node(onnx, [x]) : onnx(e, x, dtype);
}

function negated(x: string): string {
  return `tf.mul(${x}, tf.scalar(-1, "int32"))`;
}

function negatedNode(e: TensorFlowEmitter, x: Wire): Wire {
  return apply(e, "Mul", [x, literal(e, -1, "i32")], "i32");
}

/** Selects `near` close to 0, where subtracting from 1 would lose digits, and `far` elsewhere. */
function nearZero(e: OnnxEmitter, x: OnnxWire, near: OnnxWire, far: OnnxWire): OnnxWire {
  return e.node("Where", [e.node("Less", [e.node("Abs", [x]), onnxScalar(e, 0.5)]), near, far]);
}
