/** @file Runs plans as printed ES modules. */
import * as tf from "@tensorflow/tfjs-core";
import { emitFactory, type ModuleInfo } from "../../src/codegen/esm/emit.ts";
import { dtypeOf, shapeOf } from "../../src/contract/manifest.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { instantiate, model, type Model } from "../../src/runtime/node/index.ts";
import { randomArray } from "./arrays.ts";
import { download, upload } from "./tensors.ts";

export const info: ModuleInfo = { source: "net.fuse", hash: "0123abcd", version: "0.1.0" };

/** Returns the model of a plan, ready to load. */
export async function modelOf(plan: Plan): Promise<Model> {
  const models = await instantiate(emitFactory([plan], info), "net.fuse.js", model);
  return models[plan.graph.name]!;
}

/** Returns values for all weights. Variances are positive. */
export function randomWeights(plan: Plan, random: () => number): Record<string, NdArray> {
  return Object.fromEntries(
    plan.manifest.map((entry) => {
      const dtype = dtypeOf(entry);
      const range: readonly [number, number] =
        dtype === "f32" ? (entry.path.endsWith("running_var") ? [0.5, 2] : [-0.5, 0.5]) : [-3, 3];
      return [entry.path, randomArray(random, dtype, shapeOf(entry), { range })];
    }),
  );
}

type Arrays = Readonly<Record<string, NdArray>>;

/** Loads a model, runs it on each of the inputs, and frees everything. Returns results by name. */
export async function runAll(plan: Plan, runs: readonly Arrays[], weights: Arrays): Promise<Record<string, NdArray>[]> {
  const loaded = await (await modelOf(plan)).load(weights);
  const arrays = runs.map((inputs) => {
    const tensors = Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, upload(array)]));
    const results = loaded.run(tensors);
    const made = Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, download(tensor)]));
    tf.dispose([tensors, results]);
    return made;
  });
  loaded.dispose();
  return arrays;
}

/** Like `runAll`, with one run. */
export async function runOnce(plan: Plan, inputs: Arrays, weights: Arrays): Promise<Record<string, NdArray>> {
  const [results] = await runAll(plan, [inputs], weights);
  return results!;
}
