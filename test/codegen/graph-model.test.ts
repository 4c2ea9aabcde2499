/** @file Graph models: their content, that TensorFlow.js loads them unchanged, and that their results are right. */
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { emitGraphModel } from "../../src/codegen/graph-model/emit.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { filesOf, source, weightedPlans } from "../support/targets.ts";
import { download, upload } from "../support/tensors.ts";

const text = `fuse 1

model Net(x: [n, h: 2*i, w, c: 3], on: bool[n]) -> (y: [n, c: 4], same: [n, h: 2*i, w, c: 3], kept: bool[n]) {
  y = x |> conv(c: 8, kernel: 3) @conv |> relu |> maxpool(kernel: 2) |> mean(axis: [h, w]) |> linear(c: 4) @fc
  return y, x, not on
}
`;
/** Takes more than one shard. */
const wide = `fuse 1

model Wide(x: [n, c: 1100]) -> [n, c: 1100] {
  return x |> linear(c: 1100) @fc
}
`;

function built(program: string) {
  const models = weightedPlans(program, "graph-model");
  const files = filesOf(emitGraphModel(models, source));
  const bytesOf = (name: string) => files.find(({ path }) => path === `net.graph-model/${name}`)!.bytes;
  const json = JSON.parse(new TextDecoder().decode(bytesOf("model.json"))) as tf.io.ModelJSON;
  const shards = json.weightsManifest[0]!.paths.map(bytesOf);
  return { ...models[0]!, files, json, shards };
}

/** Loads a graph model like any user of TensorFlow.js. */
function load({ json, shards }: ReturnType<typeof built>) {
  const weightData = Buffer.concat(shards);
  const { buffer, byteOffset, length } = weightData;
  return loadGraphModel({
    load: () =>
      tf.io.getModelArtifactsForJSON(json, (manifest) =>
        Promise.resolve([manifest[0]!.weights, buffer.slice(byteOffset, byteOffset + length)]),
      ),
  });
}

const net = built(text);

test("inputs and results have the program's names, and open sizes are -1", () => {
  const { inputs, outputs } = net.json.signature as unknown as Record<string, Record<string, { tensorShape: unknown }>>;
  const dims = (tensors: typeof inputs) =>
    Object.entries(tensors!).map(([name, { tensorShape }]) => [name, JSON.stringify(tensorShape)]);
  expect(dims(inputs)).toEqual([
    ["x", `{"dim":[{"size":"-1"},{"size":"-1"},{"size":"-1"},{"size":"3"}]}`],
    ["on", `{"dim":[{"size":"-1"}]}`],
  ]);
  expect(Object.keys(outputs!)).toEqual(["y", "same", "kept"]);
  const { structuredOutputKeys, fuse } = net.json.userDefinedMetadata as Record<string, unknown>;
  expect(structuredOutputKeys).toEqual(["y", "same", "kept"]);
  expect(fuse).toMatchObject({ model: { model: "Net", hash: source.hash, guard: net.plan.graph.guard } });
});

test("shards have 4 MiB, the last one the rest", () => {
  const { shards, json } = built(wide);
  expect(json.weightsManifest[0]!.paths).toEqual(["group1-shard1of2.bin", "group1-shard2of2.bin"]);
  expect(shards.map(({ length }) => length)).toEqual([2 ** 22, 4 * (1100 * 1100 + 1100) - 2 ** 22]);
});

test("the same program and weights give the same bytes", () => {
  expect(built(text).files).toEqual(net.files);
});

test("several models are several folders", () => {
  const models = weightedPlans(`${text}\n${wide.replace("fuse 1", "")}`, "graph-model");
  const files = filesOf(emitGraphModel(models, source));
  expect(files.map(({ path }) => path)).toEqual([
    "net-Net.graph-model/model.json",
    "net-Net.graph-model/group1-shard1of1.bin",
    "net-Wide.graph-model/model.json",
    "net-Wide.graph-model/group1-shard1of2.bin",
    "net-Wide.graph-model/group1-shard2of2.bin",
  ]);
});

describe.each(backends())("on $name", ({ name, skipped }) => {
  test.skipIf(skipped).each([
    ["Net", net],
    ["Wide", built(wide)],
  ])("%s computes what its plan says, and leaves nothing behind", async (_, it) => {
    await useBackend(name);
    const random = seeded(3);
    const before = tf.memory().numTensors;
    const model = await load(it);
    for (const n of [1, 3]) {
      const arrays = it.plan.inputs.map(({ name, dtype, axes }) => {
        const shape = axes.map((axis) => ({ n, h: 2 * n + 4, w: 5, c: axes.length > 2 ? 3 : 1100 })[axis]!);
        return [name, randomArray(random, dtype, shape)] as const;
      });
      const want = evaluatePlan(it.plan, Object.fromEntries(arrays), it.load);
      const given = Object.fromEntries(arrays.map(([name, array]) => [name, upload(array)]));
      const got = model.predict(given) as tf.NamedTensorMap;
      expect(Object.keys(got)).toEqual(Object.keys(want));
      for (const [name, array] of Object.entries(want))
        expect(difference(download(got[name]!), array, 1e-4), name).toBe(undefined);
      tf.dispose([given, got]);
    }
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
