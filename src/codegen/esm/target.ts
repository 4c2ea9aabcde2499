/** @file The target `esm`: an ES module of TensorFlow.js calls, its types, its source map, and its TensorFlow graph. */
import { backends } from "../../contract/backends.ts";
import { isMadeByFuse } from "../../weights/made-by.ts";
import { savedModelProfile } from "../saved-model/profile.ts";
import { programName, type Target } from "../target.ts";
import { emitPlanFile, isPlanFile } from "../wasm/plan-file.ts";
import { wasmProfile } from "../wasm/profile.ts";
import type { Profile } from "../../plan/profile.ts";
import { emitEngine, isEngine } from "../tensorflow/engine.ts";
import { emitEsm, isModuleOfFuse } from "./emit.ts";
import { esmProfile } from "./profile.ts";

export const esm = {
  doc: "an ES module for TensorFlow.js with types and a source map",
  profile: esmProfile(),
  profileFor: esmProfile,
  holdsWeights: false,
  emit: (models, info) => {
    const plans = models.map(({ plan }) => plan);
    const graph = plans.every(
      ({ profile: { backend } }) => backend === undefined || backends[backend].sessions === true,
    );
    const plan = plans.every(
      ({ profile: { backend } }) => backend === undefined || backends[backend].compiled === true,
    );
    const beside = (kind: string, bytes: () => Uint8Array<ArrayBuffer>) => ({
      path: `${programName(info.source)}.${kind}`,
      bytes: bytes(),
    });
    const planned = (profile: Profile) => plans.map(({ planFor }) => planFor(profile));
    const text = new TextEncoder();
    return {
      files: [
        ...emitEsm(plans, { ...info, graph, plan }).map(({ path, text: code }) => ({ path, bytes: text.encode(code) })),
        ...(graph ? [beside("graph", () => emitEngine(planned(savedModelProfile), info))] : []),
        ...(plan ? [beside("plan", () => text.encode(emitPlanFile(planned(wasmProfile), info)))] : []),
      ],
    };
  },
  isOurs: (path, start) => {
    if (path.endsWith(".graph")) return isEngine(start);
    if (path.endsWith(".plan")) return isPlanFile(start);
    return path.endsWith(".safetensors") ? isMadeByFuse(start) : isModuleOfFuse(start);
  },
} as const satisfies Target;
