/** @file What a lowering may do: ask for operands in a layout, and emit primitives. The planner implements it. */
import type { DType } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { Axis, Tensor, TensorType } from "./type.ts";

/** A value of the plan: positional, with sizes that may be known only at run time. */
export interface Positional {
  readonly shape: readonly Size[];
  readonly dtype: DType;
}

/** What the planner needs of a primitive; the records are in `primitives/`. */
export interface PrimitiveShape<A> {
  readonly name: string;
  shape(inputs: readonly Positional[], attributes: A, sizes: Sizes): Positional;
}

/** A value of the plan with the names of its positions. */
export interface Laid {
  readonly value: Positional;
  readonly axes: readonly Axis[];
  /** Axes whose position has size 1 although they stand for more: an `expand` that nothing had to carry out yet. */
  readonly spread?: ReadonlyMap<Axis, Size>;
}

/** What a target may lack; lowerings ask with `p.can`. */
export type Variant =
  /** convolution with stride and dilation above 1 together */
  | "conv2d.stride-and-dilation"
  /** convolution with 1 < groups < channels in one call */
  | "conv2d.groups"
  /** depthwise convolution with dilation, or with different strides */
  | "depthwise.geometry"
  /** pools that pad by themselves with numbers; in an average the padding counts */
  | "maxpool.pads"
  | "avgpool.pads"
  /** pools whose window has a size that is known only at run time */
  | "pool.symbolic-window"
  /** fused matrix product with more than two dimensions or a transposed operand, and bias */
  | "matmul.bias-with-batch"
  /** matrix products of batches whose operands lie transposed */
  | "matmul.transposes"
  /** transposed convolution with explicit padding */
  | "conv2d_transpose.pads"
  /** softmax over an axis that is not the last */
  | "softmax.any-axis"
  /** pooling over the whole image is at least as fast as reducing its axes */
  | "pool.global";

export interface Lowering {
  readonly sizes: Sizes;
  /** Order of image axes that the target's convolutions and pools take. */
  readonly layout: "NHWC" | "NCHW";
  can(variant: Variant): boolean;
  typeOf(value: Tensor): TensorType;
  /** The number that a build-time size is; a size that is not known here is a defect of Fuse. */
  int(size: Size): number;
  /** Whether it is made of weights and constants when the model is loaded. */
  isPrepared(value: Tensor): boolean;
  /** In whatever order it has, without spread axes. */
  any(value: Tensor): Laid;
  /** In whatever order it has; axes may be spread. For elementwise lowerings, which broadcast anyway. */
  loose(value: Tensor): Laid;
  /** With exactly these axes, all that it has, in this order; transposes only where needed. */
  ordered(value: Tensor, axes: readonly Axis[]): Positional;
  emit<A>(primitive: PrimitiveShape<A>, inputs: readonly Positional[], attributes: A): Positional;
  /** A tensor of one f32 number, known when a model is built or when it runs. */
  scalar(value: number | Size, dtype?: DType): Positional;
  laid(value: Positional, axes: readonly Axis[]): Laid;
}
