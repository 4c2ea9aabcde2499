/** @file SavedModels: their content, what is shared, fed and rejected, and that they compute the right results. */
import { beforeAll, describe, expect, test } from "vitest";
import { emitSavedModel } from "../../src/codegen/saved-model/emit.ts";
import type { WeightedPlan } from "../../src/codegen/target.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { decode } from "../../src/protobuf/message.ts";
import { SavedModel } from "../../src/protobuf/tensorflow.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { filesOf, partsOf, runSavedModel, source, weightedPlans } from "../support/targets.ts";

const text = `fuse 1

model Encoder(x: [n, h, w, c: 3]) -> (z: [n, c: 4]) {
  return x |> conv(c: 8, kernel: 3) @enc.conv |> relu |> mean(axis: [h, w]) |> linear(c: 4) @enc.fc
}

model Both(x: [n, h, w, c: 3], gain: [c: 4]) -> (y: [n, c: 6], z: [n, c: 4], same: [n, h, w, c: 3]) {
  z = x |> conv(c: 8, kernel: 3) @enc.conv |> relu |> mean(axis: [h, w]) |> linear(c: 4) @enc.fc
  return z * gain |> linear(c: 6) @dec, z, x
}
`;
const models = weightedPlans(text, "saved-model");
const constants = filesOf(emitSavedModel(models, source));
const fed = filesOf(emitSavedModel(models, source, 100));

const graphOf = (files: typeof constants) => decode(SavedModel, partsOf(files).model).metaGraphs![0]!;

test("there is a signature for each model, and a default one", () => {
  const { metaInfoDef, signatureDef } = graphOf(constants);
  expect(metaInfoDef?.tags).toEqual(["serve"]);
  expect([...signatureDef!.keys()]).toEqual(["Encoder", "Both", "serving_default"]);
  expect(signatureDef!.get("serving_default")).toEqual(signatureDef!.get("Encoder"));
  const { inputs, outputs } = signatureDef!.get("Both")!;
  const sizes = (tensors: typeof inputs) =>
    Object.fromEntries(
      [...tensors!].map(([name, { tensorShape }]) => [name, tensorShape!.dim?.map(({ size }) => size)]),
    );
  expect(sizes(inputs)).toEqual({ x: [-1, -1, -1, 3], gain: [4] });
  expect(sizes(outputs)).toEqual({ y: [-1, 6], z: [-1, 4], same: [-1, -1, -1, 3] });
  expect([...inputs!.values()].map(({ name }) => name)).toEqual(["Both/x:0", "Both/gain:0"]);
});

test("models of one file share tensors prepared from the same weights", () => {
  const names = graphOf(constants).graphDef!.node!.map(({ name }) => name!);
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => name.startsWith("weights/"))).toEqual([
    "weights/enc.conv.weight",
    "weights/enc.conv.bias",
    "weights/enc.fc.weight",
    "weights/enc.fc.bias",
    "weights/dec.weight",
    "weights/dec.bias",
  ]);
});

test("weights that are too large for the graph are in a separate file and are inputs", () => {
  const { graphDef, signatureDef } = graphOf(fed);
  const weights = readSafetensors(partsOf(fed).weights!);
  const held = graphDef!.node!.filter(({ name }) => name!.startsWith("weights/"));
  expect(held.map(({ op }) => op)).toEqual(Array(6).fill("Placeholder"));
  expect([...weights.keys()].toSorted()).toEqual(held.map(({ name }) => name).toSorted());
  expect([...signatureDef!.get("Encoder")!.inputs!.keys()]).toEqual([
    "x",
    "weights/enc.conv.weight",
    "weights/enc.conv.bias",
    "weights/enc.fc.weight",
    "weights/enc.fc.bias",
  ]);
  expect(constants.map(({ path }) => path)).toEqual([
    "net.saved-model/saved_model.pb",
    "net.saved-model/assets.extra/fuse.json",
  ]);
});

test("a model too large for a message is rejected before a weight is read", () => {
  const huge = weightedPlans(
    "fuse 1\nmodel Huge(x: [n, c: 4]) -> [n, c: 4] { return x |> linear(c: 4) @a |> relu |> linear(c: 4) @b }",
    "saved-model",
  ).map(({ plan }) => {
    const prepared = plan.prepared.map(({ value, note }) => {
      const shape = [plan.graph.builder.sizes.int(20_000), plan.graph.builder.sizes.int(20_000)];
      return { value: { ...value, shape }, note };
    });
    const load = (): never => {
      throw new Error("a weight was read");
    };
    return { plan: { ...plan, prepared }, load };
  });
  expect(emitSavedModel(huge, source, Infinity)).toEqual({ tooLarge: 4 * 4 * 20_000 ** 2 });
});

test("the same program and weights give the same bytes", () => {
  const again = filesOf(emitSavedModel(weightedPlans(text, "saved-model"), source));
  expect(again).toEqual(constants);
  const others = filesOf(emitSavedModel(weightedPlans(text, "saved-model", 2), source));
  expect(partsOf(others).model).not.toEqual(partsOf(constants).model);
});

const native = backends().find(({ name }) => name === "tensorflow")!;

describe.skipIf(native.skipped)("in a session", () => {
  beforeAll(() => useBackend("tensorflow"));

  test.each([
    ["constants", constants],
    ["fed", fed],
  ])("%s: every model computes what its plan says", async (_, files) => {
    for (const { plan, load } of models)
      for (const [n, h, w] of [
        [1, 4, 5],
        [2, 7, 3],
      ]) {
        const random = seeded(n!);
        const x = randomArray(random, "f32", [n!, h!, w!, 3]);
        const inputs = plan.inputs.length === 1 ? { x } : { x, gain: randomArray(random, "f32", [4]) };
        const want = evaluatePlan(plan, inputs, load);
        const got = await runSavedModel(files, plan.graph.name, inputs);
        for (const [name, array] of Object.entries(want))
          expect(difference(got[name]!, array, 1e-4), name).toBe(undefined);
      }
  });

  test.each(["f32", "i32"] as const)("additions of %s, as sums of up to eight terms", async (dtype) => {
    const names = Array.from({ length: 20 }, (_, i) => `x${i}`);
    const type = `${dtype === "i32" ? "i32" : ""}[n, c: 5]`;
    const header = names.map((name) => `${name}: ${type}`).join(", ");
    const counts = [3, 8, 9, 20];
    const sums = counts.map((count) => names.slice(0, count).toReversed().join(" + "));
    const results = counts.map((count) => `y${count}: ${type}`).join(", ");
    const plans = weightedPlans(
      `fuse 1\nmodel Sums(${header}) -> (${results}) { return ${sums.join(", ")} }`,
      "saved-model",
    );
    const [{ plan, load }] = plans as [WeightedPlan];
    expect(plan.steps.map(({ value }) => value.inputs.length)).toEqual([3, 8, 8, 2, 8, 8, 6]);
    const random = seeded(1);
    const inputs = Object.fromEntries(names.map((name) => [name, randomArray(random, dtype, [2, 5])]));
    const want = evaluatePlan(plan, inputs, load);
    const got = await runSavedModel(filesOf(emitSavedModel(plans, source)), "Sums", inputs);
    for (const [name, array] of Object.entries(want))
      expect(difference(got[name]!, array, dtype === "i32" ? 0 : 1e-5), name).toBe(undefined);
  });
});
