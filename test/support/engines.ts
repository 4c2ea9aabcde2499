/** @file Everything that runs a model: ES modules, sessions, graph models and ONNX files, on every backend. */
import * as tf from "@tensorflow/tfjs-core";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { graphModelProfile } from "../../src/codegen/graph-model/profile.ts";
import { onnxProfile } from "../../src/codegen/onnx/profile.ts";
import { standalone as standaloneTarget } from "../../src/codegen/standalone/target.ts";
import { savedModelProfile } from "../../src/codegen/saved-model/profile.ts";
import { wasmProfile } from "../../src/codegen/wasm/profile.ts";
import type { TensorFlowGraph } from "../../src/codegen/tensorflow/graph.ts";
import { nodeBackendNames, type NodeBackend } from "../../src/contract/backends.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { plan } from "../../src/plan/plan.ts";
import type { Profile } from "../../src/plan/profile.ts";
import { backends, useBackend } from "./backends.ts";
import { emitted } from "./formats.ts";
import type { Arrays } from "./interpret.ts";
import { openGraphModel, openSession, type LoadedNodes } from "./nodes.ts";
import { onnxOf, runSession } from "./onnx.ts";
import { runAll } from "./run.ts";
import { runStandalone } from "./standalone.ts";
import { runPlanAsWasm } from "./wasm.ts";

/** A model and its weights. */
export interface Weighted {
  readonly graph: ModelGraph;
  readonly weights: Arrays;
}

/** A way to run a model. */
export interface TestedEngine {
  readonly name: string;
  readonly kind: "esm" | "saved-model" | "graph-model" | "onnx" | "wasm" | "standalone";
  /** The TensorFlow.js backend, if the engine needs one. */
  readonly backend: NodeBackend | undefined;
  /** What models are optimized for. */
  readonly profile: Profile;
  /** Its backend is missing and not required. */
  readonly skipped: boolean;
  /**
   * Runs a model on each of the inputs. Returns the results of each run in order of declaration; the reasons if the format
   * cannot express the model. Throws if it leaks a tensor.
   */
  run(model: Weighted, inputs: readonly Arrays[]): Promise<readonly (readonly NdArray[])[] | { unsupported: string }>;
}

const isSkipped = (backend: NodeBackend): boolean => backends().find(({ name }) => name === backend)!.skipped;

/** Changes what is written, as a mistake in the compiler would. */
type Change<T> = (written: T) => T;
const same = <T>(written: T): T => written;

/** An ES module for a backend; the one for all backends for the graphs that `isPortable` names. */
export function esm(backend: NodeBackend, isPortable: (graph: ModelGraph) => boolean = () => false): TestedEngine {
  return {
    name: `esm on ${backend}`,
    kind: "esm",
    backend,
    profile: esmProfile(backend),
    skipped: isSkipped(backend),
    run: ({ graph, weights }, inputs) =>
      onBackend(backend, async () => {
        const planned = plan(graph, esmProfile(isPortable(graph) ? undefined : backend));
        const results = await runAll(planned, inputs, weights);
        return results.map((one) => graph.results.map(({ name }) => one[name]!));
      }),
  };
}

export function session(change: Change<TensorFlowGraph> = same): TestedEngine {
  return {
    name: "saved-model",
    kind: "saved-model",
    backend: "tensorflow",
    profile: savedModelProfile,
    skipped: isSkipped("tensorflow"),
    run: (model, inputs) =>
      onBackend("tensorflow", () =>
        runNodes(change(emitted(model, savedModelProfile, false)), inputs, (nodes) =>
          Promise.resolve(openSession(nodes)),
        ),
      ),
  };
}

export function graphModel(backend: NodeBackend, change: Change<TensorFlowGraph> = same): TestedEngine {
  return {
    name: `graph-model on ${backend}`,
    kind: "graph-model",
    backend,
    profile: graphModelProfile,
    skipped: isSkipped(backend),
    run: (model, inputs) =>
      onBackend(backend, () => runNodes(change(emitted(model, graphModelProfile, true)), inputs, openGraphModel)),
  };
}

export function onnx(change: Change<Uint8Array> = same): TestedEngine {
  return {
    name: "onnx",
    kind: "onnx",
    backend: undefined,
    profile: onnxProfile,
    skipped: false,
    async run({ graph, weights }, inputs) {
      // A result with the name of an input has a number after it, so results are identified by their order.
      const results = await runSession(change(onnxOf(graph, weights)), inputs);
      return results.map((one) => Object.values(one));
    },
  };
}

/** Our own WebAssembly. */
export function webAssembly(): TestedEngine {
  return {
    name: "compiled",
    kind: "wasm",
    profile: wasmProfile,
    backend: undefined,
    skipped: false,
    run({ graph, weights }, inputs) {
      const planned = plan(graph, wasmProfile);
      return Promise.resolve(inputs.map((one) => runPlanAsWasm(planned, one, weights)));
    },
  };
}

/** The module without TensorFlow.js. */
export function standalone(): TestedEngine {
  return {
    name: "standalone",
    kind: "standalone",
    profile: standaloneTarget.profile,
    backend: undefined,
    skipped: false,
    async run({ graph, weights }, inputs) {
      const planned = plan(graph, standaloneTarget.profile);
      const runs: (readonly NdArray[])[] = [];
      for (const one of inputs) runs.push(await runStandalone(planned, one, weights));
      return runs;
    },
  };
}

/** Every engine, on every backend that Node can start. */
export const testedEngines: readonly TestedEngine[] = [
  ...nodeBackendNames.map((backend) => esm(backend)),
  session(),
  ...nodeBackendNames.map((backend) => graphModel(backend)),
  onnx(),
  webAssembly(),
  standalone(),
];

/** Runs a model once on an engine. Returns the results by name. Throws if the format cannot express it. */
export async function runOn(
  engine: TestedEngine,
  graph: ModelGraph,
  inputs: Arrays,
  weights: Arrays = {},
): Promise<Arrays> {
  const runs = await engine.run({ graph, weights }, [inputs]);
  if ("unsupported" in runs) throw new Error(runs.unsupported);
  return Object.fromEntries(graph.results.map(({ name }, i) => [name, runs[0]![i]!]));
}

async function onBackend<T>(backend: NodeBackend, run: () => Promise<T>): Promise<T> {
  await useBackend(backend);
  const before = tf.memory().numTensors;
  const results = await run();
  const leaked = tf.memory().numTensors - before;
  if (leaked !== 0) throw new Error(`the model leaks ${leaked} tensors`);
  return results;
}

async function runNodes(
  { nodes, inputs, results, unsupported }: TensorFlowGraph,
  runs: readonly Arrays[],
  open: (nodes: TensorFlowGraph["nodes"]) => Promise<LoadedNodes>,
): ReturnType<TestedEngine["run"]> {
  if (unsupported.length > 0) return { unsupported: unsupported.map(({ reason }) => reason).join("; ") };
  const loaded = await open(nodes);
  try {
    const needed = results.map(({ tensor }) => tensor);
    return runs.map((run) =>
      loaded.run(Object.fromEntries(inputs.map(({ name, tensor }) => [tensor, run[name]!])), needed),
    );
  } finally {
    loaded.dispose();
    tf.disposeVariables();
  }
}
