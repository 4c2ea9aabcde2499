/** @file A model that is loaded with `debug` names the first value that is not finite, and what it was computed from. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { plan } from "../../src/plan/plan.ts";
import { model, DataError } from "../../src/runtime/node/index.ts";
import { difference } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { graphOf } from "../support/compare.ts";
import { modelOf } from "../support/run.ts";
import { goldenBytes, goldenTensors, systems, systemText } from "../support/systems.ts";
import { download, upload } from "../support/tensors.ts";

/** Runs a program once, and returns what is reported. */
async function reported(text: string, inputs: Readonly<Record<string, tf.Tensor>>, weights = {}): Promise<string[]> {
  const reports: string[] = [];
  const built = await modelOf(plan(graphOf(text), esmProfile()));
  const loaded = await built.load(weights, { debug: (message) => reports.push(message) });
  const before = tf.memory().numTensors;
  const results = loaded.run(inputs);
  expect(tf.memory().numTensors).toBe(before + Object.keys(results).length);
  loaded.dispose();
  tf.dispose([results, inputs]);
  return reports;
}

const program = (body: string) => `fuse 1
model M(x: [n, c]) -> (y: [n, c]) {
${body}
}
`;

describe.each(backends().filter(({ skipped }) => !skipped))("on $name", ({ name }) => {
  test("the first infinity, and the first NaN after it", async () => {
    await useBackend(name);
    const text = program("  a = log(x)\n  b = a - a\n  return softmax(b, axis: c)");
    expect(await reported(text, { x: tf.tensor([[1, 0, 2]]) })).toEqual([
      "M: a (main.fuse:3) is -Infinity at [0, 1]; computed from x [1, 3] of 0 to 2",
      "M: b (main.fuse:4) is NaN at [0, 1]; computed from a [1, 3] of 0 to 0.6931, 1 not finite",
    ]);
  });

  test("an input, and nothing that follows from it", async () => {
    await useBackend(name);
    expect(await reported(program("  return x * 2"), { x: tf.tensor([[NaN, 0, Infinity]]) })).toEqual([
      "M: the input x is NaN at [0, 0] and 1 more",
    ]);
  });

  test("a weight", async () => {
    await useBackend(name);
    const text = "fuse 1\nmodel M(x: [n, c: 2]) -> (y: [n, c: 2]) {\n  return x |> linear(c: 2, bias: false) @fc\n}\n";
    const weights = { "fc.weight": { dtype: "f32", shape: [2, 2], data: Float32Array.of(1, 2, NaN, 4) } };
    expect(await reported(text, { x: tf.ones([1, 2]) }, weights)).toEqual(["M: the weight fc_weight is NaN at [0, 1]"]);
  });

  test("nothing, if all is finite, or infinite only in the program", async () => {
    await useBackend(name);
    const text = program("  return relu(where(x > 0, x, -inf))");
    expect(await reported(text, { x: tf.ones([2, 3]) })).toEqual([]);
  });
});

test("a module that a minifier has rewritten is refused", async () => {
  const run = (inputs: Record<string, tf.Tensor>) => {
    const a = inputs["x"]!;
    return {y:tf.log(a)}; // prettier-ignore
  };
  const minified = model({
    name: "M",
    guard: { model: "M", inputs: [], variables: [], requirements: [] },
    manifest: [],
    prepare: [],
    prepared: {},
    run,
  });
  await expect(minified.load(undefined, { debug: true })).rejects.toThrow(DataError);
});

describe("the systems compute the same", () => {
  test.each(systems)("$file", async ({ file, settings }) => {
    await useBackend("wasm");
    const built = await modelOf(plan(graphOf(systemText(file), settings), esmProfile("wasm")));
    const debug = (message: string) => expect.unreachable(message);
    const loaded = await built.load(goldenBytes(file), { prefix: "param", debug });
    const inputs = Object.fromEntries(
      Object.entries(goldenTensors(file, "in")).map(([name, array]) => [name, upload(array)]),
    );
    const results = loaded.run(inputs);
    for (const [name, want] of Object.entries(goldenTensors(file, "out")))
      expect(difference(download(results[name]!), want, 1e-4), name).toBeUndefined();
    loaded.dispose();
    tf.dispose([inputs, results]);
  });
});
