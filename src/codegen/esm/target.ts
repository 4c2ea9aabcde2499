/** @file The target `esm`: an ES module of TensorFlow.js calls, its types, its source map, and its TensorFlow graph. */
import { isMadeByFuse } from "../../weights/made-by.ts";
import { programName, type Target } from "../target.ts";
import { isEngine } from "../tensorflow/engine.ts";
import { isPlanFile } from "../wasm/plan-file.ts";
import { besideModule } from "./beside.ts";
import { emitEsm, isModuleOfFuse } from "./emit.ts";
import { esmProfile } from "./profile.ts";

export const esm = {
  doc: "an ES module for TensorFlow.js with types and a source map",
  profile: esmProfile(),
  profileFor: esmProfile,
  holdsWeights: false,
  emit: (models, info) => {
    const plans = models.map(({ plan }) => plan);
    const beside = besideModule(plans, info);
    const module = emitEsm(plans, { ...info, graph: beside.graph !== undefined, plan: beside.plan !== undefined });
    const text = new TextEncoder();
    return {
      files: [
        ...module.map(({ path, text: code }) => ({ path, bytes: text.encode(code) })),
        ...Object.entries<Uint8Array>({ ...beside }).map(([kind, bytes]) => ({
          path: `${programName(info.source)}.${kind}`,
          bytes,
        })),
      ],
    };
  },
  isOurs: (path, start) => {
    if (path.endsWith(".graph")) return isEngine(start);
    if (path.endsWith(".plan")) return isPlanFile(start);
    return path.endsWith(".safetensors") ? isMadeByFuse(start) : isModuleOfFuse(start);
  },
} as const satisfies Target;
