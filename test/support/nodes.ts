/** @file Runs TensorFlow nodes: as a SavedModel in a tfjs-node session, and as a TensorFlow.js graph model. */
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import type { NodeJSKernelBackend } from "@tensorflow/tfjs-node/dist/nodejs_kernel_backend.js";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { nodesToJson } from "../../src/codegen/graph-model/json.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { encode } from "../../src/protobuf/message.ts";
import { SavedModel, type NodeDef } from "../../src/protobuf/tensorflow.ts";
import { download, upload } from "./tensors.ts";

/** Arrays by the names of their nodes. */
export type Feeds = Readonly<Record<string, NdArray>>;

/** Loaded nodes. */
export interface LoadedNodes {
  /** Returns the results of nodes that depend on the feeds. */
  run(feeds: Feeds, results: readonly string[]): readonly NdArray[];
  dispose(): void;
}

/** Loads nodes into a session of the native backend, which must be the current one. */
export function openSession(nodes: readonly NodeDef[]): LoadedNodes {
  const backend = tf.backend() as NodeJSKernelBackend;
  const folder = mkdtempSync(join(tmpdir(), "fuse-nodes-"));
  const metaGraph = { metaInfoDef: { tags: ["serve"] }, graphDef: { node: nodes, versions: { producer: 1087 } } };
  writeFileSync(join(folder, "saved_model.pb"), encode(SavedModel, { schemaVersion: 1, metaGraphs: [metaGraph] }));
  const session = backend.loadSavedModelMetaGraph(folder, "serve");
  rmSync(folder, { recursive: true });
  return {
    run: (feeds, results) => {
      const names = Object.keys(feeds);
      const tensors = names.map((name) => upload(feeds[name]!));
      const made = backend.runSavedModel(
        session,
        tensors,
        names.map((name) => ({ name: `${name}:0`, dtype: "float32" })),
        results.map((name) => `${name}:0`),
      );
      const arrays = made.map(download);
      tf.dispose([tensors, made]);
      return arrays;
    },
    dispose: () => backend.deleteSavedModel(session),
  };
}

/** Loads nodes into the TensorFlow.js executor on the current backend. */
export async function openGraphModel(nodes: readonly NodeDef[]): Promise<LoadedNodes> {
  const { node, constants } = nodesToJson(nodes);
  const weightSpecs = constants.map(({ name, shape, dtype }) => ({ name, shape: [...shape], dtype }));
  const weightData = new Uint8Array(Buffer.concat(constants.map(({ content }) => content))).buffer;
  const modelTopology = { node, library: {}, versions: { producer: 1087, minConsumer: 12 } };
  const model = await loadGraphModel(
    tf.io.fromMemory({ modelTopology, weightSpecs, weightData, format: "graph-model" }),
  );
  return {
    run: (feeds, results) => {
      const tensors = Object.fromEntries(Object.entries(feeds).map(([name, array]) => [name, upload(array)]));
      const executed = model.execute(tensors, [...results]);
      const made = Array.isArray(executed) ? executed : [executed];
      const arrays = made.map(download);
      tf.dispose([tensors, made]);
      return arrays;
    },
    dispose: () => model.dispose(),
  };
}

/** Returns the operations that the TensorFlow.js executor supports. */
export function executedOperations(): ReadonlySet<string> {
  const root = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-converter/package.json"));
  const folder = join(root, "dist/operations/op_list");
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".js") && !file.endsWith("_test.js"))
    .flatMap((file) =>
      [...readFileSync(join(folder, file), "utf8").matchAll(/'tfOpName': '(\w+)'/g)].map(([, name]) => name!),
    );
  return new Set(names);
}
