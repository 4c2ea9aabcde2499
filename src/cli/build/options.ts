/** @file The options of `fuse build`. */
import type { TargetName } from "../../codegen/targets.ts";
import type { Backend } from "../../contract/backends.ts";
import type { MatchingOptions, ModelOptions, OptimizationOptions } from "../terminal/options.ts";

/** The options as the command line gives them. */
export interface BuildOptions extends ModelOptions, MatchingOptions, OptimizationOptions {
  readonly target: TargetName;
  readonly backend?: Backend;
  readonly weights?: string;
  readonly maxWeights: number;
  readonly costs?: string;
  readonly at?: Readonly<Record<string, number>>;
  readonly outdir?: string;
}
