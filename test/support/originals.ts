/** @file The trained networks in their original files: the oracles of the examples. */
import { loadGraphModel, type GraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";

/** Loads `test/golden/<folder>/<name>.json` and its weights. */
export function loadOriginal(folder: string, name: string): Promise<GraphModel> {
  const json = JSON.parse(readFileSync(`test/golden/${folder}/${name}.json`, "utf8")) as tf.io.ModelJSON;
  const bytes = readFileSync(`test/golden/${folder}/${name}.bin`);
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  const weightSpecs = json.weightsManifest[0]!.weights;
  return loadGraphModel(tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs, weightData }));
}
