/** @file The names of the outputs of TensorFlow's operations: inside a function, an input is spelt `node:output:0`. */
import type { TensorFlowOperation } from "./operations.ts";

/** The operations by the name of their only output; all others call it `output`. */
const byName: Readonly<Record<string, readonly TensorFlowOperation[]>> = {
  y: [
    ...(["Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Ceil", "Cos", "Cosh", "Erf"] as const),
    ...(["Exp", "Expm1", "Floor", "IsInf", "IsNan", "Log", "Log1p", "LogicalNot", "Neg", "Reciprocal"] as const),
    ...(["Round", "Rsqrt", "Sigmoid", "Sign", "Sin", "Sinh", "Sqrt", "Square", "Tan", "Tanh"] as const),
    ...(["Cast", "Transpose"] as const),
  ],
  z: [
    ...(["AddV2", "Equal", "FloorDiv", "FloorMod", "Greater", "GreaterEqual", "Less", "LessEqual"] as const),
    ...(["LogicalAnd", "LogicalOr", "Maximum", "Minimum", "Mul", "NotEqual", "Pow", "RealDiv", "Sub"] as const),
  ],
  activations: ["Elu", "LeakyRelu", "Relu", "Relu6", "Selu", "Softplus"],
  out: ["Cumprod", "Cumsum"],
  product: ["MatMul"],
  resized_images: ["ResizeBilinear", "ResizeNearestNeighbor"],
  softmax: ["Softmax"],
  sum: ["AddN"],
};

const names = new Map<string, readonly string[]>([
  ...Object.entries(byName).flatMap(([name, operations]) => operations.map((op) => [op, [name]] as const)),
  ["TopKV2", ["values", "indices"]],
]);

export const outputsOf = (operation: TensorFlowOperation): readonly string[] => names.get(operation) ?? ["output"];
