/** @file What our own WebAssembly computes. */
import type { Profile } from "../../plan/profile.ts";

/** Functions after a product run in its registers, so none needs to be absorbed before. */
export const wasmProfile: Profile = {
  name: "wasm",
  layout: "NHWC",
  variants: new Set([
    "attention",
    "avgpool.pads",
    "cast.range",
    "conv2d.groups",
    "conv2d.stride-and-dilation",
    "conv2d_transpose.pads",
    "depthwise.geometry",
    "matmul.bias-with-batch",
    "matmul.transposes",
    "maxpool.pads",
    "pool.global",
    "pool.symbolic-window",
    "reduce.long",
    "softmax.any-axis",
    "sum",
  ]),
  epilogues: new Set(["bias"]),
  // Measured with one thread: see `fuse calibrate`.
  costs: { macs: 56, bytes: 88, rows: 0, resized: 110, step: 400_000 },
};
