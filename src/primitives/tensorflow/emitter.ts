/** @file What primitives write the nodes of TensorFlow with. SavedModels and graph models of TensorFlow.js are made of the same nodes. */
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
 * Writes nodes. Only those that the executor of TensorFlow.js knows may be written (`dist/operations/op_list` of
 * @tensorflow/tfjs-converter), unless the profile's variant that asks for the other one is missing there. Every attribute
 * without a default must be given, types first of all.
 */
export interface TensorFlowEmitter {
  /** For computing with sizes while nodes are written. */
  readonly algebra: Sizes;
  /** Adds a node; gives its first result. */
  node(op: TensorFlowOperation, inputs: readonly Wire[], attributes?: NodeAttributes): Wire;
  /** Another result of the node whose first one this is. */
  output(first: Wire, index: number): Wire;
  /** Literal data; equal ones are one node. */
  constant(array: NdArray): Wire;
  /** An i32 tensor of rank 0: a literal, or computed of the shapes of the inputs. */
  size(size: Size): Wire;
  /** An i32 tensor of rank 1. */
  sizes(list: readonly Size[]): Wire;
  /** The number that a size is, which becomes an attribute; refuses a size that is known only when the model runs. */
  int(size: Size): number;
  /** The number that a size is, if it is known before the model runs. */
  known(size: Size): number | undefined;
  /**
   * A convolution or matrix product of two inputs, then the bias over the last axis and the node of an activation, if there are:
   * one fused node, or a chain that TensorFlow fuses by itself.
   */
  product(
    op: "Conv2D" | "DepthwiseConv2dNative" | "MatMul",
    inputs: readonly [Wire, Wire],
    attributes: NodeAttributes,
    bias: Wire | undefined,
    activation: TensorFlowOperation | undefined,
  ): Wire;
  /** The floor of the quotient of i32 tensors, exactly: the executor of TensorFlow.js divides in float32 on wasm. */
  quotient(a: Wire, b: Wire): Wire;
  /** Says that the format cannot express what is asked for, as a person should read it: `it has no …`. */
  refuse(reason: string): never;
}
