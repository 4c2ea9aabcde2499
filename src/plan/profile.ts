/** @file Profiles: what a target can do and has right. A lowering asks; no emitter decides. */
import type { Variant } from "../ir/lowering.ts";
import type { Activation } from "../primitives/primitive.ts";

export interface Profile {
  /** Of the target, and of the backend if it is for one only. */
  readonly name: string;
  /** Order of image axes in convolutions, pools and resizes. */
  readonly layout: "NHWC" | "NCHW";
  readonly variants: ReadonlySet<Variant>;
  /** What convolutions and matrix products do on their way, in the memory of their result. */
  readonly epilogues: ReadonlySet<Activation | "bias">;
}

/** The backends of TensorFlow.js that a module can be built for. */
export type Backend = "cpu" | "wasm" | "tensorflow";

const everywhere = [
  "conv2d.stride-and-dilation",
  "depthwise.geometry",
  "pool.global",
  "pool.symbolic-window",
] as const satisfies readonly Variant[];

/**
 * What each backend has right, through the calls that the primitives print. Pads of pools are missing everywhere: cpu and
 * wasm leave them out of an average, tensorflow refuses them. A pool over the whole image takes 0.08 ms for 56 x 56 x 64 on
 * tensorflow, as `tf.mean` does, 0.03 instead of 0.26 on wasm, and 0.4 instead of 22 on cpu.
 */
const variants: Readonly<Record<Backend, readonly Variant[]>> = {
  cpu: ["matmul.transposes", ...everywhere, "conv2d_transpose.pads"],
  wasm: ["matmul.transposes", ...everywhere, "conv2d_transpose.pads"],
  tensorflow: ["matmul.transposes", ...everywhere, "conv2d.groups"],
};

const epilogues: readonly (Activation | "bias")[] = ["bias", "relu", "relu6", "elu", "sigmoid"];

/**
 * Of an ES module for one backend; without one, for all of them: what each can do. The fused calls are right on all, so that
 * a module for all has them; inside, tensorflow runs them one after the other and frees nothing before the last.
 */
export function esmProfile(backend?: Backend): Profile {
  const [first = [], ...others] = backend === undefined ? Object.values(variants) : [variants[backend]];
  return {
    name: backend === undefined ? "esm" : `esm-${backend}`,
    layout: "NHWC",
    variants: new Set(first.filter((variant) => others.every((other) => other.includes(variant)))),
    epilogues: new Set(backend === "tensorflow" ? [] : epilogues),
  };
}

/**
 * Of a SavedModel: TensorFlow's own kernels, which take explicit pads and groups. A window is an attribute of its node, so that
 * it has no size of run time. The depthwise convolution has dilations and different strides with oneDNN only, which not every
 * processor runs; as a convolution with as many groups as channels it has them everywhere.
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
  epilogues: new Set(epilogues),
};

/**
 * Of a graph model: what the executor of TensorFlow.js has right on every backend. Windows are attributes here, too. Where the
 * window is known, the pool over a whole image of 56 x 56 x 64 takes 0.2 instead of 0.4 ms on wasm and 0.6 instead of 10 on cpu.
 */
export const graphModelProfile: Profile = {
  name: "graph-model",
  layout: "NHWC",
  variants: new Set(["matmul.transposes", "depthwise.geometry", "pool.global"]),
  epilogues: new Set(epilogues),
};

/** Of ONNX: channels first; the runtime fuses activations by itself. */
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
  ]),
  epilogues: new Set(["bias"]),
};
