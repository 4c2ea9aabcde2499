/** @file What ONNX can do: channels first. The runtime fuses activations on its own. */
import type { Profile } from "../../plan/profile.ts";

export const onnxProfile: Profile = {
  name: "onnx",
  layout: "NCHW",
  variants: new Set([
    "conv2d.stride-and-dilation",
    "conv2d.groups",
    "depthwise.geometry",
    "maxpool.pads",
    "avgpool.pads",
    "conv2d_transpose.pads",
    "softmax.any-axis",
    "reduce.long",
    "cast.range",
  ]),
  epilogues: new Set(["bias"]),
  fusedByRuntime: new Set(["relu", "relu6", "sigmoid"]),
  fastDots: true,
  costs: { macs: 49, bytes: 127, rows: 0, resized: 550, step: 800_000 },
};
