/** @file The interface with which primitives write TensorFlow nodes. SavedModels and TensorFlow.js graph models use the same nodes. */
import type { DType, NdArray } from "../../contract/ndarray.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { TensorFlowOperation } from "./operations.ts";

/** One result of a node: `name`, or `name:1`. */
export interface Wire {
  readonly tensor: string;
}

/** An attribute of a node, by the field of AttrValue that holds it. */
export type NodeAttribute =
  | { readonly type: DType }
  | { readonly int: number }
  | { readonly float: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly ints: readonly number[] }
  | { readonly texts: readonly string[] };

export type NodeAttributes = Readonly<Record<string, NodeAttribute>>;

/**
 * Writes nodes. The executor of TensorFlow.js must know each of them (`dist/operations/op_list` of
 * @tensorflow/tfjs-converter), unless only a variant that its profile lacks needs the node. Every attribute without a default
 * must be given, types in particular.
 */
export interface TensorFlowEmitter {
  /** Computes with sizes while nodes are written. */
  readonly algebra: Sizes;
  /** Adds a node and returns its first result. */
  node(op: TensorFlowOperation, inputs: readonly Wire[], attributes?: NodeAttributes): Wire;
  /** Returns another result of the node with this first result. */
  output(first: Wire, index: number): Wire;
  /** Adds literal data. Equal arrays share one node. */
  constant(array: NdArray): Wire;
  /** Returns a size as an i32 tensor of rank 0: a literal, or computed from the input shapes. */
  size(size: Size): Wire;
  /** Returns a size as an f32 tensor of rank 0. It may be larger than an i32. */
  number(size: Size): Wire;
  /** Returns sizes as an i32 tensor of rank 1. */
  sizes(list: readonly Size[]): Wire;
  /** Returns the value of a size, for an attribute. Refuses run-time sizes. */
  int(size: Size): number;
  /** Returns the value of a size if it is known before the model runs. */
  known(size: Size): number | undefined;
  /**
   * Adds a convolution or matrix product of two inputs, then the bias over the last axis and the activation, if any. Writes
   * one fused node, or a chain that TensorFlow fuses by itself.
   */
  product(
    op: "Conv2D" | "DepthwiseConv2dNative" | "MatMul",
    inputs: readonly [Wire, Wire],
    attributes: NodeAttributes,
    bias: Wire | undefined,
    activation: TensorFlowOperation | undefined,
  ): Wire;
  /** Returns the exact floor of a quotient of i32 tensors. On wasm, the executor of TensorFlow.js divides in float32. */
  quotient(a: Wire, b: Wire): Wire;
  /** Reports that the format cannot express something, as text for users: `it has no …`. */
  refuse(reason: string): never;
}
