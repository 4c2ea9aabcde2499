/** @file The engines that run the models of each target: `--engine`. An engine is loaded on first use. */
import type { EngineName, ReadableTarget, StoredModels } from "../../../codegen/targets.ts";
import type { NodeBackend } from "../../../contract/backends.ts";
import type { EngineName as ModuleEngineName } from "../../../runtime/node/index.ts";
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

/** How `fuse run` can run a program: as a file of a target, or as the module by one way of running it. */
export type RunAs = EngineName | ModuleEngineName;

const records = {
  esm: { doc: "the ES module, as the fastest of the next three", backend: "any" },
  session: { doc: "a TensorFlow session", backend: "tensorflow" },
  wasm: { doc: "WebAssembly compiled for the sizes of the inputs", backend: "any" },
  calls: { doc: "calls of TensorFlow.js", backend: "any" },
  "saved-model": { doc: "a SavedModel in a TensorFlow session", backend: "tensorflow" },
  "graph-model": { doc: "the TensorFlow.js graph executor", backend: "any" },
  onnx: { doc: "ONNX Runtime", backend: "none" },
} as const satisfies Record<RunAs, EngineRecord>;

export const engines: Readonly<Record<RunAs, EngineRecord>> = records;

export const engineNames = Object.keys(engines) as readonly RunAs[];

/** The engine for a program's model. */
export const defaultEngine = "esm" satisfies EngineName;

/** The module's fastest way to run on backends without sessions. */
export const compiledEngine = "wasm" satisfies ModuleEngineName;

/** How the module runs: by one way, or by the fastest. */
export type ModuleRun = typeof defaultEngine | ModuleEngineName;

/** Whether the engine runs files of a target other than the module. */
export const isTarget = (engine: RunAs): engine is ReadableTarget => Object.hasOwn(starters, engine);

/** The engines of targets whose files can be run. */
export const starters: { readonly [T in ReadableTarget]: Start<StoredModels[T]> } = {
  "saved-model": async (model) => (await import("./saved-model.ts")).savedModelEngine(model),
  "graph-model": async (model, on) => (await import("./graph-model.ts")).graphModelEngine(model, on),
  onnx: async (model, _, threads) => (await import("./onnx.ts")).onnxEngine(model, threads),
};
