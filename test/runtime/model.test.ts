/** @file Models at run time: loading, running, rejecting inputs, and leaking nothing. */
import * as tf from "@tensorflow/tfjs-core";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { relu } from "../../src/ops/activation.ts";
import { conv } from "../../src/ops/conv.ts";
import { add, mul } from "../../src/ops/elementwise.ts";
import { cast } from "../../src/ops/other.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { plan, type Plan } from "../../src/plan/plan.ts";
import { DataError, GuardError, model, type Model, type ModelDefinition } from "../../src/runtime/node/index.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { ModelBuilder } from "../support/model.ts";
import { modelOf, randomWeights } from "../support/run.ts";
import { download, upload } from "../support/tensors.ts";

/** relu(conv(x)) * s + count, in NCHW, from a batch of images and an i32 number. */
function smallPlan(): Plan {
  const m = new ModelBuilder();
  const x = m.input("x", ["n", "c: 2", "h: 2*i", "w"]);
  const count = m.input("count", ["n"], "i32");
  const a = m.apply(relu, [m.apply(conv, [x], { c: 4, kernel: 3 }, { path: "a" })], {}, { name: "a" });
  const scaled = m.apply(mul, [a, m.weight("scale", { c: 4 })]);
  const y = m.apply(add, [scaled, m.apply(cast, [count], { dtype: "f32" })], {}, { name: "y" });
  return plan(m.graph({ y: [y, ["n", "c", "h", "w"]], x: [x, ["n", "c", "h", "w"]] }, "Small"), esmProfile());
}

const small = smallPlan();
const random = seeded(7);
const weights = randomWeights(small, random);
const inputs = { x: randomArray(random, "f32", [2, 2, 4, 5]), count: randomArray(random, "i32", [2]) };
const want = evaluatePlan(small, inputs, (path) => weights[path]!);

let Small: Model;
let tensors: Record<string, tf.Tensor>;

function expectWanted(results: Record<string, tf.Tensor>): void {
  expect(Object.keys(results)).toEqual(Object.keys(want));
  for (const [name, tensor] of Object.entries(results))
    expect(difference(download(tensor), want[name]!, 1e-4)).toBe(undefined);
}

beforeAll(async () => {
  Small = await modelOf(small);
});

describe.each(backends())("on $name", ({ name, skipped }) => {
  beforeAll(() => (skipped ? undefined : useBackend(name)));
  beforeEach(() => {
    if (!skipped) tensors = { x: upload(inputs.x), count: upload(inputs.count) };
  });

  test.skipIf(skipped)("results are right and belong to the caller, and the inputs stay", async () => {
    const before = tf.memory();
    const loaded = await Small.load(weights);
    const first = loaded.run(tensors);
    expectWanted(first);
    tf.dispose(first);
    const second = tf.tidy(() => loaded.run(tensors));
    expectWanted(second);
    tf.dispose(second);
    loaded.dispose();
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
    expect(download(tensors["x"]!).data.length).toBe(inputs.x.data.length);
    tf.dispose(tensors);
  });

  test.skipIf(skipped)("results and inputs that share a tensor are freed separately", async () => {
    const loaded = await Small.load(weights);
    const results = loaded.run(tensors);
    tf.dispose(tensors);
    expectWanted(results);
    tf.dispose(results);
    loaded.dispose();
  });

  test.skipIf(skipped)("200 runs leak nothing", async () => {
    const loaded = await Small.load(weights);
    const heap = () => (name === "wasm" ? wasmHeap() : 0);
    let after5: unknown;
    for (let run = 0; run < 200; run++) {
      tf.dispose(loaded.run(tensors));
      if (run === 4) after5 = [tf.memory().numTensors, tf.memory().numDataBuffers, tf.memory().numBytes, heap()];
    }
    expect([tf.memory().numTensors, tf.memory().numDataBuffers, tf.memory().numBytes, heap()]).toEqual(after5);
    loaded.dispose();
    tf.dispose(tensors);
  });

  test.skipIf(skipped)("50 models loaded and disposed leak nothing", async () => {
    const before = tf.memory();
    for (let i = 0; i < 50; i++) {
      const loaded = await Small.load(weights);
      loaded.dispose();
      loaded.dispose();
    }
    expect(tf.memory()).toMatchObject({ numTensors: before.numTensors, numBytes: before.numBytes });
    tf.dispose(tensors);
  });

  test.skipIf(skipped)("a run that throws leaks nothing", async () => {
    const definition: ModelDefinition = {
      name: "Broken",
      guard: { model: "Broken", inputs: [], variables: [], requirements: [] },
      manifest: [],
      prepare: [{ op: "constant", dtype: "f32", shape: [], data: [1] }],
      prepared: { one: { dtype: "f32", step: 0 } },
      run: (_, { one }) => {
        tf.add(one!, one!);
        throw new Error("in the middle");
      },
    };
    const loaded = await model(definition).load();
    const before = tf.memory().numTensors;
    expect(() => loaded.run({})).toThrow("in the middle");
    expect(tf.memory().numTensors).toBe(before);
    loaded.dispose();
    tf.dispose(tensors);
  });
});

describe("weights loaded on one backend", () => {
  test("move to another one selected later", async () => {
    await useBackend("cpu");
    const loaded = await Small.load(weights);
    for (const name of ["cpu", "wasm", "cpu"] as const) {
      await useBackend(name);
      const own = { x: upload(inputs.x), count: upload(inputs.count) };
      const results = loaded.run(own);
      expectWanted(results);
      tf.dispose([own, results]);
    }
    loaded.dispose();
  });
});

describe("loading", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fuse-"));
  const file = path.join(folder, "small.safetensors");
  const bytes = writeSafetensors(new Map(Object.entries(weights)));
  beforeAll(() => {
    fs.writeFileSync(file, bytes);
    return useBackend("wasm");
  });
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  const check = async (...[source, options]: Parameters<Model["load"]>) => {
    const loaded = await Small.load(source, options);
    const own = { x: upload(inputs.x), count: upload(inputs.count) };
    const results = loaded.run(own);
    expectWanted(results);
    tf.dispose([own, results]);
    loaded.dispose();
  };

  test("from a path, a file URL, bytes, a buffer", async () => {
    await check(file);
    await check(pathToFileURL(file));
    await check(String(pathToFileURL(file)));
    await check(bytes);
    await check(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
  });

  test("from a URL", async () => {
    const url = `data:application/octet-stream;base64,${Buffer.from(bytes).toString("base64")}`;
    await check(new URL(url));
  });

  test("from tensors, which still belong to their owner", async () => {
    await check(weights);
    await check(
      Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, { shape, data: [...data] }])),
    );
    const own = Object.fromEntries(Object.entries(weights).map(([name, array]) => [name, upload(array)]));
    const before = tf.memory().numTensors;
    await check(own);
    expect(tf.memory().numTensors).toBe(before);
    expect(download(own["scale"]!).data).toHaveLength(4);
    tf.dispose(own);
  });

  test("under a prefix, and with other names", async () => {
    const prefixed = Object.fromEntries(Object.entries(weights).map(([name, array]) => [`net.${name}`, array]));
    await check(prefixed, { prefix: "net" });
    await check(prefixed, { rename: { "net.*": "*" } });
    const { scale, ...others } = weights;
    await check({ ...others, gamma: scale! }, { rename: { gamma: "scale" } });
  });

  test("the source may be changed afterwards", async () => {
    const copy = bytes.slice();
    const loaded = await Small.load(copy);
    copy.fill(0);
    const own = { x: upload(inputs.x), count: upload(inputs.count) };
    const results = loaded.run(own);
    expectWanted(results);
    tf.dispose([own, results]);
    loaded.dispose();
  });

  test("weights outlive the scope they are loaded in", async () => {
    tf.engine().startScope();
    const loaded = await Small.load(weights);
    tf.engine().endScope();
    const own = { x: upload(inputs.x), count: upload(inputs.count) };
    const results = loaded.run(own);
    expectWanted(results);
    tf.dispose([own, results]);
    loaded.dispose();
  });

  test("all problems are listed", async () => {
    const { scale, ...others } = weights;
    const wrong = { ...others, "a.weight": { shape: [2, 4, 3, 3], data: new Float32Array(72) }, other: scale! };
    const error: unknown = await Small.load(wrong).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toBe("weights do not match Small");
    expect((error as DataError).details).toMatchInlineSnapshot(`
      [
        "missing (1):",
        "  scale [c: 4]",
        "wrong shape (1):",
        "  a.weight is [2, 4, 3, 3], expected [c: 4, c': 2, h: 3, w: 3] (is it transposed?)",
        "unused (1):",
        "  "other" [4]",
      ]
    `);
  });

  test.each<[string, Parameters<Model["load"]>[0], string]>([
    ["nothing", undefined, "Small needs weights: pass load() a path, a URL, bytes or named tensors"],
    ["a missing file", "/no/such.safetensors", 'cannot read "/no/such.safetensors": no such file'],
    ["a folder", os.tmpdir(), "it is not a file"],
    ["a device", "/dev/zero", 'cannot read "/dev/zero": it is not a file'],
    ["garbage", new Uint8Array(20).fill(200), "header would have"],
    [
      "values that do not fit their shape",
      { scale: { shape: [4], data: [1] } },
      'tensor "scale" has 1 values, which does not match [4]',
    ],
    ["a web page", new TextEncoder().encode("<!doctype html><title>404</title>"), "is an HTML page"],
    ["an empty name", { scale: undefined } as never, '"scale" is not a tensor, nor a shape with data'],
    ["nobody at home", "http://127.0.0.1:9/w", 'cannot fetch "http://127.0.0.1:9/w": '],
  ])("%s is a DataError in one line", async (_, source, message) => {
    const before = tf.memory().numTensors;
    const error: unknown = await Small.load(source).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toContain(message);
    expect((error as DataError).message).not.toContain("\n");
    expect(tf.memory().numTensors).toBe(before);
  });

  test("warns of tensors that are not used, in layers that are", async () => {
    const said: string[] = [];
    const more = { ...weights, "a.gain": { shape: [4], data: [1, 1, 1, 1] } };
    const loaded = await Small.load(more, { warn: (message) => said.push(message) });
    loaded.dispose();
    expect(said).toEqual(['Small does not use:\n  "a.gain" [4], beside a.bias']);
  });

  test("a tensor that cannot be read leaks none of those before it", async () => {
    const unreadable = {
      length: 4,
      get 0(): number {
        throw new DataError("unreadable");
      },
    };
    const broken = { ...weights, scale: { shape: [4], data: unreadable } };
    const before = tf.memory().numTensors;
    await expect(Small.load(broken)).rejects.toThrow("unreadable");
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("running", () => {
  beforeAll(() => useBackend("wasm"));

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a number", 3],
    ["an input itself", "x"],
  ])("%s instead of inputs by name is refused", async (_, given) => {
    const loaded = await Small.load(weights);
    const tensor = upload(inputs.x);
    const values = given === "x" ? tensor : given;
    expect(() => loaded.run(values as never)).toThrow(
      new GuardError("Small: run() takes its inputs by name: run({ x, count })."),
    );
    const arrays = given === "x" ? { shape: [1], data: Float32Array.of(1) } : given;
    await expect(loaded.runArrays(arrays as never)).rejects.toThrow(
      new GuardError("Small: runArrays() takes its inputs by name: runArrays({ x, count })."),
    );
    tensor.dispose();
    loaded.dispose();
  });

  test("the guard runs before anything is computed", async () => {
    const loaded = await Small.load(weights);
    const own = { x: tf.zeros([2, 2, 3, 5]), count: tf.zeros([3]) };
    const error = thrownBy(() => loaded.run(own));
    expect(error).toBeInstanceOf(GuardError);
    expect([error.message, ...error.details]).toMatchInlineSnapshot(`
      [
        "Small: count must be i32 (net.fuse:1), got f32.",
        "Small: x.h must be a multiple of 2 (declared "h: 2*i", net.fuse:1), got 3. Nearest: 2, 4.",
        "Small: count.n is 3, but x.n is 2 (declared "n", net.fuse:1).",
      ]
    `);
    expect(thrownBy(() => loaded.run({})).message).toBe(
      "Small: x is missing (declared [n, c: 2, h: 2*i, w], net.fuse:1).",
    );
    expect(thrownBy(() => loaded.run({ ...own, x: [1, 2] as never })).message).toBe("Small: x must be a tensor.");
    const strings = { ...own, x: tf.tensor(["a"]) };
    expect(thrownBy(() => loaded.run(strings)).message).toBe("Small: x must be f32 (net.fuse:1), got string.");
    tf.dispose([own, strings]);
    expect(thrownBy(() => loaded.run(own)).message).toBe("Small: x has been disposed.");
    loaded.dispose();
    expect(() => loaded.run(own)).toThrow("Small: run() was called after dispose()");
  });
});

function thrownBy(run: () => unknown): GuardError {
  try {
    run();
  } catch (error) {
    if (error instanceof GuardError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

function wasmHeap(): number {
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return wasm.HEAPU8.length;
}
