/** @file The target `standalone`: a module without TensorFlow.js on our own WebAssembly, for input sizes that are known. */
import { isMadeByFuse } from "../../weights/made-by.ts";
import { isModuleOfFuse } from "../esm/emit.ts";
import type { Target } from "../target.ts";
import { wasmProfile } from "../wasm/profile.ts";
import { emitStandalone } from "./emit.ts";
import { isMachineCode } from "./machine-code.ts";

export const standalone = {
  doc: "an ES module without dependencies, with machine code for the input sizes of --at",
  profile: { ...wasmProfile, name: "standalone" },
  holdsWeights: false,
  fixesSizes: true,
  emit: emitStandalone,
  isOurs: (path, start) => {
    if (path.endsWith(".wasm")) return isMachineCode(start);
    return path.endsWith(".safetensors") ? isMadeByFuse(start) : isModuleOfFuse(start);
  },
} as const satisfies Target;
