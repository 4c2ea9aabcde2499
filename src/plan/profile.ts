/** @file Profiles: what a target can do and has right. A lowering asks; no emitter decides. Each target has its own in its folder. */
import type { Backend } from "../contract/backends.ts";
import type { Variant } from "../ir/lowering.ts";
import type { Activation } from "../primitives/primitive.ts";

export interface Profile {
  /** The name of the target. */
  readonly name: string;
  /** The one backend that plans are for; without it, they run on every backend. */
  readonly backend?: Backend | undefined;
  /** Order of image axes in convolutions, pools and resizes. */
  readonly layout: "NHWC" | "NCHW";
  readonly variants: ReadonlySet<Variant>;
  /** What convolutions and matrix products do on their way, in the memory of their result. */
  readonly epilogues: ReadonlySet<Activation | "bias">;
}
