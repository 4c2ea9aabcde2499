/** @file What a SavedModel can do. Also applies to the graph next to an ES module, which TensorFlow runs as well. */
import type { Profile } from "../../plan/profile.ts";

/**
 * TensorFlow's own kernels, which take explicit pads and groups. A window is an attribute of its node, so it cannot
 * have a run-time size. The depthwise convolution supports dilations and different strides only with oneDNN, which not
 * every processor runs. A convolution with as many groups as channels supports them everywhere.
 *
 * AddN adds up to eight tensors in one pass. With oneDNN, TensorFlow also fuses an AddN of two into a convolution with a
 * bias before it, but no AddV2, and without oneDNN both take the same time (`docs/decisions/sums.md`).
 */
export const savedModelProfile: Profile = {
  name: "saved-model",
  layout: "NHWC",
  variants: new Set([
    "matmul.transposes",
    "conv2d.stride-and-dilation",
    "conv2d.groups",
    "maxpool.pads",
    "conv2d_transpose.pads",
    "reduce.long",
    "cast.range",
    "sum",
  ]),
  epilogues: new Set(["bias", "relu", "relu6", "elu", "sigmoid"]),
  fastDots: true,
  costs: { macs: 56, bytes: 63, rows: 0, resized: 66, step: 600_000 },
};
