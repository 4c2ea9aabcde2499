/** @file The functions of two numbers that `binary` applies to elements, one record each. */
import type { DType } from "../../contract/ndarray.ts";
import type { BinaryName } from "../../contract/prepare-functions.ts";
import type { OnnxEmitter, OnnxWire } from "../onnx/emitter.ts";
import { onnxScalar } from "../onnx/literals.ts";
import type { OnnxOperator } from "../onnx/operators.ts";
import type { TensorFlowEmitter, Wire } from "../tensorflow/emitter.ts";
import type { TensorFlowOperation } from "../tensorflow/operations.ts";
import type { V128 } from "../../wasm/code.ts";
import { bits, f32x4, i32x4 } from "../../wasm/f32x4.ts";
import type { ElementsEmitter } from "../wasm/emitter.ts";

interface BinaryFunction {
  /** Its name in tfjs, if different. */
  readonly esm?: string;
  /** Its name in TensorFlow if the dtype is the only attribute, or a function that adds the nodes. */
  readonly tensorflow: TensorFlowOperation | ((e: TensorFlowEmitter, operands: readonly Wire[]) => Wire);
  /** Its name in ONNX, or a function that adds the nodes. The dtype is that of the operands. */
  readonly onnx: OnnxOperator | ((e: OnnxEmitter, a: OnnxWire, b: OnnxWire, dtype: DType) => OnnxWire);
  /** Four elements in WebAssembly. The operands may be used more than once. */
  readonly wasm: (e: ElementsEmitter, a: V128, b: V128, dtype: DType) => V128;
  /** Dtypes of the operands; f32 and i32 by default. */
  readonly dtypes?: readonly DType[];
  /** Dtype of the result; that of the operands by default. */
  readonly result?: DType;
  /** The interval from which tests draw operands; -3 to 3 by default. */
  readonly range?: readonly [number, number];
  /** The values that tests use instead of an interval. */
  readonly values?: readonly number[];
  /** The values that tests use for i32; large integers by default. */
  readonly integers?: readonly number[];
}

const all: readonly DType[] = ["f32", "i32", "bool"];

/** Makes a function whose results are bools. The tests include equal operands. */
const comparison = (rest: Omit<BinaryFunction, "result" | "values">): BinaryFunction => ({
  result: "bool",
  values: [-2, -1, 0, 1, 2],
  ...rest,
});

type Lanes = (a: V128, b: V128) => V128;

/** Two instructions: one for floats, one for integers. */
const perDtype =
  (float: Lanes, int: Lanes) =>
  (_: ElementsEmitter, a: V128, b: V128, dtype: DType): V128 =>
    (dtype === "f32" ? float : int)(a, b);

/** Two instructions that make masks, as a bool. */
const asBool = (float: Lanes, int: Lanes) =>
  perDtype(
    (a, b) => bits.and(float(a, b), i32x4.of(1)),
    (a, b) => bits.and(int(a, b), i32x4.of(1)),
  );

/** The functions that every target computes. */
export const binaryFunctions = {
  add: { wasm: perDtype(f32x4.add, i32x4.add), tensorflow: "AddV2", onnx: "Add" },
  sub: { wasm: perDtype(f32x4.sub, i32x4.sub), tensorflow: "Sub", onnx: "Sub" },
  mul: { wasm: perDtype(f32x4.mul, i32x4.mul), tensorflow: "Mul", onnx: "Mul", integers: [-300, -1, 0, 46340] },
  div: {
    wasm: (_, a, b) => f32x4.div(a, b),
    tensorflow: "RealDiv",
    onnx: "Div",
    dtypes: ["f32"],
    values: [-3, -0.5, 0.3, 2],
  },
  maximum: { wasm: perDtype(f32x4.max, i32x4.max), tensorflow: "Maximum", onnx: "Max" },
  minimum: { wasm: perDtype(f32x4.min, i32x4.min), tensorflow: "Minimum", onnx: "Min" },
  pow: {
    wasm: (e, a, b, dtype) => e.host(dtype === "f32" ? "pow" : "pow_int", a, b),
    tensorflow: "Pow",
    onnx: "Pow",
    range: [0.1, 3],
    integers: [0, 1, 2, 3],
  },
  // The result has the sign of the divisor, as in Python. A divisor of i32 is neither 0 nor -1.
  mod: {
    wasm: (e, a, b, dtype) => e.host(dtype === "f32" ? "mod" : "mod_int", a, b),
    tensorflow: "FloorMod",
    // For f32, ONNX only has the remainder with the dividend's sign. If the signs differ, the divisor is added.
    onnx: (e, a, b, dtype) => {
      if (dtype !== "f32") return e.node("Mod", [a, b]);
      const remainder = e.node("Mod", [a, b], { fmod: { int: 1 } });
      const signs = e.node("Mul", [e.node("Sign", [remainder]), e.node("Sign", [b])]);
      const differ = e.node("Less", [signs, onnxScalar(e, 0)]);
      return e.node("Where", [differ, e.node("Add", [remainder, b]), remainder]);
    },
    values: [-5, -3, -2, 2, 3, 7],
    integers: [-5, -3, 2, 16777217],
  },
  equal: comparison({ wasm: asBool(f32x4.eq, i32x4.eq), tensorflow: "Equal", onnx: "Equal", dtypes: all }),
  not_equal: comparison({
    wasm: asBool(f32x4.ne, i32x4.ne),
    esm: "notEqual",
    tensorflow: "NotEqual",
    onnx: (e, a, b) => e.node("Not", [e.node("Equal", [a, b])]),
    dtypes: all,
  }),
  less: comparison({ wasm: asBool(f32x4.lt, i32x4.lt), tensorflow: "Less", onnx: "Less" }),
  less_equal: comparison({
    wasm: asBool(f32x4.le, i32x4.le),
    esm: "lessEqual",
    tensorflow: "LessEqual",
    onnx: "LessOrEqual",
  }),
  greater: comparison({ wasm: asBool(f32x4.gt, i32x4.gt), tensorflow: "Greater", onnx: "Greater" }),
  greater_equal: comparison({
    wasm: asBool(f32x4.ge, i32x4.ge),
    esm: "greaterEqual",
    tensorflow: "GreaterEqual",
    onnx: "GreaterOrEqual",
  }),
  logical_and: {
    wasm: (_, a, b) => bits.and(a, b),
    esm: "logicalAnd",
    tensorflow: (e, operands) => e.node("LogicalAnd", operands),
    onnx: "And",
    dtypes: ["bool"],
  },
  logical_or: {
    wasm: (_, a, b) => bits.or(a, b),
    esm: "logicalOr",
    tensorflow: (e, operands) => e.node("LogicalOr", operands),
    onnx: "Or",
    dtypes: ["bool"],
  },
} as const satisfies Record<BinaryName, BinaryFunction>;

/** Returns the record of a function with all optional fields. */
export const binaryFunction = (name: BinaryName): BinaryFunction => binaryFunctions[name];
