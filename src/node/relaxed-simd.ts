/** @file Products and sums that are rounded once, in WebAssembly: Node 20 has them, but only if a process says so. */
import * as v8 from "node:v8";

/** Allows them in this process. Has no effect after the first WebAssembly was compiled. Later versions of Node need no flag. */
export function allowRelaxedSimd(): void {
  if (process.versions.node.startsWith("20.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
}
