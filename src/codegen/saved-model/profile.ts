/** @file What a SavedModel can do, and the graph beside an ES module, which TensorFlow runs as well. */
import type { Profile } from "../../plan/profile.ts";

/**
 * TensorFlow's own kernels, which take explicit pads and groups. A window is an attribute of its node, so that it has no size
 * of run time. The depthwise convolution has dilations and different strides with oneDNN only, which not every processor runs;
 * as a convolution with as many groups as channels it has them everywhere.
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
  ]),
  epilogues: new Set(["bias", "relu", "relu6", "elu", "sigmoid"]),
};
