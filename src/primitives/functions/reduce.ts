/** @file The functions of many numbers that `reduce` and `arg_reduce` apply along axes, one record each. */
import type { DType } from "../../contract/ndarray.ts";
import { productOf, sumOf } from "../../contract/prepare-functions.ts";
import type { OnnxOperator } from "../onnx/operators.ts";
import type { TensorFlowOperation } from "../tensorflow/operations.ts";

/** A function. Its name is the one in tfjs. */
interface ReduceFunction {
  readonly of: (values: readonly number[]) => number;
  /** For i32, if it wraps around. */
  readonly integers?: (values: readonly number[]) => number;
  readonly tensorflow: TensorFlowOperation;
  readonly onnx: OnnxOperator;
  readonly dtypes: readonly DType[];
  /** The interval from which tests draw elements; by default -3 to 3 for f32 and large integers for i32. */
  readonly range?: readonly [number, number];
}

const numeric: readonly DType[] = ["f32", "i32"];
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const max = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity);
const min = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);

/** The functions that every target computes. */
export const reduceFunctions = {
  mean: { of: (values) => sum(values) / values.length, tensorflow: "Mean", onnx: "ReduceMean", dtypes: ["f32"] },
  sum: {
    of: sum,
    integers: (values) => values.reduce(sumOf("i32"), 0),
    tensorflow: "Sum",
    onnx: "ReduceSum",
    dtypes: numeric,
  },
  max: { of: max, tensorflow: "Max", onnx: "ReduceMax", dtypes: numeric },
  min: { of: min, tensorflow: "Min", onnx: "ReduceMin", dtypes: numeric },
  prod: {
    of: (values) => values.reduce((a, b) => a * b, 1),
    integers: (values) => values.reduce(productOf("i32"), 1),
    tensorflow: "Prod",
    onnx: "ReduceProd",
    dtypes: numeric,
    range: [-2, 2],
  },
  // ONNX only has maxima and minima of bools from operator set 20 on.
  any: {
    of: (values) => Number(values.some((value) => value !== 0)),
    tensorflow: "Any",
    onnx: "ReduceMax",
    dtypes: ["bool"],
  },
  all: {
    of: (values) => Number(values.every((value) => value !== 0)),
    tensorflow: "All",
    onnx: "ReduceMin",
    dtypes: ["bool"],
  },
} as const satisfies Record<string, ReduceFunction>;

export type ReduceName = keyof typeof reduceFunctions;

/** Returns the record of a function with all optional fields. */
export const reduceFunction = (name: ReduceName): ReduceFunction => reduceFunctions[name];

/** The elements whose index `arg_reduce` can return. `node` is the name in both TensorFlow and ONNX. */
export const argFunctions = {
  argmax: { of: max, esm: "argMax", node: "ArgMax" },
  argmin: { of: min, esm: "argMin", node: "ArgMin" },
} as const;

export type ArgName = keyof typeof argFunctions;
