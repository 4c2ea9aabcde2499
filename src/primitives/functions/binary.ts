/** @file The functions of two numbers that `binary` applies to elements: all that there is to say about each. */
import type { DType } from "../../contract/ndarray.ts";
import { binaryAtLoad } from "../../contract/prepare.ts";
import type { OnnxEmitter, OnnxWire } from "../onnx/emitter.ts";
import type { OnnxOperator } from "../onnx/operators.ts";
import type { TensorFlowEmitter, Wire } from "../tensorflow/emitter.ts";
import type { TensorFlowOperation } from "../tensorflow/operations.ts";

interface BinaryFunction {
  /** In float64. A function of `binaryAtLoad` may be applied to weights when they are loaded. */
  readonly of: (a: number, b: number) => number;
  /** What tfjs calls it, if that is something else. */
  readonly esm?: string;
  /** What TensorFlow calls it, where the dtype is the only attribute, or its nodes. */
  readonly tensorflow: TensorFlowOperation | ((e: TensorFlowEmitter, operands: readonly Wire[]) => Wire);
  /** What ONNX calls it, or its nodes; the dtype is the operands'. */
  readonly onnx: OnnxOperator | ((e: OnnxEmitter, a: OnnxWire, b: OnnxWire, dtype: DType) => OnnxWire);
  /** Of the operands; f32 and i32 by default. */
  readonly dtypes?: readonly DType[];
  /** Of the result; the operands' by default. */
  readonly result?: DType;
  /** From where to where the tests look; -3 to 3 by default. */
  readonly range?: readonly [number, number];
  /** What the tests look at instead. */
  readonly values?: readonly number[];
  /** What the tests look at for i32; large integers by default. */
  readonly integers?: readonly number[];
}

const all: readonly DType[] = ["f32", "i32", "bool"];

/** A function whose results are bools; the tests look at equal operands, too. */
const comparison = (
  of: (a: number, b: number) => boolean,
  rest: Omit<BinaryFunction, "of" | "result" | "values">,
): BinaryFunction => ({ of: (a, b) => Number(of(a, b)), result: "bool", values: [-2, -1, 0, 1, 2], ...rest });

/** The functions that every target computes. */
export const binaryFunctions = {
  add: { of: binaryAtLoad.add, tensorflow: "AddV2", onnx: "Add" },
  sub: { of: binaryAtLoad.sub, tensorflow: "Sub", onnx: "Sub" },
  mul: { of: binaryAtLoad.mul, tensorflow: "Mul", onnx: "Mul", integers: [-300, -1, 0, 46340] },
  div: { of: binaryAtLoad.div, tensorflow: "RealDiv", onnx: "Div", dtypes: ["f32"], values: [-3, -0.5, 0.3, 2] },
  maximum: { of: binaryAtLoad.maximum, tensorflow: "Maximum", onnx: "Max" },
  minimum: { of: binaryAtLoad.minimum, tensorflow: "Minimum", onnx: "Min" },
  pow: { of: binaryAtLoad.pow, tensorflow: "Pow", onnx: "Pow", range: [0.1, 3], integers: [0, 1, 2, 3] },
  // The sign is the divisor's, as Python's.
  mod: {
    of: (a, b) => a - b * Math.floor(a / b),
    tensorflow: "FloorMod",
    // Of f32 there is the remainder with the dividend's sign only: the divisor, once added, brings its own.
    onnx: (e, a, b, dtype) => {
      if (dtype !== "f32") return e.node("Mod", [a, b]);
      const remainder = (of: OnnxWire) => e.node("Mod", [of, b], { fmod: { int: 1 } });
      return remainder(e.node("Add", [remainder(a), b]));
    },
    values: [-5, -3, -2, 2, 3, 7],
    integers: [-5, -3, 2, 16777217],
  },
  equal: comparison((a, b) => a === b, { tensorflow: "Equal", onnx: "Equal", dtypes: all }),
  not_equal: comparison((a, b) => a !== b, {
    esm: "notEqual",
    tensorflow: "NotEqual",
    onnx: (e, a, b) => e.node("Not", [e.node("Equal", [a, b])]),
    dtypes: all,
  }),
  less: comparison((a, b) => a < b, { tensorflow: "Less", onnx: "Less" }),
  less_equal: comparison((a, b) => a <= b, { esm: "lessEqual", tensorflow: "LessEqual", onnx: "LessOrEqual" }),
  greater: comparison((a, b) => a > b, { tensorflow: "Greater", onnx: "Greater" }),
  greater_equal: comparison((a, b) => a >= b, {
    esm: "greaterEqual",
    tensorflow: "GreaterEqual",
    onnx: "GreaterOrEqual",
  }),
  logical_and: {
    of: Math.min,
    esm: "logicalAnd",
    tensorflow: (e, operands) => e.node("LogicalAnd", operands),
    onnx: "And",
    dtypes: ["bool"],
  },
  logical_or: {
    of: Math.max,
    esm: "logicalOr",
    tensorflow: (e, operands) => e.node("LogicalOr", operands),
    onnx: "Or",
    dtypes: ["bool"],
  },
} as const satisfies Record<string, BinaryFunction>;

export type BinaryName = keyof typeof binaryFunctions;

/** All that a record may say, whichever it is. */
export const binaryFunction = (name: BinaryName): BinaryFunction => binaryFunctions[name];
