/** @file Runs a program on every engine: as an ES module, a session, a graph model, an ONNX file, and in the interpreter. */
import * as tf from "@tensorflow/tfjs-core";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { graphModelProfile } from "../../src/codegen/graph-model/profile.ts";
import { savedModelProfile } from "../../src/codegen/saved-model/profile.ts";
import { nodeBackendNames, type NodeBackend } from "../../src/contract/backends.ts";
import { checkGuard } from "../../src/contract/guard.ts";
import { arrange, named, type NdArray } from "../../src/contract/ndarray.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { plan } from "../../src/plan/plan.ts";
import { evaluateGraph } from "../../src/reference/interpreter.ts";
import { backends, useBackend } from "./backends.ts";
import { emitted } from "./formats.ts";
import { openGraphModel, openSession } from "./nodes.ts";
import { onnxOf, runSession } from "./onnx.ts";
import { runOnce } from "./run.ts";

type Arrays = Readonly<Record<string, NdArray>>;
type Kind = "esm" | "saved-model" | "graph-model" | "onnx";

/** A way to run a model. */
export interface TestedEngine {
  readonly name: string;
  readonly kind: Kind;
  /** The TensorFlow.js backend, if the engine needs one. */
  readonly backend: NodeBackend | undefined;
  /** Its backend is missing and not required. */
  readonly skipped: boolean;
}

const isSkipped = (backend: NodeBackend): boolean => backends().find(({ name }) => name === backend)!.skipped;

const on = (kind: Kind, backend: NodeBackend): TestedEngine => ({
  name: `${kind} on ${backend}`,
  kind,
  backend,
  skipped: isSkipped(backend),
});

/** Every engine, on every backend that Node can start. */
export const testedEngines: readonly TestedEngine[] = [
  ...nodeBackendNames.map((backend) => on("esm", backend)),
  { ...on("saved-model", "tensorflow"), name: "saved-model" },
  ...nodeBackendNames.map((backend) => on("graph-model", backend)),
  { name: "onnx", kind: "onnx", backend: undefined, skipped: false },
];

/** Runs a model once on an engine. Returns the results by name. */
export async function runOn(
  { kind, backend }: TestedEngine,
  graph: ModelGraph,
  inputs: Arrays,
  weights: Arrays = {},
): Promise<Arrays> {
  if (backend !== undefined) await useBackend(backend);
  if (kind === "esm") return runOnce(plan(graph, esmProfile(backend)), inputs, weights);
  if (kind === "onnx") {
    const [results] = await runSession(onnxOf(graph, weights), [inputs]);
    // A result with the name of an input has a number after it, so results are identified by their order.
    return Object.fromEntries(graph.results.map(({ name }, i) => [name, Object.values(results!)[i]!]));
  }
  const isSession = kind === "saved-model";
  const nodes = emitted({ graph, weights }, isSession ? savedModelProfile : graphModelProfile, !isSession);
  if (nodes.unsupported.length > 0) throw new Error(nodes.unsupported.map(({ reason }) => reason).join("; "));
  const loaded = isSession ? openSession(nodes.nodes) : await openGraphModel(nodes.nodes);
  try {
    const feeds = Object.fromEntries(nodes.inputs.map(({ name, tensor }) => [tensor, inputs[name]!]));
    const got = loaded.run(
      feeds,
      nodes.results.map(({ tensor }) => tensor),
    );
    return Object.fromEntries(nodes.results.map(({ name }, i) => [name, got[i]!]));
  } finally {
    loaded.dispose();
    tf.disposeVariables();
  }
}

/** Runs a model once in the float64 interpreter. */
export function interpret(graph: ModelGraph, inputs: Arrays, weights: Arrays = {}): Arrays {
  const admission = checkGuard(graph.guard, inputs);
  if ("problems" in admission) throw new Error(admission.problems.join("; "));
  const orders = new Map(graph.weights.map((weight) => [weight.path, weight.groups.flat()]));
  const results = evaluateGraph(
    graph.results.map(({ value }) => value),
    {
      input: (input) => named(inputs[input.name]!, input.order),
      weight: ({ path }) => named(weights[path]!, orders.get(path)!),
      sizes: (variable) => BigInt(admission.sizes[variable.name]!),
      builder: graph.builder,
    },
  );
  return Object.fromEntries(graph.results.map(({ name, order }, i) => [name, arrange(results[i]!, order)]));
}
