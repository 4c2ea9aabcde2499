/** @file The choice of an engine: by options, by time, and by sizes. All give the same results and leave nothing behind. */
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { besideModule } from "../../src/codegen/esm/beside.ts";
import { emitFactory } from "../../src/codegen/esm/emit.ts";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { plan } from "../../src/plan/plan.ts";
import { instantiate, model, type LoadedModel, type LoadOptions } from "../../src/runtime/node/index.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { graphOf } from "../support/compare.ts";
import { held } from "../support/native.ts";
import { info, randomWeights } from "../support/run.ts";
import { download, upload } from "../support/tensors.ts";

const { skipped } = backends().find(({ name }) => name === "tensorflow")!;

const body = `{
    weight scale: [c: 4] = normal(1)
    y = x * scale |> conv(c: 6, kernel: 3, stride: 2) @conv |> relu
    return y, x, k, b, x > 0 and b, scale
  }`;
const results = (h: string, w: string) =>
  `(y: [n: 2, h: ceil(${h} / 2), w: ceil(${w} / 2), c: 6], x: [n: 2, h: ${h}, w: ${w}, c: 4], k: i32[n: 2], b: bool[n: 2, c: 4], m: bool[n: 2, h: ${h}, w: ${w}, c: 4], s: [c: 4])`;
const inputs = (h: string, w: string) => `x: [n: 2, h: ${h}, w: ${w}, c: 4], k: i32[n: 2], b: bool[n: 2, c: 4]`;
const fixed = graphOf(`fuse 1\nmodel Net(${inputs("5", "6")}) -> ${results("5", "6")} ${body}`);
const open = graphOf(`fuse 1\nmodel Net(${inputs("h", "w")}) -> ${results("h", "w")} ${body}`);

const random = seeded(7);
const weights = randomWeights(plan(fixed, esmProfile()), random);
const inputsAt = (h: number, w: number): Record<string, NdArray> => ({
  x: randomArray(random, "f32", [2, h, w, 4]),
  k: randomArray(random, "i32", [2]),
  b: randomArray(random, "bool", [2, 4]),
});

async function load(graph: typeof fixed, options: LoadOptions = {}): Promise<LoadedModel> {
  const planned = plan(graph, esmProfile());
  const text = emitFactory([planned], info, besideModule([planned], info));
  return (await instantiate(text, "net.fuse.js", model))["Net"]!.load(weights, options);
}

/** Runs the model and compares its results with the plan in float64. */
function expectRight(loaded: LoadedModel, given: Record<string, NdArray>): void {
  const tensors = Object.fromEntries(Object.entries(given).map(([name, array]) => [name, upload(array)]));
  const made = loaded.run(tensors);
  const want = evaluatePlan(plan(fixed, esmProfile()), given, (path) => weights[path]!);
  expect(Object.keys(made)).toEqual(Object.keys(want));
  for (const [name, tensor] of Object.entries(made))
    expect(difference(download(tensor), want[name]!, 1e-5), name).toBe(undefined);
  tf.dispose([tensors, made]);
}

describe.skipIf(skipped)("on the tensorflow backend", () => {
  let before: ReturnType<typeof held>;
  beforeEach(async () => {
    await useBackend("tensorflow");
    before = held();
  });
  afterEach(() => {
    expect(held()).toEqual(before);
  });

  test.each(["session", "wasm", "calls"] as const)("%s runs if an option says so", async (engine) => {
    const loaded = await load(open, { engine });
    expect(loaded.engine).toBe(engine);
    expect(loaded.whyCalls).toBe(engine === "calls" ? "they were asked for" : undefined);
    expectRight(loaded, inputsAt(5, 6));
    expect(loaded.engine).toBe(engine);
    loaded.dispose();
  });

  test("a model of fixed sizes is timed when it is loaded", async () => {
    const loaded = await load(fixed);
    expect(["session", "wasm"]).toContain(loaded.engine);
    const { engine } = loaded;
    for (let run = 0; run < 3; run++) expectRight(loaded, inputsAt(5, 6));
    expect(loaded.engine).toBe(engine);
    loaded.dispose();
  });

  test("a model of open sizes is a session until the same sizes have come often, or were announced", async () => {
    const loaded = await load(open);
    for (let run = 0; run < 8; run++) {
      expectRight(loaded, inputsAt(5, 6));
      expect(loaded.engine).toBe("session");
    }
    expectRight(loaded, inputsAt(5, 6));
    const { engine } = loaded;
    expectRight(loaded, inputsAt(5, 6));
    expect(loaded.engine).toBe(engine);
    loaded.dispose();
    const warm = await load(open, { warmUp: { h: 5, w: 6 } });
    expect(["session", "wasm"]).toContain(warm.engine);
    expectRight(warm, inputsAt(5, 6));
    warm.dispose();
  });

  test("WebAssembly takes tensors that were computed, reshaped, or made on another backend", async () => {
    const loaded = await load(fixed, { engine: "wasm" });
    const given = inputsAt(5, 6);
    const flat = tf.tensor1d(Float32Array.from(given["x"]!.data));
    const x = tf.tidy(() => tf.reshape(tf.add(flat, 0), [2, 5, 6, 4]));
    await useBackend("wasm");
    const k = upload(given["k"]!);
    await useBackend("tensorflow");
    const b = upload(given["b"]!);
    const made = loaded.run({ x, k, b });
    expect(difference(download(made["x"]!), given["x"]!, 0)).toBe(undefined);
    expect(difference(download(made["k"]!), given["k"]!, 0)).toBe(undefined);
    tf.dispose([flat, x, k, b, made]);
    loaded.dispose();
  });
});

test("a way that does not exist here is refused", async () => {
  await useBackend("cpu");
  await expect(load(fixed, { engine: "session" })).rejects.toThrow(
    "Net cannot run as session: the backend cpu has no sessions",
  );
  await expect(load(fixed, { engine: "wasm" })).rejects.toThrow(
    "Net cannot run as wasm: the backend cpu has only calls",
  );
  const loaded = await load(fixed);
  expect([loaded.engine, loaded.whyCalls]).toEqual(["calls", "the backend cpu has only calls"]);
  expectRight(loaded, inputsAt(5, 6));
  loaded.dispose();
});
