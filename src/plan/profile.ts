/** @file Profiles: what a target supports and computes correctly. Lowerings decide by them, emitters never. Each target has one. */
import type { Backend } from "../contract/backends.ts";
import type { Variant } from "../ir/lowering.ts";
import type { Activation } from "../primitives/primitive.ts";
import type { Costs } from "./costs.ts";

/** What a target's calls get wrong. Plans for it avoid that, in `few-axes.ts` and `substitutes.ts`. */
export type Fault =
  /** some calls fail, or return garbage, for tensors of more than four axes */
  | "many-axes"
  /** transposes of i32 and bool return garbage, except of matrices */
  | "integer-transposes"
  /** running sums and products from the last element to the first are wrong */
  | "reverse-scans"
  /** the index of the largest element is not the first one of equal elements, or has another shape */
  | "arg-ties"
  /** the logarithm of 1 + x is a number for x below -1 */
  | "log1p-below";

export interface Profile {
  /** The name of the target. */
  readonly name: string;
  /** The one backend that plans are for. By default, they run on every backend. */
  readonly backend?: Backend | undefined;
  /** Order of image axes in convolutions, pools and resizes. */
  readonly layout: "NHWC" | "NCHW";
  readonly variants: ReadonlySet<Variant>;
  /** What plans must avoid; nothing by default. */
  readonly faults?: ReadonlySet<Fault> | undefined;
  /** Epilogues that convolutions and matrix products can fuse. They run in the memory of the result. */
  readonly epilogues: ReadonlySet<Activation | "bias">;
  /** Activations that the runtime fuses into the convolution before them. They stay in the plan, and cost nothing there. */
  readonly fusedByRuntime?: ReadonlySet<Activation>;
  /** Products of two tensors of a run take what their multiply-accumulates take, however the tensors lie in memory. */
  readonly fastDots?: true;
  /** What the work of a plan takes, with one thread. Choices between plans depend on their ratios only. */
  readonly costs: Costs;
}

/** Returns the profile with other costs, if there are any. */
export function withCosts(profile: Profile, costs: Costs | undefined): Profile {
  return costs === undefined ? profile : { ...profile, costs };
}
