/** @file What lies next to a module, because engines run it faster than its calls: graphs for TensorFlow, plans for WebAssembly. */
import { backends } from "../../contract/backends.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Profile } from "../../plan/profile.ts";
import { savedModelProfile } from "../saved-model/profile.ts";
import { emitEngine } from "../tensorflow/engine.ts";
import type { SourceInfo } from "../target.ts";
import { emitPlanFile } from "../wasm/plan-file.ts";
import { wasmProfile } from "../wasm/profile.ts";

/** The content of the files by the ending of their names. A backend that cannot use a file has none. */
export interface Beside {
  readonly graph?: Uint8Array<ArrayBuffer>;
  readonly plan?: Uint8Array<ArrayBuffer>;
}

export function besideModule(plans: readonly Plan[], info: SourceInfo): Beside {
  const isFor = (ability: "sessions" | "compiled") =>
    plans.every(({ profile: { backend } }) => backend === undefined || backends[backend][ability] === true);
  const planned = (profile: Profile) => plans.map(({ planFor }) => planFor(profile));
  return {
    ...(isFor("sessions") ? { graph: emitEngine(planned(savedModelProfile), info) } : {}),
    ...(isFor("compiled") ? { plan: new TextEncoder().encode(emitPlanFile(planned(wasmProfile), info)) } : {}),
  };
}
