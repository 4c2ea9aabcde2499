/** @file Everything that can run a model, behind one interface. */
import * as tf from "@tensorflow/tfjs-core";
import { esmProfile } from "../../../src/codegen/esm/profile.ts";
import { graphModelProfile } from "../../../src/codegen/graph-model/profile.ts";
import { savedModelProfile } from "../../../src/codegen/saved-model/profile.ts";
import type { NodeBackend } from "../../../src/contract/backends.ts";
import type { NdArray } from "../../../src/contract/ndarray.ts";
import type { TensorFlowGraph } from "../../../src/codegen/tensorflow/graph.ts";
import { evaluatePlan } from "../../../src/plan/evaluate.ts";
import { plan } from "../../../src/plan/plan.ts";
import { backends, useBackend } from "../../support/backends.ts";
import type { Case } from "../../support/compare.ts";
import { emitted } from "../../support/formats.ts";
import { openGraphModel, openSession, type LoadedNodes } from "../../support/nodes.ts";
import { onnxOf, runSession } from "../../support/onnx.ts";
import { runAll } from "../../support/run.ts";

/** The results of the samples of a case, in order of declaration. */
export type Results = readonly (readonly NdArray[])[];

export interface Engine {
  readonly name: string;
  /** Whether it computes in float64, as the interpreter does. */
  readonly exact: boolean;
  /** The share of programs that it runs: the slow ones run few. */
  readonly share: number;
  /** Undefined if the format cannot express the model. */
  run(it: Case): Promise<Results | undefined>;
}

const plans: Engine = {
  name: "plan",
  exact: true,
  share: 1,
  run: ({ plan, weights, samples }) =>
    Promise.resolve(
      samples.map(({ inputs, want }) => {
        const got = evaluatePlan(plan, inputs, (path) => weights[path]!);
        return Object.keys(want).map((name) => got[name]!);
      }),
    ),
};

/** An ES module, alternately the portable one and the one for its backend. */
function module(backend: NodeBackend, share: number): Engine {
  return {
    name: `module on ${backend}`,
    exact: false,
    share,
    async run({ graph, plan: portable, weights, samples }) {
      await useBackend(backend);
      const planned = graph.results.length % 2 === 0 ? portable : plan(graph, esmProfile(backend));
      const before = tf.memory().numTensors;
      const inputs = samples.map((sample) => sample.inputs);
      const got = await runAll(planned, inputs, weights);
      const leaked = tf.memory().numTensors - before;
      if (leaked !== 0) throw new Error(`the module leaks ${leaked} tensors`);
      return samples.map(({ want }, i) => Object.keys(want).map((name) => got[i]![name]!));
    },
  };
}

/** A graph of TensorFlow nodes, which a mutation may change. */
export type Change<T> = (graph: T) => T;
const same = <T>(graph: T): T => graph;

export function session(share: number, change: Change<TensorFlowGraph> = same): Engine {
  return {
    name: "session",
    exact: false,
    share,
    async run(it) {
      await useBackend("tensorflow");
      return runNodes(it, change(emitted(it, savedModelProfile, false)), (nodes) =>
        Promise.resolve(openSession(nodes)),
      );
    },
  };
}

export function graphModel(backend: NodeBackend, share: number, change: Change<TensorFlowGraph> = same): Engine {
  return {
    name: `graph model on ${backend}`,
    exact: false,
    share,
    async run(it) {
      await useBackend(backend);
      return runNodes(it, change(emitted(it, graphModelProfile, true)), openGraphModel);
    },
  };
}

async function runNodes(
  { samples }: Case,
  { nodes, inputs, results, unsupported }: TensorFlowGraph,
  open: (nodes: TensorFlowGraph["nodes"]) => Promise<LoadedNodes>,
): Promise<Results | undefined> {
  if (unsupported.length > 0) return undefined;
  const loaded = await open(nodes);
  try {
    const needed = results.map(({ tensor }) => tensor);
    return samples.map((sample) =>
      loaded.run(Object.fromEntries(inputs.map(({ name, tensor }) => [tensor, sample.inputs[name]!])), needed),
    );
  } finally {
    loaded.dispose();
  }
}

export function onnx(share: number, change: Change<Uint8Array> = same): Engine {
  return {
    name: "ONNX",
    exact: false,
    share,
    async run({ graph, weights, samples }) {
      const inputs = samples.map((sample) => sample.inputs);
      const got = await runSession(change(onnxOf(graph, weights)), inputs);
      return got.map((results) => Object.values(results));
    },
  };
}

const available = backends().flatMap(({ name, skipped }) => (skipped ? [] : [name]));
const isNative = available.includes("tensorflow");

/** All engines. */
export const engines: readonly Engine[] = [
  plans,
  ...available.map((backend) => module(backend, backend === "wasm" ? 1 : 0.3)),
  ...available.map((backend) => graphModel(backend, 0.2)),
  ...(isNative ? [session(0.2)] : []),
  onnx(0.6),
];
