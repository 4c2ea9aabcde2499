/** @file The interface for lowerings: they take operands in a layout and emit primitives. The planner implements it. */
import type { DType } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { Axis, Tensor, TensorType } from "./type.ts";

/** A value of the plan: positional, possibly with run-time sizes. */
export interface Positional {
  readonly shape: readonly Size[];
  readonly dtype: DType;
}

/** The part of a primitive that the planner needs. The records are in `primitives/`. */
export interface PrimitiveShape<A> {
  readonly name: string;
  shape(inputs: readonly Positional[], attributes: A, sizes: Sizes): Positional;
}

/** A value of the plan with names for its positions. */
export interface Laid {
  readonly value: Positional;
  readonly axes: readonly Axis[];
  /** Axes that have size 1 in the value but a larger size in the graph: an `expand` that is not carried out yet. */
  readonly spread?: ReadonlyMap<Axis, Size>;
}

/** Features that a target may lack. Lowerings check them with `p.can`. */
export type Variant =
  /** convolution with stride and dilation above 1 together */
  | "conv2d.stride-and-dilation"
  /** convolution with 1 < groups < channels in one call */
  | "conv2d.groups"
  /** depthwise convolution with dilation, or with different strides */
  | "depthwise.geometry"
  /** pools that take numeric padding; an average includes the padding */
  | "maxpool.pads"
  | "avgpool.pads"
  /** pools whose window has a run-time size */
  | "pool.symbolic-window"
  /** fused matrix product with more than two dimensions or a transposed operand, and bias */
  | "matmul.bias-with-batch"
  /** batched matrix products with transposed operands */
  | "matmul.transposes"
  /** transposed convolution with explicit padding */
  | "conv2d_transpose.pads"
  /** softmax over an axis that is not the last */
  | "softmax.any-axis"
  /** sums and means of thousands of elements that are not added one after the other in float32 */
  | "reduce.long"
  /** casts to i32 that give -2147483648 for NaN and for numbers that an i32 cannot hold */
  | "cast.range"
  /** pooling the whole image is at least as fast as reducing its axes */
  | "pool.global"
  /** a sum of tensors of one shape is faster than adding two at a time */
  | "sum"
  /** attention whose scores are never stored as a whole is faster than two products with a softmax between them */
  | "attention";

export interface Lowering {
  readonly sizes: Sizes;
  /** Order of image axes in the target's convolutions and pools. */
  readonly layout: "NHWC" | "NCHW";
  can(variant: Variant): boolean;
  typeOf(value: Tensor): TensorType;
  /** Returns the value of a build-time size. A size that is not known here is a bug in Fuse. */
  int(size: Size): number;
  /** Whether the value is computed from weights and constants when the model is loaded. */
  isPrepared(value: Tensor): boolean;
  /** Returns the value with its axes in any order, without spread axes. */
  any(value: Tensor): Laid;
  /** Returns the value with its axes in any order, possibly spread. For elementwise lowerings, which broadcast anyway. */
  loose(value: Tensor): Laid;
  /** Returns the value with its axes in this order, which must name all of them. Transposes only if needed. */
  ordered(value: Tensor, axes: readonly Axis[]): Positional;
  emit<A>(primitive: PrimitiveShape<A>, inputs: readonly Positional[], attributes: A): Positional;
  /** Makes a tensor of one f32 number, known when a model is built or when it runs. */
  scalar(value: number | Size, dtype?: DType): Positional;
  laid(value: Positional, axes: readonly Axis[]): Laid;
}
