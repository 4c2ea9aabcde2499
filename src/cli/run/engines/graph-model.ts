/** @file Runs a graph model in the TensorFlow.js executor, on the current backend. */
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import type { LoadableGraphModel } from "../../../codegen/graph-model/read.ts";
import type { NodeBackend } from "../../../runtime/node/index.ts";
import { withTensors, type Engine } from "./engine.ts";

/** Creates the engine of a model that `readGraphModel` has validated. */
export async function graphModelEngine(
  { artifacts, inputs, results }: LoadableGraphModel,
  on: NodeBackend | undefined,
): Promise<Engine> {
  const { weightData, weightSpecs, ...others } = artifacts;
  const model = await loadGraphModel(
    tf.io.fromMemory({ ...others, weightSpecs: [...weightSpecs], weightData: new Uint8Array(weightData).buffer }),
  );
  const names = [...results.keys()];
  return {
    on: on ?? "TensorFlow.js",
    run: (given) =>
      withTensors(given, (tensors) => {
        const fed = Object.entries(tensors).map(([name, tensor]) => [inputs.get(name)!, tensor] as const);
        const values = model.execute(Object.fromEntries(fed), [...results.values()]);
        const list = Array.isArray(values) ? values : [values];
        return Object.fromEntries(names.map((name, i) => [name, list[i]!]));
      }),
    dispose: () => model.dispose(),
  };
}
