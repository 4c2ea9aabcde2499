/** @file Compares a program in the graph formats with the float64 interpreter: sessions, graph models, ONNX. */
import { beforeAll, describe, expect, test } from "vitest";
import { graphModelProfile } from "../../src/codegen/graph-model/profile.ts";
import { emitOnnx } from "../../src/codegen/onnx/emit.ts";
import { onnxProfile } from "../../src/codegen/onnx/profile.ts";
import { savedModelProfile } from "../../src/codegen/saved-model/profile.ts";
import { emitGraph, type TensorFlowGraph } from "../../src/codegen/tensorflow/graph.ts";
import { plan } from "../../src/plan/plan.ts";
import { storedArrays } from "../../src/plan/prepared.ts";
import type { Profile } from "../../src/plan/profile.ts";
import { difference } from "./arrays.ts";
import { backends, useBackend } from "./backends.ts";
import type { Case } from "./compare.ts";
import { executedOperations, openGraphModel, openSession, type LoadedNodes } from "./nodes.ts";
import { runSession } from "./onnx.ts";
import { info } from "./run.ts";

/** A case that is created once, when a test needs it. */
export interface LazyCase {
  readonly name: string;
  readonly get: () => Case;
}

export function lazily(name: string, make: () => Case): LazyCase {
  let made: Case | undefined;
  return { name, get: () => (made ??= make()) };
}

/** Why a format cannot express a case, by the case's name. */
export type Unsupported = Readonly<Record<string, string>>;

const tolerance = 1e-4;
const native = backends().find(({ name }) => name === "tensorflow")!;

/** Runs cases in a TensorFlow session, and in the TensorFlow.js executor on every backend. */
export function describeTensorFlow(cases: readonly LazyCase[], unsupported: Unsupported): void {
  const executed = executedOperations();
  const expectSupport = (name: string, graph: TensorFlowGraph): void => {
    expect(graph.nodes.map(({ op }) => op!).filter((op) => !executed.has(op))).toEqual([]);
    const reasons = graph.unsupported.map(({ reason }) => reason);
    expect(reasons).toEqual(name in unsupported ? [unsupported[name]] : []);
  };

  describe("in a session", () => {
    beforeAll(() => (native.skipped ? undefined : useBackend("tensorflow")));

    test.skipIf(native.skipped).each(cases)("$name", ({ name, get }) => {
      for (const graph of emissions(get(), savedModelProfile, false)) {
        expectSupport(name, graph);
        const session = openSession(graph.nodes);
        try {
          expectAgreement(get(), graph, session);
        } finally {
          session.dispose();
        }
      }
    });
  });

  describe.each(backends())("as a graph model on $name", ({ name: backend, skipped }) => {
    beforeAll(() => (skipped ? undefined : useBackend(backend)));

    test.skipIf(skipped).each(cases)("$name", async ({ name, get }) => {
      for (const graph of emissions(get(), graphModelProfile, true)) {
        expectSupport(name, graph);
        const model = await openGraphModel(graph.nodes);
        try {
          expectAgreement(get(), graph, model);
        } finally {
          model.dispose();
        }
      }
    });
  });
}

/** Runs a case in ONNX Runtime, before and after optimization. */
export async function expectOnnx(name: string, it: Case, unsupported: Unsupported): Promise<void> {
  for (const graph of it.graphsFor(onnxProfile)) await expectOnnxOf(name, { ...it, graph }, unsupported);
}

async function expectOnnxOf(name: string, { graph, weights, samples }: Case, unsupported: Unsupported): Promise<void> {
  const emission = emitOnnx([{ plan: plan(graph, onnxProfile), load: (path) => weights[path]! }], info);
  if (!("files" in emission)) {
    const reasons = "unsupported" in emission ? emission.unsupported.map(({ reason }) => reason).join("; ") : "";
    expect(reasons).toBe(unsupported[name]);
    return;
  }
  expect(unsupported[name]).toBe(undefined);
  const results = await runSession(
    emission.files[0]!.bytes,
    samples.map(({ inputs }) => inputs),
  );
  // A result with the name of an input has a number after it, so results are identified by their order.
  samples.forEach(({ want, sizes }, run) => {
    const got = Object.values(results[run]!);
    Object.entries(want).forEach(([name, array], i) =>
      expect(difference(got[i]!, array, tolerance), `${name} at ${JSON.stringify(sizes)}`).toBe(undefined),
    );
  });
}

/** Returns the nodes of a case, weights included, before and after optimization. */
function emissions({ graphsFor, weights }: Case, profile: Profile, fused: boolean): readonly TensorFlowGraph[] {
  return graphsFor(profile).map((graph) => emitted({ graph, weights }, profile, fused));
}

/** Returns the nodes of a model, weights included. */
export function emitted(
  { graph, weights }: Pick<Case, "graph" | "weights">,
  profile: Profile,
  fused: boolean,
): TensorFlowGraph {
  const planned = plan(graph, profile);
  const values = planned.prepared.map(({ value }) => value);
  const arrays = storedArrays(values, (path) => weights[path]!);
  return emitGraph(planned, fused, (e, name, value) => e.literal(name, arrays.get(value)!));
}

function expectAgreement(it: Case, { inputs, results }: TensorFlowGraph, loaded: LoadedNodes): void {
  const needed = results.map(({ tensor }) => tensor);
  for (const sample of it.samples) {
    const feeds = Object.fromEntries(inputs.map(({ name, tensor }) => [tensor, sample.inputs[name]!]));
    const got = loaded.run(feeds, needed);
    results.forEach(({ name }, i) => {
      const complaint = difference(got[i]!, sample.want[name]!, tolerance);
      expect(complaint, `${name} of ${JSON.stringify(sample.sizes)}`).toBeUndefined();
    });
  }
}
