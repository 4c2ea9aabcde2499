/** @file Loads the WebAssembly engine if the current backend can use it: the compiler is code that others need not fetch. */
import * as tf from "@tensorflow/tfjs-core";
import { backendOf } from "../../contract/backends.ts";
import type { ModelDefinition } from "../../contract/definition.ts";
import type { LoadWeight } from "../load-weights.ts";
import type { Unavailable } from "../model.ts";
import type { Threads } from "../threads.ts";
import type { Read } from "../weight-source.ts";
import type { WasmEngine } from "./engine.ts";

/**
 * Creates the engine of a model, or says why it cannot run on the current backend.
 * @throws DataError if the plan file is damaged or belongs to another module
 */
export async function wasmEngineOf(
  definition: ModelDefinition,
  load: LoadWeight,
  read: Read,
  threads: Threads,
): Promise<WasmEngine | Unavailable> {
  const backend = tf.getBackend();
  if (backendOf(backend)?.compiled !== true) return `the backend ${backend} has only calls`;
  const { wasmEngine } = await import("./engine.ts");
  return wasmEngine(definition, load, read, threads);
}
