/** @file What the ES module can do on each TensorFlow.js backend. */
import { backendNames, type Backend } from "../../contract/backends.ts";
import type { Variant } from "../../ir/lowering.ts";
import type { Costs } from "../../plan/costs.ts";
import type { Fault, Profile } from "../../plan/profile.ts";
import type { Activation } from "../../primitives/primitive.ts";

/** What one backend gets right, through the calls that the primitives print. */
interface Abilities {
  readonly variants: readonly Variant[];
  readonly epilogues: readonly (Activation | "bias")[];
  readonly faults?: readonly Fault[];
  readonly costs: Costs;
}

/**
 * Padded pools are missing: cpu and wasm leave pads out of an average, and tensorflow rejects them. Pooling over a
 * whole image of 56 x 56 x 64 takes 0.08 ms on tensorflow, like `tf.mean`, 0.03 instead of 0.26 on wasm, and 0.4
 * instead of 22 on cpu.
 */
const everywhere: readonly Variant[] = [
  "matmul.transposes",
  "conv2d.stride-and-dilation",
  "depthwise.geometry",
  "pool.global",
  "pool.symbolic-window",
];

const fused: Abilities["epilogues"] = ["bias", "relu", "relu6", "elu", "sigmoid"];

const wasmCosts: Costs = { macs: 114, bytes: 88, rows: 145_000, resized: 110, step: 7_500_000 };

const abilities = {
  cpu: {
    variants: [...everywhere, "conv2d_transpose.pads", "reduce.long"],
    epilogues: fused,
    costs: { macs: 4000, bytes: 2400, rows: 0, resized: 0, step: 4_300_000 },
  },
  // Adds elements one after the other.
  wasm: {
    variants: [...everywhere, "conv2d_transpose.pads"],
    epilogues: fused,
    costs: wasmCosts,
  },
  // Fused calls are correct here too, but run one after the other internally and free nothing before the last.
  tensorflow: {
    variants: [...everywhere, "conv2d.groups", "reduce.long", "cast.range"],
    epilogues: [],
    costs: { macs: 56, bytes: 88, rows: 0, resized: 150, step: 43_000_000 },
  },
  // Silently wrong with groups, so convolutions are split. Costs of graphics cards differ too much to be known here.
  webgl: {
    variants: [...everywhere, "maxpool.pads", "conv2d_transpose.pads"],
    epilogues: fused,
    faults: ["many-axes", "log1p-below"],
    costs: wasmCosts,
  },
  webgpu: {
    variants: [...everywhere, "maxpool.pads", "conv2d_transpose.pads"],
    epilogues: fused,
    faults: ["many-axes", "integer-transposes", "reverse-scans", "arg-ties", "log1p-below"],
    costs: wasmCosts,
  },
} satisfies Record<Backend, Abilities>;

/**
 * Returns the profile of an ES module for one backend. By default, the module runs on every backend: it uses the
 * variants that all of them have, and the fused calls, which are correct on all of them. Its costs are those of wasm,
 * where such modules mostly run.
 */
export function esmProfile(backend?: Backend): Profile {
  const meant = (backend === undefined ? backendNames : [backend]).map((name): Abilities => abilities[name]);
  const [first, ...others] = meant;
  return {
    name: "esm",
    backend,
    layout: "NHWC",
    variants: new Set(first!.variants.filter((variant) => others.every(({ variants }) => variants.includes(variant)))),
    faults: new Set(meant.flatMap(({ faults = [] }) => faults)),
    epilogues: new Set(backend === undefined ? fused : first!.epilogues),
    costs: abilities[backend ?? "wasm"].costs,
  };
}
