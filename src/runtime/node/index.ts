/**
 * @file `fuse-lang/runtime` in Node: adds weights from files, TensorFlow sessions and, if no backend is registered, automatic
 * choice of one.
 */
import * as tf from "@tensorflow/tfjs-core";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { ModelDefinition, Tensors } from "../../contract/definition.ts";
import { fetchBytes } from "../fetch.ts";
import { makeModel, type LoadOptions, type Model } from "../model.ts";
import { allowBf16, selectBackend } from "./backend.ts";
import { engineOf } from "./engines.ts";
import { readBytes } from "./file.ts";
import { copyInto } from "./native/arrays.ts";
import { startHelper } from "./start-helper.ts";

export * from "../index.ts";
export { alignedArray } from "./native/arrays.ts";
export { UnavailableEngine } from "../model.ts";
export type { NodeBackend } from "../../contract/backends.ts";
export { selectBackend, type BackendChoice } from "./backend.ts";

/** Creates a model from its definition. Weights are read from a path or `file:` URL, or fetched from any other URL. */
export function model<Inputs extends Tensors, Results extends Tensors>(
  definition: ModelDefinition,
): Model<Inputs, Results> {
  return makeModel(definition, {
    read,
    ready,
    engine: (definition, load, options) => engineOf(definition, load, options, read),
    threads: { processors: availableParallelism(), start: startHelper },
    copyInto,
  });
}

async function read(place: string | URL, limit?: number): Promise<Uint8Array> {
  if (typeof place === "string" && !/^(https?|file):/.test(place)) return readBytes(place, limit);
  const url = new URL(place);
  return url.protocol === "file:" ? readBytes(fileURLToPath(url), limit) : fetchBytes(url, limit);
}

/** Selects a backend unless the program has registered one. */
async function ready(options: LoadOptions): Promise<void> {
  if (options.allowBf16) allowBf16();
  if (Object.keys(tf.engine().registryFactory).length === 0) await selectBackend("auto");
  await tf.ready();
}
