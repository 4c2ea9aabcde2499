/** @file Models with the graph that the native engine runs, like those of a module next to its engine file. */
import * as tf from "@tensorflow/tfjs-core";
import { emitFactory } from "../../src/codegen/esm/emit.ts";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { savedModelProfile } from "../../src/codegen/saved-model/profile.ts";
import { emitEngine } from "../../src/codegen/tensorflow/engine.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { plan } from "../../src/plan/plan.ts";
import { instantiate, model, type Model, type ModelDefinition } from "../../src/runtime/node/index.ts";
import { info } from "./run.ts";

/** Returns the engine file of some models. */
export function engineFile(...graphs: readonly ModelGraph[]): Uint8Array<ArrayBuffer> {
  return emitEngine(
    graphs.map((graph) => plan(graph, savedModelProfile)),
    info,
  );
}

/** Returns the model of a graph, ready to load, with `change` applied to its definition. */
export async function sessionModel(
  graph: ModelGraph,
  change: Partial<ModelDefinition> = { graph: engineFile(graph) },
): Promise<Model> {
  const text = emitFactory([plan(graph, esmProfile())], info);
  const models = await instantiate(text, "net.fuse.js", (definition) => model({ ...definition, ...change }));
  return models[graph.name]!;
}

/** Returns what the process holds in TensorFlow and tfjs: tensors, their handles in TensorFlow, sessions. */
export function held(): { readonly tensors: number; readonly handles: number; readonly sessions: number } {
  const backend = tf.findBackend("tensorflow") as unknown as {
    getNumOfTFTensors(): number;
    getNumOfSavedModels(): number;
  };
  const { numTensors } = tf.memory();
  return { tensors: numTensors, handles: backend.getNumOfTFTensors(), sessions: backend.getNumOfSavedModels() };
}
