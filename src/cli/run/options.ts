/** @file The options of `fuse run`. */
import type { MatchingOptions, ModelOptions, Pairs } from "../terminal/options.ts";
import type { EngineName } from "./engines/engine.ts";

/** As the command line gives them. */
export interface RunOptions extends ModelOptions, MatchingOptions {
  readonly weights?: string;
  readonly maxWeights: number;
  readonly in?: Pairs;
  readonly out?: Pairs;
  readonly expect?: Pairs;
  readonly tolerance: number;
  readonly backend: "auto" | "wasm" | "cpu" | "tensorflow";
  readonly engine: "auto" | EngineName;
  readonly pixels: "0..1" | "0..255";
  readonly debug?: true;
}
