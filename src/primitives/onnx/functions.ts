/** @file The elementwise functions and reductions as ONNX's nodes. */
import type { DType } from "../../contract/ndarray.ts";
import type { BinaryName } from "../binary.ts";
import type { ReduceName } from "../reduce.ts";
import type { UnaryName } from "../unary.ts";
import { onnxScalar, type OnnxEmitter, type OnnxOperator, type OnnxWire } from "./onnx.ts";

/** The operator's name, or what it is composed of. The dtype is the operands'. */
type Unary = OnnxOperator | ((e: OnnxEmitter, x: OnnxWire, dtype: DType) => OnnxWire);
type Binary = OnnxOperator | ((e: OnnxEmitter, a: OnnxWire, b: OnnxWire, dtype: DType) => OnnxWire);

/** Near 0, where a difference from 1 would lose digits, the first is taken, else the second. */
function nearZero(e: OnnxEmitter, x: OnnxWire, near: OnnxWire, far: OnnxWire): OnnxWire {
  return e.node("Where", [e.node("Less", [e.node("Abs", [x]), onnxScalar(e, 0.5)]), near, far]);
}

const unary: Readonly<Record<UnaryName, Unary>> = {
  relu: "Relu",
  relu6: (e, x, dtype) => e.node("Clip", [x, onnxScalar(e, 0, dtype), onnxScalar(e, 6, dtype)]),
  elu: "Elu",
  selu: "Selu",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  exp: "Exp",
  log: "Log",
  // log(1 + x) = 2 artanh(x / (2 + x))
  log1p: (e, x) => {
    const half = e.node("Atanh", [e.node("Div", [x, e.node("Add", [x, onnxScalar(e, 2)])])]);
    return nearZero(
      e,
      x,
      e.node("Mul", [half, onnxScalar(e, 2)]),
      e.node("Log", [e.node("Add", [x, onnxScalar(e, 1)])]),
    );
  },
  // exp(x) - 1 = 2 t / (1 - t) for t = tanh(x / 2)
  expm1: (e, x) => {
    const t = e.node("Tanh", [e.node("Mul", [x, onnxScalar(e, 0.5)])]);
    const near = e.node("Div", [e.node("Add", [t, t]), e.node("Sub", [onnxScalar(e, 1), t])]);
    return nearZero(e, x, near, e.node("Sub", [e.node("Exp", [x]), onnxScalar(e, 1)]));
  },
  sqrt: "Sqrt",
  rsqrt: (e, x) => e.node("Reciprocal", [e.node("Sqrt", [x])]),
  square: (e, x) => e.node("Mul", [x, x]),
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
  logical_not: "Not",
  isnan: "IsNaN",
  isinf: "IsInf",
};

const binary: Readonly<Record<BinaryName, Binary>> = {
  add: "Add",
  sub: "Sub",
  mul: "Mul",
  div: "Div",
  maximum: "Max",
  minimum: "Min",
  pow: "Pow",
  // Of f32 there is the remainder with the dividend's sign only: the divisor, once added, brings its own.
  mod: (e, a, b, dtype) => {
    if (dtype !== "f32") return e.node("Mod", [a, b]);
    const remainder = (of: OnnxWire) => e.node("Mod", [of, b], { fmod: { int: 1 } });
    return remainder(e.node("Add", [remainder(a), b]));
  },
  equal: "Equal",
  not_equal: (e, a, b) => e.node("Not", [e.node("Equal", [a, b])]),
  less: "Less",
  less_equal: "LessOrEqual",
  greater: "Greater",
  greater_equal: "GreaterOrEqual",
  logical_and: "And",
  logical_or: "Or",
};

/** Of bools a maximum is `any` and a minimum `all`, from operator set 20 on. */
const reduce: Readonly<Record<ReduceName, OnnxOperator>> = {
  mean: "ReduceMean",
  sum: "ReduceSum",
  max: "ReduceMax",
  min: "ReduceMin",
  prod: "ReduceProd",
  any: "ReduceMax",
  all: "ReduceMin",
};

export function onnxUnary(e: OnnxEmitter, name: UnaryName, x: OnnxWire, dtype: DType): OnnxWire {
  const of = unary[name];
  return typeof of === "string" ? e.node(of, [x]) : of(e, x, dtype);
}

export function onnxBinary(e: OnnxEmitter, name: BinaryName, a: OnnxWire, b: OnnxWire, dtype: DType): OnnxWire {
  const of = binary[name];
  return typeof of === "string" ? e.node(of, [a, b]) : of(e, a, b, dtype);
}

/** `axes` is an int64 tensor. */
export function onnxReduce(e: OnnxEmitter, name: ReduceName, x: OnnxWire, axes: OnnxWire, keepdims: boolean): OnnxWire {
  return e.node(reduce[name], [x, axes], { keepdims: { int: Number(keepdims) } });
}
