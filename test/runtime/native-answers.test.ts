/** @file The native engine gives the same results as the straight-line code and PyTorch. */
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { buildGraphs } from "../../src/graphs.ts";
import { plan } from "../../src/plan/plan.ts";
import type { LoadedModel, WeightSource } from "../../src/runtime/node/index.ts";
import { randomArray, seeded, difference } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { programOf } from "../support/check.ts";
import { graphOf } from "../support/compare.ts";
import { sessionModel } from "../support/native.ts";
import { modelOf } from "../support/run.ts";
import { randomShapes } from "../support/shapes.ts";
import { goldenBytes, goldenTensors, systems, systemText } from "../support/systems.ts";
import { download, upload } from "../support/tensors.ts";

const { skipped } = backends().find(({ name }) => name === "tensorflow")!;
type Tensors = Parameters<LoadedModel["run"]>[0];

/** Expects that both ways agree, and returns the session's results. */
function expectSame(session: LoadedModel, calls: LoadedModel, inputs: Tensors): ReturnType<LoadedModel["run"]> {
  expect([session.engine, calls.engine]).toEqual(["session", "calls"]);
  const [got, want] = [session.run(inputs), calls.run(inputs)];
  expect(Object.keys(got)).toEqual(Object.keys(want));
  for (const [name, tensor] of Object.entries(want))
    expect(difference(download(got[name]!), download(tensor), 1e-5), name).toBe(undefined);
  tf.dispose(want);
  return got;
}

describe.skipIf(skipped)("the systems", () => {
  beforeAll(() => useBackend("tensorflow"));

  test.each(systems)("$file, as PyTorch ran it", async ({ file, settings }) => {
    const graph = graphOf(systemText(file), settings);
    const session = await (await sessionModel(graph)).load(goldenBytes(file), { prefix: "param" });
    const calls = await (await modelOf(plan(graph, esmProfile()))).load(goldenBytes(file), { prefix: "param" });
    const inputs = Object.fromEntries(
      Object.entries(goldenTensors(file, "in")).map(([name, array]) => [name, upload(array)]),
    );
    const results = expectSame(session, calls, inputs);
    const wanted = goldenTensors(file, "out");
    expect(Object.keys(results).toSorted()).toEqual(Object.keys(wanted).toSorted());
    for (const [name, want] of Object.entries(wanted))
      expect(difference(download(results[name]!), want, 1e-4), name).toBe(undefined);
    tf.dispose([inputs, results]);
    // At other sizes, if any are open.
    const random = seeded(3);
    for (const shapes of randomShapes(graph.guard, random, 2, 9)) {
      const others = Object.fromEntries(
        graph.guard.inputs.map(({ name, dtype }) => [name, upload(randomArray(random, dtype, shapes[name]!))]),
      );
      tf.dispose([expectSame(session, calls, others), others]);
    }
    session.dispose();
    calls.dispose();
  });
});

describe.skipIf(skipped)("the examples", () => {
  beforeAll(() => useBackend("tensorflow"));

  const examples: readonly [string, string, string, WeightSource, object, readonly number[]][] = [
    [
      "examples/background-blur/background-blur.fuse",
      "Selfie",
      "x",
      "examples/background-blur/background-blur.safetensors",
      { prefix: "network" },
      [1, 256, 256, 3],
    ],
    [
      "examples/background-blur/background-blur.fuse",
      "",
      "",
      "examples/background-blur/background-blur.safetensors",
      {},
      [1, 64, 80, 3],
    ],
    ["examples/emotion/emotion.fuse", "", "", "examples/emotion/emotion.safetensors", {}, [1, 224, 304, 3]],
    ["examples/emotion/emotion.fuse", "Emotion", "face", "examples/emotion/emotion.safetensors", {}, [1, 64, 64, 1]],
  ];

  test.each(examples)("%s %s", async (path, name, input, weights, options, shape) => {
    const { value: graphs } = buildGraphs(programOf(readFileSync(path, "utf8"), {}, path), {
      model: name || undefined,
    });
    const graph = graphs![name === "" ? graphs!.length - 1 : 0]!;
    const session = await (await sessionModel(graph)).load(weights, options);
    const calls = await (await modelOf(plan(graph, esmProfile()))).load(weights, options);
    const inputs = {
      [input || graph.guard.inputs[0]!.name]: upload(randomArray(seeded(4), "f32", shape, { range: [0, 1] })),
    };
    tf.dispose([expectSame(session, calls, inputs), inputs]);
    session.dispose();
    calls.dispose();
  });
});
