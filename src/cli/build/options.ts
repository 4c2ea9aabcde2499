/** @file The options of `fuse build`. */
import type { Backend } from "../../plan/profile.ts";
import type { MatchingOptions, ModelOptions } from "../terminal/options.ts";
import type { TargetName } from "./targets.ts";

/** As the command line gives them. */
export interface BuildOptions extends ModelOptions, MatchingOptions {
  readonly target: "esm" | TargetName;
  readonly backend?: Backend;
  readonly weights?: string;
  readonly maxWeights: number;
  readonly outdir?: string;
}
