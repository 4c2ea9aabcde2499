/** @file The interface with which primitives print expressions for ES modules. */
import type { Size } from "../../sizes/size.ts";

/** Prints JavaScript for the ES module. `tf` is `@tensorflow/tfjs-core`, imported as a namespace. */
export interface EsmEmitter {
  /** Prints a size as an expression over the sizes that the guard reads: `4`, `h`, `Math.ceil(h / 2)`. */
  size(size: Size): string;
  /** Prints a list of sizes: `[n, 64, 2 * h]`. */
  sizes(sizes: readonly Size[]): string;
}
