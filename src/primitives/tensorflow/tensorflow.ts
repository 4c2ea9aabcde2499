/** @file What primitives write TensorFlow's nodes with. SavedModels and graph models of TensorFlow.js are made of the same nodes. */
import type { DType, NdArray } from "../../contract/ndarray.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { Activation } from "../primitive.ts";

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
  node(op: string, inputs: readonly Wire[], attributes?: NodeAttributes): Wire;
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
   * A convolution or matrix product of two inputs, then the bias over the last axis and the activation, if there are: one
   * fused node, or a chain that TensorFlow fuses by itself.
   */
  product(
    op: "Conv2D" | "DepthwiseConv2dNative" | "MatMul",
    inputs: readonly [Wire, Wire],
    attributes: NodeAttributes,
    bias: Wire | undefined,
    activation: Activation | undefined,
  ): Wire;
  /** The floor of the quotient of i32 tensors, exactly: the executor of TensorFlow.js divides in float32 on wasm. */
  quotient(a: Wire, b: Wire): Wire;
  /** Says that the format cannot express what is asked for, as a person should read it: `it has no …`. */
  refuse(reason: string): never;
}

const i32 = { type: "i32" } as const;

/** A node whose operands have one dtype, which is its only attribute. */
export function apply(e: TensorFlowEmitter, op: string, inputs: readonly Wire[], dtype: DType = "f32"): Wire {
  return e.node(op, inputs, { T: { type: dtype } });
}

/** The elements in another shape, of which one size may be known only when the model runs without being computed. */
export function reshaped(e: TensorFlowEmitter, x: Wire, dtype: DType, shape: readonly Size[]): Wire {
  const unknown = shape.filter((size) => e.known(size) === undefined);
  const wildcard = e.algebra.int(-1);
  const isFree = unknown.length === 1 && !shape.includes(wildcard);
  const wanted = isFree ? shape.map((size) => (size === unknown[0] ? wildcard : size)) : shape;
  return e.node("Reshape", [x, e.sizes(wanted)], { T: { type: dtype }, Tshape: i32 });
}

/** The box that begins at an index; a size of -1 reaches to the end. */
export function sliced(
  e: TensorFlowEmitter,
  x: Wire,
  dtype: DType,
  begin: readonly Size[],
  size: readonly Size[],
): Wire {
  return e.node("Slice", [x, e.sizes(begin), e.sizes(size)], { T: { type: dtype }, Index: i32 });
}

/** The operands along an axis, one after the other. */
export function joined(e: TensorFlowEmitter, inputs: readonly Wire[], dtype: DType, axis: number): Wire {
  // TensorFlow joins two at least.
  if (inputs.length === 1) return apply(e, "Identity", inputs, dtype);
  const attributes = { N: { int: inputs.length }, T: { type: dtype }, Tidx: i32 };
  return e.node("ConcatV2", [...inputs, literal(e, axis, "i32")], attributes);
}

/** Tensors of i32 of rank 0 as one of rank 1. */
export function packed(e: TensorFlowEmitter, values: readonly Wire[]): Wire {
  return e.node("Pack", values, { N: { int: values.length }, T: i32, axis: { int: 0 } });
}

/** The numbers from 0 on, as i32. */
export function counted(e: TensorFlowEmitter, size: Size): Wire {
  return e.node("Range", [literal(e, 0, "i32"), e.size(size), literal(e, 1, "i32")], { Tidx: i32 });
}

export function converted(e: TensorFlowEmitter, x: Wire, from: DType, to: DType): Wire {
  return e.node("Cast", [x], { SrcT: { type: from }, DstT: { type: to } });
}

/** Every element is 1. */
export function ones(e: TensorFlowEmitter, shape: readonly Size[], dtype: DType): Wire {
  return e.node("Fill", [e.sizes(shape), literal(e, 1, dtype)], { T: { type: dtype }, index_type: i32 });
}

/**
 * What a node that moves elements makes of a tensor. On wasm some kernels (`where`, `gather`, `reverse`) write four bytes for
 * each bool, beyond the end of their results, so that bools go through i32.
 */
export function asIntegers(e: TensorFlowEmitter, x: Wire, dtype: DType, move: (x: Wire, dtype: DType) => Wire): Wire {
  if (dtype !== "bool") return move(x, dtype);
  return apply(e, "NotEqual", [move(converted(e, x, "bool", "i32"), "i32"), literal(e, 0, "i32")], "i32");
}

/** Literals of i32. */
export function ints(e: TensorFlowEmitter, values: readonly number[]): Wire {
  return e.constant({ dtype: "i32", shape: [values.length], data: Float64Array.from(values) });
}

/** A literal of rank 0. */
export function literal(e: TensorFlowEmitter, value: number, dtype: DType = "f32"): Wire {
  return e.constant({ dtype, shape: [], data: Float64Array.of(value) });
}
