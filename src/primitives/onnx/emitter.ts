/** @file What primitives write the nodes of ONNX with. */
import type { DType, NdArray } from "../../contract/ndarray.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { OnnxOperator } from "./operators.ts";

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
  /** An int64 scalar: a literal, or computed from the input shapes. */
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
