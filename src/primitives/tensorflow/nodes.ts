/** @file TensorFlow nodes that several primitives write. */
import type { DType } from "../../contract/ndarray.ts";
import type { Size } from "../../sizes/size.ts";
import type { TensorFlowEmitter, Wire } from "./emitter.ts";
import type { TensorFlowOperation } from "./operations.ts";

const i32 = { type: "i32" } as const;

/** Adds a node whose operands have one dtype, its only attribute. */
export function apply(
  e: TensorFlowEmitter,
  op: TensorFlowOperation,
  inputs: readonly Wire[],
  dtype: DType = "f32",
): Wire {
  return e.node(op, inputs, { T: { type: dtype } });
}

/** Reshapes a tensor. One run-time size need not be computed. */
export function reshaped(e: TensorFlowEmitter, x: Wire, dtype: DType, shape: readonly Size[]): Wire {
  const unknown = shape.filter((size) => e.known(size) === undefined);
  const wildcard = e.algebra.int(-1);
  const isFree = unknown.length === 1 && !shape.includes(wildcard);
  const wanted = isFree ? shape.map((size) => (size === unknown[0] ? wildcard : size)) : shape;
  return e.node("Reshape", [x, e.sizes(wanted)], { T: { type: dtype }, Tshape: i32 });
}

/** Slices the box that begins at an index. A size of -1 reaches to the end. */
export function sliced(
  e: TensorFlowEmitter,
  x: Wire,
  dtype: DType,
  begin: readonly Size[],
  size: readonly Size[],
): Wire {
  return e.node("Slice", [x, e.sizes(begin), e.sizes(size)], { T: { type: dtype }, Index: i32 });
}

/** Concatenates the operands along an axis. */
export function joined(e: TensorFlowEmitter, inputs: readonly Wire[], dtype: DType, axis: number): Wire {
  // TensorFlow requires at least two.
  if (inputs.length === 1) return apply(e, "Identity", inputs, dtype);
  const attributes = { N: { int: inputs.length }, T: { type: dtype }, Tidx: i32 };
  return e.node("ConcatV2", [...inputs, literal(e, axis, "i32")], attributes);
}

/** Packs i32 tensors of rank 0 into one of rank 1. */
export function packed(e: TensorFlowEmitter, values: readonly Wire[]): Wire {
  return e.node("Pack", values, { N: { int: values.length }, T: i32, axis: { int: 0 } });
}

/** Counts from 0, as i32. */
export function counted(e: TensorFlowEmitter, size: Size): Wire {
  return e.node("Range", [literal(e, 0, "i32"), e.size(size), literal(e, 1, "i32")], { Tidx: i32 });
}

export function converted(e: TensorFlowEmitter, x: Wire, from: DType, to: DType): Wire {
  return e.node("Cast", [x], { SrcT: { type: from }, DstT: { type: to } });
}

/** Makes a tensor of ones. */
export function ones(e: TensorFlowEmitter, shape: readonly Size[], dtype: DType): Wire {
  return e.node("Fill", [e.sizes(shape), literal(e, 1, dtype)], { T: { type: dtype }, index_type: i32 });
}

/**
 * Applies a node that moves elements. On wasm, some kernels (`where`, `gather`, `reverse`) write four bytes for each bool,
 * beyond the end of their results, so bools go through i32.
 */
export function asIntegers(e: TensorFlowEmitter, x: Wire, dtype: DType, move: (x: Wire, dtype: DType) => Wire): Wire {
  if (dtype !== "bool") return move(x, dtype);
  return apply(e, "NotEqual", [move(converted(e, x, "bool", "i32"), "i32"), literal(e, 0, "i32")], "i32");
}

/** Adds an i32 literal of rank 1. */
export function ints(e: TensorFlowEmitter, values: readonly number[]): Wire {
  return e.constant({ dtype: "i32", shape: [values.length], data: Float64Array.from(values) });
}

/** Adds a literal of rank 0. */
export function literal(e: TensorFlowEmitter, value: number, dtype: DType = "f32"): Wire {
  return e.constant({ dtype, shape: [], data: Float64Array.of(value) });
}
