/** @file What runs the models of each target: `--engine`. An engine is only loaded when it is used. */
import type { EngineName, ReadableTarget, StoredModels } from "../../../codegen/targets.ts";
import type { NodeBackend } from "../../../contract/backends.ts";
import type { Engine } from "./engine.ts";

interface EngineRecord {
  /** For help: what the model is run as. */
  readonly doc: string;
  /** The backend that it runs on: any, this one, or none because it does not compute with TensorFlow.js. */
  readonly backend: "any" | "none" | NodeBackend;
}

/** Makes a model of a file ready to run. The backend is the one in use; undefined where the engine needs none. */
type Start<Model> = (model: Model, backend: NodeBackend | undefined) => Promise<Engine>;

const records = {
  esm: { doc: "an ES module that calls TensorFlow.js", backend: "any" },
  "saved-model": { doc: "a TensorFlow session", backend: "tensorflow" },
  "graph-model": { doc: "the TensorFlow.js graph executor", backend: "any" },
  onnx: { doc: "ONNX Runtime", backend: "none" },
} as const satisfies Record<EngineName, EngineRecord>;

export const engines: Readonly<Record<EngineName, EngineRecord>> = records;

export const engineNames = Object.keys(engines) as readonly EngineName[];

/** What runs a model of a program where no engine is better. */
export const defaultEngine = "esm" satisfies EngineName;

/** The engine that runs a model if none is chosen: one that is made for this backend, or the ES module. */
export function engineFor(backend: NodeBackend): EngineName {
  return engineNames.find((name) => engines[name].backend === backend) ?? defaultEngine;
}

/** For the targets whose files are run. */
export const starters: { readonly [T in ReadableTarget]: Start<StoredModels[T]> } = {
  "saved-model": async (model) => (await import("./saved-model.ts")).savedModelEngine(model),
  "graph-model": async (model, on) => (await import("./graph-model.ts")).graphModelEngine(model, on),
  onnx: async (model) => (await import("./onnx.ts")).onnxEngine(model),
};
