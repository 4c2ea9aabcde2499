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
import type { V128 } from "../../wasm/code.ts";
import { bits, f32x4, i32x4 } from "../../wasm/f32x4.ts";
import * as lanes from "../../wasm/functions.ts";
import type { ElementsEmitter } from "../wasm/emitter.ts";
import type { HostName } from "../wasm/host.ts";

interface UnaryFunction {
  /** Its name in tfjs, if different. */
  readonly esm?: string;
  /** Its name in TensorFlow if the dtype is the only attribute, or a function that adds the nodes. */
  readonly tensorflow: TensorFlowOperation | ((e: TensorFlowEmitter, x: Wire) => Wire);
  /** Its name in ONNX, or a function that adds the nodes. The dtype is that of the operand. */
  readonly onnx: OnnxOperator | ((e: OnnxEmitter, x: OnnxWire, dtype: DType) => OnnxWire);
  /** Four elements in WebAssembly, or the name of the host's function. `x` may be used more than once. */
  readonly wasm: HostName | ((e: Pick<ElementsEmitter, "f">, x: V128, dtype: DType) => V128);
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
  relu: {
    wasm: (_, x, dtype) => (dtype === "i32" ? i32x4.max(x, i32x4.of(0)) : f32x4.pmax(x, f32x4.of(0))),
    tensorflow: "Relu",
    onnx: "Relu",
    dtypes: numeric,
  },
  relu6: {
    wasm: (_, x, dtype) =>
      dtype === "i32" ? i32x4.min(i32x4.max(x, i32x4.of(0)), i32x4.of(6)) : lanes.clamped(x, 0, 6),
    tensorflow: "Relu6",
    onnx: (e, x, dtype) => e.node("Clip", [x, onnxScalar(e, 0, dtype), onnxScalar(e, 6, dtype)]),
    dtypes: numeric,
    range: [-4, 12],
  },
  elu: {
    wasm: ({ f }, x) => lanes.choose(f32x4.gt(x, f32x4.of(0)), x, lanes.expm1(f, x)),
    tensorflow: "Elu",
    onnx: "Elu",
  },
  selu: {
    wasm: ({ f }, x) =>
      f32x4.mul(
        f32x4.of(1.0507009873554805),
        lanes.choose(f32x4.gt(x, f32x4.of(0)), x, f32x4.mul(f32x4.of(1.6732632423543772), lanes.expm1(f, x))),
      ),
    tensorflow: "Selu",
    onnx: "Selu",
  },
  sigmoid: { wasm: ({ f }, x) => lanes.sigmoid(f, x), tensorflow: "Sigmoid", onnx: "Sigmoid", range: [-30, 30] },
  tanh: { wasm: ({ f }, x) => lanes.tanh(f, x), tensorflow: "Tanh", onnx: "Tanh" },
  exp: { wasm: ({ f }, x) => lanes.exp(f, x), tensorflow: "Exp", onnx: "Exp", range: [-20, 5] },
  log: { wasm: ({ f }, x) => lanes.log(f, x), tensorflow: "Log", onnx: "Log", range: [1e-3, 20] },
  log1p: {
    wasm: ({ f }, x) => lanes.log1p(f, x),
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
    wasm: ({ f }, x) => lanes.expm1(f, x),
    tensorflow: "Expm1",
    // exp(x) - 1 = 2 t / (1 - t) for t = tanh(x / 2)
    onnx: (e, x) => {
      const t = e.node("Tanh", [e.node("Mul", [x, onnxScalar(e, 0.5)])]);
      const near = e.node("Div", [e.node("Add", [t, t]), e.node("Sub", [onnxScalar(e, 1), t])]);
      return nearZero(e, x, near, e.node("Sub", [e.node("Exp", [x]), onnxScalar(e, 1)]));
    },
  },
  sqrt: { wasm: (_, x) => f32x4.sqrt(x), tensorflow: "Sqrt", onnx: "Sqrt", range: [0, 20] },
  rsqrt: {
    wasm: (_, x) => f32x4.div(f32x4.of(1), f32x4.sqrt(x)),
    tensorflow: "Rsqrt",
    onnx: (e, x) => e.node("Reciprocal", [e.node("Sqrt", [x])]),
    range: [1e-2, 20],
  },
  square: {
    wasm: (_, x, dtype) => (dtype === "i32" ? i32x4.mul(x, x) : f32x4.mul(x, x)),
    tensorflow: "Square",
    onnx: (e, x) => e.node("Mul", [x, x]),
    i32: { esm: (x) => `tf.mul(${x}, ${x})`, tensorflow: (e, x) => apply(e, "Mul", [x, x], "i32") },
    dtypes: numeric,
    integers: [-300, 0, 46340],
  },
  abs: {
    wasm: (_, x, dtype) => (dtype === "i32" ? i32x4.abs(x) : f32x4.abs(x)),
    tensorflow: "Abs",
    onnx: "Abs",
    i32: {
      esm: (x) => tidy(`tf.maximum(${x}, ${negated(x)})`),
      tensorflow: (e, x) => apply(e, "Maximum", [x, negatedNode(e, x)], "i32"),
    },
    dtypes: numeric,
  },
  neg: {
    wasm: (_, x, dtype) => (dtype === "i32" ? i32x4.neg(x) : f32x4.neg(x)),
    tensorflow: "Neg",
    onnx: "Neg",
    i32: { esm: (x) => tidy(negated(x)), tensorflow: negatedNode },
    dtypes: numeric,
  },
  sign: {
    wasm: (_, x, dtype) =>
      dtype === "i32"
        ? i32x4.max(i32x4.min(x, i32x4.of(1)), i32x4.of(-1))
        : lanes.choose(
            f32x4.gt(f32x4.abs(x), f32x4.of(0)),
            bits.or(bits.and(x, i32x4.of(-2147483648)), f32x4.of(1)),
            x,
          ),
    tensorflow: "Sign",
    onnx: "Sign",
    dtypes: numeric,
  },
  floor: { wasm: (_, x) => f32x4.floor(x), tensorflow: "Floor", onnx: "Floor", values: halves },
  ceil: { wasm: (_, x) => f32x4.ceil(x), tensorflow: "Ceil", onnx: "Ceil", values: halves },
  round: { wasm: (_, x) => f32x4.nearest(x), tensorflow: "Round", onnx: "Round", values: halves },
  reciprocal: {
    wasm: (_, x) => f32x4.div(f32x4.of(1), x),
    tensorflow: "Reciprocal",
    onnx: "Reciprocal",
    values: [-2, -0.5, 0.3, 1, 7, Infinity],
  },
  sin: { wasm: "sin", tensorflow: "Sin", onnx: "Sin", range: [-10, 10] },
  cos: { wasm: "cos", tensorflow: "Cos", onnx: "Cos", range: [-10, 10] },
  tan: { wasm: "tan", tensorflow: "Tan", onnx: "Tan", range: [-1.5, 1.5] },
  asin: { wasm: "asin", tensorflow: "Asin", onnx: "Asin", range: [-1, 1] },
  acos: { wasm: "acos", tensorflow: "Acos", onnx: "Acos", range: [-1, 1] },
  atan: { wasm: "atan", tensorflow: "Atan", onnx: "Atan", range: [-50, 50] },
  sinh: { wasm: "sinh", tensorflow: "Sinh", onnx: "Sinh" },
  cosh: { wasm: "cosh", tensorflow: "Cosh", onnx: "Cosh" },
  asinh: { wasm: "asinh", tensorflow: "Asinh", onnx: "Asinh", range: [-50, 50] },
  acosh: { wasm: "acosh", tensorflow: "Acosh", onnx: "Acosh", range: [1, 50] },
  atanh: { wasm: "atanh", tensorflow: "Atanh", onnx: "Atanh", range: [-0.99, 0.99] },
  erf: { wasm: ({ f }, x) => lanes.erf(f, x), tensorflow: "Erf", onnx: "Erf" },
  softplus: {
    wasm: ({ f }, x) =>
      f32x4.add(f32x4.max(x, f32x4.of(0)), lanes.log1p(f, lanes.expOfNegative(f, f32x4.neg(f32x4.abs(x))))),
    tensorflow: "Softplus",
    onnx: "Softplus",
    range: [-40, 40],
  },
  logical_not: {
    wasm: (_, x) => bits.xor(x, i32x4.of(1)),
    esm: "logicalNot",
    tensorflow: (e, x) => e.node("LogicalNot", [x]),
    onnx: "Not",
    dtypes: ["bool"],
  },
  isnan: {
    wasm: (_, x) => bits.and(f32x4.ne(x, x), i32x4.of(1)),
    esm: "isNaN",
    tensorflow: "IsNan",
    onnx: "IsNaN",
    result: "bool",
    values: [NaN, 0, 1, -Infinity],
  },
  isinf: {
    wasm: (_, x) => bits.and(f32x4.eq(f32x4.abs(x), f32x4.of(Infinity)), i32x4.of(1)),
    esm: "isInf",
    tensorflow: "IsInf",
    onnx: "IsInf",
    result: "bool",
    values: [NaN, 0, 3e38, Infinity, -Infinity],
  },
} as const satisfies Record<UnaryName, UnaryFunction>;

/** Returns the record of a function with all optional fields. */
export const unaryFunction = (name: UnaryName): UnaryFunction => unaryFunctions[name];

/** Returns four elements of a function in WebAssembly. */
export function wasmUnary(e: ElementsEmitter, name: UnaryName, x: V128, dtype: DType): V128 {
  const { wasm } = unaryFunction(name);
  return typeof wasm === "string" ? e.host(wasm, x) : wasm(e, x, dtype);
}

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
