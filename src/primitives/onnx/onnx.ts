/** @file What primitives write ONNX's nodes with. */
import type { DType, NdArray } from "../../contract/ndarray.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";

/** All that Fuse writes. */
export const onnxOperators = [
  "Abs",
  "Acos",
  "Acosh",
  "Add",
  "And",
  "ArgMax",
  "ArgMin",
  "Asin",
  "Asinh",
  "Atan",
  "Atanh",
  "AveragePool",
  "Cast",
  "Ceil",
  "Clip",
  "Concat",
  "Conv",
  "ConvTranspose",
  "Cos",
  "Cosh",
  "CumSum",
  "Div",
  "Elu",
  "Equal",
  "Erf",
  "Exp",
  "Expand",
  "Floor",
  "Gather",
  "Gemm",
  "GlobalAveragePool",
  "GlobalMaxPool",
  "Greater",
  "GreaterOrEqual",
  "Identity",
  "IsInf",
  "IsNaN",
  "LeakyRelu",
  "Less",
  "LessOrEqual",
  "Log",
  "MatMul",
  "Max",
  "MaxPool",
  "Min",
  "Mod",
  "Mul",
  "Neg",
  "Not",
  "Or",
  "Pad",
  "Pow",
  "Range",
  "Reciprocal",
  "ReduceMax",
  "ReduceMean",
  "ReduceMin",
  "ReduceProd",
  "ReduceSum",
  "Relu",
  "Reshape",
  "Resize",
  "Round",
  "Scan",
  "Selu",
  "Shape",
  "Sigmoid",
  "Sign",
  "Sin",
  "Sinh",
  "Slice",
  "Softmax",
  "Softplus",
  "Sqrt",
  "Squeeze",
  "Sub",
  "Tan",
  "Tanh",
  "Transpose",
  "Unsqueeze",
  "Where",
] as const;

export type OnnxOperator = (typeof onnxOperators)[number];

/** One result of a node. */
export interface OnnxWire {
  readonly value: string;
}

/** An attribute of a node, by the field of AttributeProto that holds it. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly graph: OnnxBody };

/** A graph within a node, of values that are called as they are written here. */
export interface OnnxBody {
  readonly dtype: DType;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly { readonly op: OnnxOperator; readonly inputs: readonly string[]; readonly output: string }[];
}

export type OnnxAttributes = Readonly<Record<string, OnnxAttribute>>;

/** Element types of literals: those of Fuse, and int64, which ONNX takes for shapes, axes and indices. */
export type OnnxType = DType | "i64";

/** Writes nodes of the operator set that the target's profile names. */
export interface OnnxEmitter {
  /** Makes sizes of sizes. */
  readonly algebra: Sizes;
  /** Adds a node; gives its first result. An input that is left out is undefined. */
  node(op: OnnxOperator, inputs: readonly (OnnxWire | undefined)[], attributes?: OnnxAttributes): OnnxWire;
  /** All results of a node. */
  nodes(
    op: OnnxOperator,
    inputs: readonly (OnnxWire | undefined)[],
    attributes: OnnxAttributes,
    results: number,
  ): OnnxWire[];
  /** Literal data; equal ones are one initializer. */
  constant(array: Omit<NdArray, "dtype"> & { readonly dtype: OnnxType }): OnnxWire;
  /** An int64 tensor of rank 0: a onnxScalar, or computed of the shapes of the inputs. */
  size(size: Size): OnnxWire;
  /** An int64 tensor of rank 1. */
  sizes(list: readonly Size[]): OnnxWire;
  /** The number that a size is, which becomes an attribute; refuses a size that is known only when the model runs. */
  int(size: Size): number;
  /** The number that a size is, if it is known before the model runs. */
  known(size: Size): number | undefined;
  /** The tensor with its axes in another order; of an initializer, an initializer. */
  transposed(wire: OnnxWire, permutation: readonly number[]): OnnxWire;
  /** The tensor, which has the shape `from`, in another shape; of an initializer, an initializer. */
  reshaped(wire: OnnxWire, from: readonly Size[], shape: readonly Size[]): OnnxWire;
  cast(wire: OnnxWire, to: OnnxType): OnnxWire;
  /** Says that the format cannot express what is asked for, as a person should read it: `it has no …`. */
  refuse(reason: string): never;
}

/** Literals of int64, of rank 1. */
export function longs(e: OnnxEmitter, values: readonly number[]): OnnxWire {
  return e.constant({ dtype: "i64", shape: [values.length], data: Float64Array.from(values) });
}

/** A literal of rank 0. */
export function onnxScalar(e: OnnxEmitter, value: number, dtype: OnnxType = "f32"): OnnxWire {
  return e.constant({ dtype, shape: [], data: Float64Array.of(value) });
}
