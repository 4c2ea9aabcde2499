/** @file Plans with weights for targets, and sessions of the SavedModels they write. */
import type { Program } from "../../src/check/program.ts";
import type { Arrays } from "../../src/cli/run/engines/engine.ts";
import { savedModelEngine } from "../../src/cli/run/engines/saved-model.ts";
import { paths } from "../../src/codegen/saved-model/layout.ts";
import { readSavedModel, type SavedModelBytes } from "../../src/codegen/saved-model/read.ts";
import type { BinaryFile, Emission, SourceInfo, WeightedPlan } from "../../src/codegen/target.ts";
import type { TargetName } from "../../src/codegen/targets.ts";
import { build, buildPlans } from "../../src/compile.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { seeded } from "./arrays.ts";
import { programOf } from "./check.ts";
import { randomWeights } from "./run.ts";

export const source: SourceInfo = { source: "net.fuse", hash: "0123abcd", version: "0.1.0" };

/** Returns all models of a program. A weight that several of them have in one shape has one value. */
export function weightedPlans(text: string, target: TargetName, seed = 1): WeightedPlan[] {
  const { value, diagnostics } = buildPlans(programOf(text), { target });
  if (value === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const known = new Map<string, NdArray>();
  return value.map((plan) => {
    const random = seeded(seed);
    const own = Object.entries(randomWeights(plan, random)).map(([path, array]) => {
      const key = `${path} ${array.shape.join()}`;
      const first = known.get(key) ?? array;
      known.set(key, first);
      return [path, first] as const;
    });
    const weights: Arrays = Object.fromEntries(own);
    return { plan, load: (path) => weights[path]! };
  });
}

/** Returns the files; throws if there are none. */
export function filesOf(emission: Emission): readonly BinaryFile[] {
  if ("files" in emission) return emission.files;
  throw new Error(`no files: ${JSON.stringify(emission)}`);
}

/**
 * Returns the module, its types and its map as texts, its graph, and the names of all files. Throws if there are none.
 */
export function moduleOf(program: Program, plans: readonly Plan[], locate?: (path: string) => string | undefined) {
  const { value: files = [] } = build(program, "esm", plans, locate === undefined ? {} : { locate });
  const bytes = (ending: string) => files.find(({ path }) => path.endsWith(ending))!.bytes;
  const [module, types, map] = [".js", ".d.ts", ".js.map"].map((ending) => new TextDecoder().decode(bytes(ending)));
  return { module: module!, types: types!, map: map!, graph: bytes(".graph"), paths: files.map(({ path }) => path) };
}

/** Returns the files of a SavedModel by their role. */
export function partsOf(files: readonly BinaryFile[]): SavedModelBytes {
  const part = (name: string) => files.find(({ path }) => path.endsWith(`/${name}`))?.bytes;
  return { model: part(paths.model)!, notes: part(paths.notes)!, weights: part(paths.weights) };
}

/** Runs one model of a SavedModel once, on the tensorflow backend, which must be the current one. */
export async function runSavedModel(files: readonly BinaryFile[], model: string, inputs: Arrays): Promise<Arrays> {
  const parts = partsOf(files);
  const session = readSavedModel(parts).find(({ info }) => info.model === model)!;
  const engine = savedModelEngine(session);
  try {
    return await engine.run(inputs);
  } finally {
    engine.dispose();
  }
}
