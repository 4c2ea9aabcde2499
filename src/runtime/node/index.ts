/**
 * @file `fuse-lang/runtime` in Node: the same, with weights from files, with sessions of TensorFlow and, where there is no
 * backend, one that is chosen.
 */
import * as tf from "@tensorflow/tfjs-core";
import { fileURLToPath } from "node:url";
import type { ModelDefinition, Tensors } from "../../contract/definition.ts";
import { fetchBytes } from "../fetch.ts";
import { makeModel, type LoadOptions, type Model } from "../model.ts";
import { allowBf16, selectBackend } from "./backend.ts";
import { readBytes } from "./file.ts";
import { copyInto } from "./native/arrays.ts";
import { nativeEngine } from "./native/engine.ts";

export * from "../index.ts";
export { alignedArray } from "./native/arrays.ts";
export type { NodeBackend } from "../../contract/backends.ts";
export { selectBackend, type BackendChoice } from "./backend.ts";

/** A model of its definition. Weights are read from a path or a `file:` URL, or fetched from another one. */
export function model<Inputs extends Tensors, Results extends Tensors>(
  definition: ModelDefinition,
): Model<Inputs, Results> {
  return makeModel(definition, {
    read,
    ready,
    engine: (definition, load) => nativeEngine(definition, load, read),
    copyInto,
  });
}

async function read(place: string | URL): Promise<Uint8Array> {
  if (typeof place === "string" && !/^(https?|file):/.test(place)) return readBytes(place);
  const url = new URL(place);
  return url.protocol === "file:" ? readBytes(fileURLToPath(url)) : fetchBytes(url);
}

/** Leaves alone what the program has set up. */
async function ready(options: LoadOptions): Promise<void> {
  if (options.allowBf16) allowBf16();
  if (Object.keys(tf.engine().registryFactory).length === 0) await selectBackend("auto");
  await tf.ready();
}
