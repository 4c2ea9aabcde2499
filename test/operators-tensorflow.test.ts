/** @file Derived from the records: every example of every operator as TensorFlow's nodes, in a session and by the executor of TensorFlow.js. */
import { beforeAll, describe, expect, test } from "vitest";
import { emitGraph, type TensorFlowGraph } from "../src/codegen/tensorflow/graph.ts";
import { graphModelProfile, savedModelProfile, type Profile } from "../src/plan/profile.ts";
import { plan } from "../src/plan/plan.ts";
import { evaluate } from "../src/weights/prepare.ts";
import { difference, seeded } from "./support/arrays.ts";
import { backends, useBackend } from "./support/backends.ts";
import { prepareCase, type Case } from "./support/compare.ts";
import { executedOperations, openGraphModel, openSession, type LoadedNodes } from "./support/nodes.ts";
import { graphOfSet, records, setsOf } from "./support/operator-cases.ts";
import { manyShapes } from "./support/shapes.ts";

const runs = 4;

/** What a format cannot express, with the reason: nothing so far. */
const unsupported: Readonly<Record<string, string>> = {};

const cases = [...records.values()].flatMap((op) =>
  setsOf(op).map((set, i) => {
    let made: Case | undefined;
    const make = (): Case => {
      const graph = graphOfSet(set);
      return prepareCase(set.code, graph, manyShapes(graph.guard, seeded(i + 1), runs), i + 1, set.values);
    };
    return { name: `${set.code} of ${set.inputs}`, get: () => (made ??= make()) };
  }),
);

/** The nodes of a case, weights among them. */
function emitted({ graph, weights }: Case, profile: Profile, fused: boolean): TensorFlowGraph {
  return emitGraph(plan(graph, profile), fused, (e, name, { prepare, dtype }) =>
    e.literal(name, { ...evaluate(prepare, (path) => weights[path]!), dtype }),
  );
}

function expectAgreement(it: Case, { inputs, results }: TensorFlowGraph, loaded: LoadedNodes): void {
  const needed = results.map(({ tensor }) => tensor);
  for (const sample of it.samples) {
    const feeds = Object.fromEntries(inputs.map(({ name, tensor }) => [tensor, sample.inputs[name]!]));
    const got = loaded.run(feeds, needed);
    results.forEach(({ name }, i) => {
      const complaint = difference(got[i]!, sample.want[name]!, 1e-4);
      expect(complaint, `${name} of ${JSON.stringify(sample.sizes)}`).toBeUndefined();
    });
  }
}

const executed = executedOperations();

function expectSupport(name: string, graph: TensorFlowGraph): void {
  expect(graph.nodes.map(({ op }) => op!).filter((op) => !executed.has(op))).toEqual([]);
  const reasons = graph.unsupported.map(({ reason }) => reason);
  expect(reasons).toEqual(name in unsupported ? [unsupported[name]] : []);
}

const native = backends().find(({ name }) => name === "tensorflow")!;

describe("in a session", () => {
  beforeAll(() => (native.skipped ? undefined : useBackend("tensorflow")));

  test.skipIf(native.skipped).each(cases)("$name", ({ name, get }) => {
    const graph = emitted(get(), savedModelProfile, false);
    expectSupport(name, graph);
    const session = openSession(graph.nodes);
    try {
      expectAgreement(get(), graph, session);
    } finally {
      session.dispose();
    }
  });
});

describe.each(backends())("as a graph model on $name", ({ name: backend, skipped }) => {
  beforeAll(() => (skipped ? undefined : useBackend(backend)));

  test.skipIf(skipped).each(cases)("$name", async ({ name, get }) => {
    const graph = emitted(get(), graphModelProfile, true);
    expectSupport(name, graph);
    const model = await openGraphModel(graph.nodes);
    try {
      expectAgreement(get(), graph, model);
    } finally {
      model.dispose();
    }
  });
});
