/** @file The target `esm`: an ES module of TensorFlow.js calls, its types, its source map, and its TensorFlow graph. */
import { backends } from "../../contract/backends.ts";
import { isMadeByFuse } from "../../weights/made-by.ts";
import { savedModelProfile } from "../saved-model/profile.ts";
import { programName, type Target } from "../target.ts";
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
    const files = emitEsm(plans, { ...info, graph }).map(({ path, text }) => ({
      path,
      bytes: new TextEncoder().encode(text),
    }));
    if (!graph) return { files };
    const engine = emitEngine(
      plans.map(({ planFor }) => planFor(savedModelProfile)),
      info,
    );
    return { files: [...files, { path: `${programName(info.source)}.graph`, bytes: engine }] };
  },
  isOurs: (path, start) => {
    if (path.endsWith(".graph")) return isEngine(start);
    return path.endsWith(".safetensors") ? isMadeByFuse(start) : isModuleOfFuse(start);
  },
} as const satisfies Target;
