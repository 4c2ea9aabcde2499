/** @file Every form of a session computes the same bits: at any sizes or at some, kernels started by several threads or in order. */
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { nativeBackend } from "../../src/runtime/node/native/binding.ts";
import { fillGraph, readGraph } from "../../src/runtime/node/native/graph.ts";
import { savedModel, type SessionForm } from "../../src/runtime/node/native/saved-model.ts";
import { openSession } from "../../src/runtime/node/native/session.ts";
import { seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { graphOf, prepareCase, type Case } from "../support/compare.ts";
import { engineFile } from "../support/native.ts";
import { graphOfSet, records, setsOf } from "../support/operator-cases.ts";
import { manyShapes } from "../support/shapes.ts";
import { systems, systemText, tensorsIn } from "../support/systems.ts";
import { download, upload } from "../support/tensors.ts";
import { byTier } from "../support/tier.ts";
import { zoo, zooText } from "../support/zoo.ts";

const { skipped } = backends().find(({ name }) => name === "tensorflow")!;

beforeAll(async () => {
  if (!skipped) await useBackend("tensorflow");
});

/** Returns the results at each sample's inputs; undefined if there is no graph of the model. */
function run({ graph, weights, samples }: Case, inOrder: boolean, isShaped: boolean): readonly NdArray[][] | undefined {
  const backend = nativeBackend()!;
  const read = readGraph(engineFile(graph), graph);
  if (read === undefined) return undefined;
  const { nodes } = fillGraph(read, (path) => weights[path]!, Infinity);
  const open = (form: SessionForm): number => openSession(backend, savedModel(read, nodes, form));
  return samples.map(({ inputs }) => {
    const shapes = new Map(Object.entries(inputs).map(([name, { shape }]) => [read.inputs.get(name)!, shape]));
    const session = open({ inOrder, shapes: isShaped ? shapes : undefined });
    const tensors = Object.values(inputs).map(upload);
    const names = [...shapes.keys()].map((name) => ({ name: `${name}:0` }));
    const fetched = [...read.results.values()].map((name) => `${name}:0`);
    const results = backend.runSavedModel(session, tensors, names, fetched);
    const arrays = results.map(download);
    tf.dispose([tensors, results]);
    backend.deleteSavedModel(session);
    return arrays;
  });
}

/** Expects the same numbers, to the last bit. */
function expectSame(made: Case): void {
  const want = run(made, false, false);
  for (const [inOrder, isShaped] of [
    [true, false],
    [false, true],
    [true, true],
  ] as const)
    expect(run(made, inOrder, isShaped), `${inOrder ? "in order" : ""} ${isShaped ? "shaped" : ""}`).toEqual(want);
}

/** Every session is opened four times, which takes long: which kernels a graph has depends on few of an operator's attributes. */
const sets = byTier({ quick: 1, full: 3 });
const shapes = 1;

const caseOf = (name: string, graph: Case["graph"], seed: number, values?: Parameters<typeof prepareCase>[4]): Case =>
  prepareCase(name, graph, manyShapes(graph.guard, seeded(seed), shapes), seed, values);

test.skipIf(skipped).each([...records])("%s", (name, op) => {
  for (const [i, set] of setsOf(op).slice(0, sets).entries())
    expectSame(caseOf(name, graphOfSet(set), i + 1, set.values));
});

test.skipIf(skipped).each(systems)("the system $name", ({ name, file, settings }) => {
  expectSame(caseOf(name, graphOf(systemText(file), settings), 3));
});

test.skipIf(skipped).each(zoo)("the network $file", ({ file, settings }) => {
  const inputs = tensorsIn(readFileSync(`examples/zoo/${file}.safetensors`), "in");
  const given = Object.fromEntries(Object.entries(inputs).map(([name, { shape }]) => [name, shape]));
  expectSame(prepareCase(file, graphOf(zooText(file), settings), [given], 5));
});
