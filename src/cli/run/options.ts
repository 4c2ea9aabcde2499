/** @file The options of `fuse run`. */
import type { BackendChoice } from "../../runtime/node/index.ts";
import type { RunAs } from "./engines/table.ts";
import type { MatchingOptions, ModelOptions, OptimizationOptions, Pairs } from "../terminal/options.ts";

/** The options as the command line gives them. */
export interface RunOptions extends ModelOptions, MatchingOptions, OptimizationOptions {
  readonly weights?: string;
  readonly maxWeights: number;
  readonly in?: Pairs;
  readonly out?: Pairs;
  readonly expect?: Pairs;
  readonly case?: string;
  readonly tolerance: number;
  readonly backend: BackendChoice;
  readonly engine: "auto" | RunAs;
  readonly costs?: string;
  readonly pixels: "0..1" | "0..255";
  readonly repeat?: number;
  readonly debug?: true;
}
