/** @file The interface with which primitives write ONNX nodes. */
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

/** A graph inside a node. Its values have the names written here. */
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
  /** Computes with sizes. */
  readonly algebra: Sizes;
  /** Adds a node and returns its first result. An omitted input is undefined. */
  node(op: OnnxOperator, inputs: readonly (OnnxWire | undefined)[], attributes?: OnnxAttributes): OnnxWire;
  /** Adds a node and returns all its results. */
  nodes(
    op: OnnxOperator,
    inputs: readonly (OnnxWire | undefined)[],
    attributes: OnnxAttributes,
    results: number,
  ): OnnxWire[];
  /** Adds literal data. Equal arrays share one initializer. */
  constant(array: Omit<NdArray, "dtype"> & { readonly dtype: OnnxType }): OnnxWire;
  /** Returns a size as an int64 scalar: a literal, or computed from the input shapes. */
  size(size: Size): OnnxWire;
  /** Returns sizes as an int64 tensor of rank 1. */
  sizes(list: readonly Size[]): OnnxWire;
  /** Returns the value of a size, for an attribute. Refuses run-time sizes. */
  int(size: Size): number;
  /** Returns the value of a size if it is known before the model runs. */
  known(size: Size): number | undefined;
  /** Transposes a tensor. An initializer stays an initializer. */
  transposed(wire: OnnxWire, permutation: readonly number[]): OnnxWire;
  /** Reshapes a tensor of shape `from`. An initializer stays an initializer. */
  reshaped(wire: OnnxWire, from: readonly Size[], shape: readonly Size[]): OnnxWire;
  cast(wire: OnnxWire, to: OnnxType): OnnxWire;
  /** Reports that the format cannot express something, as text for users: `it has no …`. */
  refuse(reason: string): never;
}
