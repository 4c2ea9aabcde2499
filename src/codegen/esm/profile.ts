/** @file What the ES module can do on each backend of TensorFlow.js. */
import { backendNames, type Backend } from "../../contract/backends.ts";
import type { Variant } from "../../ir/lowering.ts";
import type { Profile } from "../../plan/profile.ts";
import type { Activation } from "../../primitives/primitive.ts";

/** What one backend has right, through the calls that the primitives print. */
interface Abilities {
  readonly variants: readonly Variant[];
  readonly epilogues: readonly (Activation | "bias")[];
}

/**
 * Pads of pools are missing: cpu and wasm leave them out of an average, tensorflow refuses them. A pool over the whole image
 * takes 0.08 ms for 56 x 56 x 64 on tensorflow, as `tf.mean` does, 0.03 instead of 0.26 on wasm, and 0.4 instead of 22 on cpu.
 */
const everywhere: readonly Variant[] = [
  "matmul.transposes",
  "conv2d.stride-and-dilation",
  "depthwise.geometry",
  "pool.global",
  "pool.symbolic-window",
];

const fused: Abilities["epilogues"] = ["bias", "relu", "relu6", "elu", "sigmoid"];

const abilities = {
  cpu: { variants: [...everywhere, "conv2d_transpose.pads"], epilogues: fused },
  wasm: { variants: [...everywhere, "conv2d_transpose.pads"], epilogues: fused },
  // The fused calls are right here, too. Inside, it runs them one after the other and frees nothing before the last.
  tensorflow: { variants: [...everywhere, "conv2d.groups"], epilogues: [] },
} satisfies Record<Backend, Abilities>;

/**
 * The profile of an ES module for one backend. Without one, the module runs on every backend: it uses the variants that all
 * of them have, and the fused calls, which are right on all of them.
 */
export function esmProfile(backend?: Backend): Profile {
  const [first, ...others] = (backend === undefined ? backendNames : [backend]).map(
    (name): Abilities => abilities[name],
  );
  return {
    name: "esm",
    backend,
    layout: "NHWC",
    variants: new Set(first!.variants.filter((variant) => others.every(({ variants }) => variants.includes(variant)))),
    epilogues: new Set(backend === undefined ? fused : first!.epilogues),
  };
}
