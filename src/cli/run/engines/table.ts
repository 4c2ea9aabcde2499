/** @file The engines that run the models of each target: `--engine`. An engine is loaded on first use. */
import type { EngineName, ReadableTarget, StoredModels } from "../../../codegen/targets.ts";
import type { NodeBackend } from "../../../contract/backends.ts";
import type { Engine } from "./engine.ts";

interface EngineRecord {
  /** For help: what the model runs as. */
  readonly doc: string;
  /** The backend that it runs on: any, this one, or none if it does not use TensorFlow.js. */
  readonly backend: "any" | "none" | NodeBackend;
}

/**
 * Makes a built model ready to run. The backend is the current one; undefined if the engine needs none. `threads` is for
 * engines that choose for each model how many they use.
 */
type Start<Model> = (model: Model, backend: NodeBackend | undefined, threads?: number) => Promise<Engine>;

const records = {
  esm: { doc: "an ES module that calls TensorFlow.js", backend: "any" },
  "saved-model": { doc: "a TensorFlow session", backend: "tensorflow" },
  "graph-model": { doc: "the TensorFlow.js graph executor", backend: "any" },
  onnx: { doc: "ONNX Runtime", backend: "none" },
} as const satisfies Record<EngineName, EngineRecord>;

export const engines: Readonly<Record<EngineName, EngineRecord>> = records;

export const engineNames = Object.keys(engines) as readonly EngineName[];

/** The engine for a program's model if no other is better. */
export const defaultEngine = "esm" satisfies EngineName;

/** Returns the default engine for a backend: one made for it, or the ES module. */
export function engineFor(backend: NodeBackend): EngineName {
  return engineNames.find((name) => engines[name].backend === backend) ?? defaultEngine;
}

/** The engines of targets whose files can be run. */
export const starters: { readonly [T in ReadableTarget]: Start<StoredModels[T]> } = {
  "saved-model": async (model) => (await import("./saved-model.ts")).savedModelEngine(model),
  "graph-model": async (model, on) => (await import("./graph-model.ts")).graphModelEngine(model, on),
  onnx: async (model, _, threads) => (await import("./onnx.ts")).onnxEngine(model, threads),
};
