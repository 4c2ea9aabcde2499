/** @file The native engine: when it runs, what it rejects, which files it reads, and that it leaks nothing. */
import * as tf from "@tensorflow/tfjs-core";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { emitFactory } from "../../src/codegen/esm/emit.ts";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import type { ModelDefinition } from "../../src/contract/definition.ts";
import { plan } from "../../src/plan/plan.ts";
import { decodeEngine, encodeEngine } from "../../src/protobuf/engine.ts";
import { DataError, GuardError, instantiate, model, type LoadedModel } from "../../src/runtime/node/index.ts";
import { nativeEngine } from "../../src/runtime/node/native/engine.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { graphOf } from "../support/compare.ts";
import { engineFile, held, sessionModel } from "../support/native.ts";
import { info, modelOf, randomWeights } from "../support/run.ts";
import { download, upload } from "../support/tensors.ts";

const { skipped } = backends().find(({ name }) => name === "tensorflow")!;

const graph = graphOf(`fuse 1
  model Net(x: [n, h: 2*i, w, c: 4], k: i32[n]) -> (y: [n, h: i, w: ceil(w / 2), c: 6], x: [n, h: 2*i, w, c: 4], k: i32[n], m: bool[n, h: 2*i, w, c: 4], s: [c: 4]) where w >= 2 {
    weight scale: [c: 4] = normal(1)
    y = x * scale |> conv(c: 6, kernel: 3, stride: 2, groups: 2) @conv |> batchnorm @bn |> relu
    return y, x, k, x > 0, scale
  }`);
const esm = plan(graph, esmProfile());
const file = engineFile(graph);
const random = seeded(5);
const weights = randomWeights(esm, random);
const inputs = { x: randomArray(random, "f32", [2, 4, 5, 4]), k: randomArray(random, "i32", [2]) };

const tmp = os.tmpdir();
/** Sessions are loaded from here. Nothing may be left in it. */
const folder = mkdtempSync(path.join(tmp, "native-test-"));
let tensors: Record<string, tf.Tensor>;
let want: Record<string, ReturnType<typeof download>>;

/** What is held before a test. */
let before: ReturnType<typeof held>;

beforeAll(async () => {
  if (skipped) return;
  await useBackend("tensorflow");
  // Its leak check mistakes tensors from another backend for leaks. `held` counts them here.
  tf.env().set("IS_TEST", false);
  const loaded = await (await modelOf(esm)).load(weights);
  const own = { x: upload(inputs.x), k: upload(inputs.k) };
  const results = loaded.run(own);
  want = Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, download(tensor)]));
  tf.dispose([own, results]);
  loaded.dispose();
});
beforeEach(async () => {
  if (skipped) return;
  await useBackend("tensorflow");
  vi.stubEnv("TMPDIR", folder);
  before = held();
  tensors = { x: upload(inputs.x), k: upload(inputs.k) };
});
afterEach(() => {
  if (skipped) return;
  tf.dispose(tensors);
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  expect(held()).toEqual(before);
  expect(readdirSync(folder)).toEqual([]);
});
afterAll(() => rmSync(folder, { recursive: true }));

function expectWanted(results: Record<string, tf.Tensor>): void {
  expect(Object.keys(results)).toEqual(Object.keys(want));
  for (const [name, tensor] of Object.entries(results))
    expect(difference(download(tensor), want[name]!, 1e-5), name).toBe(undefined);
  tf.dispose(results);
}

/** Loads a model, expects this engine, and frees it. */
async function check(load: Promise<LoadedModel>, engine: LoadedModel["engine"]): Promise<void> {
  const loaded = await load;
  expect(loaded.engine).toBe(engine);
  expectWanted(loaded.run(tensors));
  loaded.dispose();
  loaded.dispose();
  expect(() => loaded.run(tensors)).toThrow("Net: run() was called after dispose()");
}

const native = () => tf.backend() as unknown as Record<string, (...parameters: unknown[]) => unknown>;

describe.skipIf(skipped)("when it runs", () => {
  test("on the tensorflow backend, also with inputs and weights as results", async () => {
    await check((await sessionModel(graph)).load(weights), "session");
  });

  test("with a graph from a file next to the module", async () => {
    const place = path.join(mkdtempSync(path.join(tmp, "graph-")), "a net.graph");
    writeFileSync(place, file);
    await check((await sessionModel(graph, { graph: pathToFileURL(place) })).load(weights), "session");
    rmSync(path.dirname(place), { recursive: true });
    await check((await sessionModel(graph, { graph: pathToFileURL(place) })).load(weights), "calls");
  });

  test("not without a graph, and not with a file that has no graph of the model", async () => {
    await check((await sessionModel(graph, {})).load(weights), "calls");
    await check((await sessionModel(graph, { graph: engineFile() })).load(weights), "calls");
  });

  test("not on another backend, even if that becomes tensorflow later", async () => {
    await useBackend("wasm");
    const load = (await sessionModel(graph)).load(weights);
    await check(load, "calls");
    const loaded = await (await sessionModel(graph)).load(weights);
    await useBackend("tensorflow");
    expect(loaded.engine).toBe("calls");
    expectWanted(loaded.run(tensors));
    loaded.dispose();
  });

  test("as long as the backend is current; weights for others are created on demand", async () => {
    const source = { ...weights, scale: { ...weights["scale"]!, data: weights["scale"]!.data.slice() } };
    const loaded = await (await sessionModel(graph)).load(source);
    source.scale.data.fill(0);
    const { tensors: withoutPrepared } = held();
    expectWanted(loaded.run(tensors));
    expect(held().tensors).toBe(withoutPrepared);
    for (const [backend, engine] of [
      ["wasm", "calls"],
      ["tensorflow", "session"],
    ] as const) {
      await useBackend(backend);
      expect(loaded.engine).toBe(engine);
      expectWanted(tf.tidy(() => loaded.run(tensors)));
    }
    expect(held().tensors).toBe(withoutPrepared + Object.keys(esm.prepared).length);
    loaded.dispose();
  });

  test("not if the binding has no sessions", async () => {
    Object.assign(native(), { runSavedModel: undefined });
    try {
      await check((await sessionModel(graph)).load(weights), "calls");
    } finally {
      delete native()["runSavedModel"];
    }
    await check((await sessionModel(graph)).load(weights), "session");
  });

  test("not without space for a temporary file, or if TensorFlow rejects it, with a message", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    vi.stubEnv("TMPDIR", "/no/such/folder");
    await check((await sessionModel(graph)).load(weights), "calls");
    expect(warn.mock.lastCall?.[0]).toMatch(/^Net runs op by op in TensorFlow\.js, .* ENOENT/);
    vi.stubEnv("TMPDIR", folder);
    const load = vi.spyOn(native(), "loadSavedModelMetaGraph").mockImplementation(() => {
      throw new Error("Op type not registered");
    });
    await check((await sessionModel(graph)).load(weights), "calls");
    expect(warn.mock.lastCall?.[0]).toMatch(/: Op type not registered$/);
    load.mockRestore();
  });

  test("with large weights that are fed on every run", async () => {
    const definition = await definitionOf();
    for (const limit of [0, 200, 300]) {
      const engine = await nativeEngine(definition, (path) => weights[path]!, readNothing, limit);
      if (typeof engine === "string") throw new Error(engine);
      expectWanted(engine.run(tensors, {}) as Record<string, tf.Tensor>);
      expectWanted(engine.run(tensors, {}) as Record<string, tf.Tensor>);
      engine.dispose();
    }
  });
});

async function definitionOf(): Promise<ModelDefinition> {
  let found: ModelDefinition | undefined;
  await instantiate(emitFactory([esm], info), "net.fuse.js", (definition) => model((found = definition)));
  return { ...found!, graph: file };
}

const readNothing = () => Promise.reject(new Error("there is nothing to read"));

describe.skipIf(skipped)("what it rejects", () => {
  test("wrong ranks, sizes, dtypes, names and disposed tensors, before TensorFlow sees them", async () => {
    const loaded = await (await sessionModel(graph)).load(weights);
    const refused = (given: Record<string, unknown>, message: RegExp) => {
      const attempt = () => loaded.run({ ...tensors, ...given } as never);
      expect(attempt).toThrow(GuardError);
      expect(attempt).toThrow(message);
      tf.dispose(given as tf.TensorContainer);
    };
    refused({ x: tf.zeros([4]) }, /x must have 4 axes .* got 1: \[4\]/);
    refused({ x: tf.scalar(1) }, /x must have 4 axes/);
    refused({ x: tf.zeros([2, 4, 5, 4, 1]) }, /x must have 4 axes/);
    refused({ x: tf.zeros([2, 3, 5, 4]) }, /x\.h must be a multiple of 2/);
    refused({ x: tf.zeros([2, 4, 5, 3]) }, /x\.c must be 4/);
    refused({ x: tf.zeros([0, 4, 5, 4]) }, /x\.n must be at least 1/);
    refused({ x: tf.zeros([2, 4, 5, 4], "int32") }, /x must be f32/);
    refused({ k: tf.zeros([3], "int32") }, /k\.n is 3, but x\.n is 2/);
    refused({ z: tf.scalar(1) }, /there is no input "z"/);
    refused({ x: undefined }, /x must be a tensor/);
    const gone = tf.zeros([2, 4, 5, 4]);
    gone.dispose();
    refused({ x: gone }, /x has been disposed/);
    expectWanted(loaded.run(tensors));
    loaded.dispose();
  });

  test("tensors of another backend are moved, in the shape they have there", async () => {
    const loaded = await (await sessionModel(graph)).load(weights);
    await useBackend("wasm");
    const flat = tf.tensor1d(Float32Array.from(inputs.x.data));
    // wasm changes its shape without reporting what it moves.
    const x = tf.reshape(flat, inputs.x.shape as number[]);
    await useBackend("tensorflow");
    expectWanted(loaded.run({ ...tensors, x }));
    tf.dispose([flat, x]);
    loaded.dispose();
  });

  test("a tensor that TensorFlow stores in another dtype", async () => {
    const loaded = await (await sessionModel(graph)).load(weights);
    const bytes = tf.tensor1d([1, 2], "int32");
    const map = (tf.backend() as unknown as { tensorMap: { get(id: object): { dtype: number } } }).tensorMap;
    // Like pictures that tfjs-node decodes.
    const stored = map.get(bytes.dataId);
    const { dtype } = stored;
    stored.dtype = 4;
    expect(() => loaded.run({ ...tensors, k: bytes })).toThrow("k is not stored as i32");
    stored.dtype = dtype;
    bytes.dispose();
    loaded.dispose();
  });
});

test.skipIf(skipped)("infinite literals are what they are", async () => {
  const masked = graphOf("fuse 1\nmodel Mask(x: [n]) -> (y: [n]) {\n  return where(x > 0, x, -inf)\n}");
  const loaded = await (await sessionModel(masked)).load();
  const x = tf.tensor1d([1, -1]);
  const { y } = loaded.run({ x });
  expect([loaded.engine, ...download(y!).data]).toEqual(["session", 1, -Infinity]);
  tf.dispose([x, y!]);
  loaded.dispose();
});

describe.skipIf(skipped)("files", () => {
  const broken = async (bytes: Uint8Array): Promise<void> => {
    const error: unknown = await (
      await sessionModel(graph, { graph: bytes })
    )
      .load(weights)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toMatch(/^the graph of Net: .*; build the program again, or delete the file$/);
  };

  test("truncated anywhere are a DataError", async () => {
    for (let length = 0; length < file.length; length += 1 + Math.floor(file.length / 40))
      await broken(file.subarray(0, length));
    await broken(file.subarray(0, -1));
    await broken(Uint8Array.of(...file, 0));
  });

  test("with a flipped bit are a DataError", async () => {
    for (let flip = 0; flip < 60; flip++) {
      const bytes = file.slice();
      bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
      await broken(bytes);
    }
  });

  test("from another build, or with other inputs, are a DataError", async () => {
    const other = await sessionModel(graph, { graph: file, hash: "another" });
    await expect(other.load(weights)).rejects.toThrow("the graph of Net: it belongs to another build of the program");
    await check((await sessionModel(graph, { graph: file, hash: info.hash })).load(weights), "session");
    const { models, ...head } = decodeEngine(file);
    const { inputs = [], ...net } = models!.get("Net")!;
    const [x, k] = inputs;
    for (const wrong of [[x!], [x!, { name: "k", tensor: x!.tensor! }], [{ name: "x", tensor: "no" }, k!]])
      await broken(encodeEngine({ ...head, models: new Map([["Net", { ...net, inputs: wrong }]]) }));
    await broken(encodeEngine({ ...head, models: new Map([["Net", { ...net, inputs: [x!, k!, { name: "z" }] }]]) }));
    await broken(
      encodeEngine({ ...head, models: new Map([["Net", { ...net, inputs, prepared: [{ tensor: "a", dtype: 1 }] }]]) }),
    );
  });
});

describe.skipIf(skipped)("sizes that come often", () => {
  test("get a session of their own, which gives the same results; four are kept", async () => {
    // Everything takes a second: opening the first session, and every run.
    let clock = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (clock += 1000));
    const loaded = await (await sessionModel(graph)).load(weights);
    const sessions: number[] = [];
    for (const h of [4, 6, 8, 10, 12, 14]) {
      const given = { x: tf.randomUniform([2, h, 5, 4]), k: tf.tensor1d([1, 2], "int32") };
      const wanted = loaded.run(given);
      const again = loaded.run(given);
      for (const [name, tensor] of Object.entries(again))
        expect(download(tensor).data, name).toEqual(download(wanted[name]!).data);
      tf.dispose([given, wanted, again]);
      sessions.push(held().sessions - before.sessions);
    }
    expect(sessions).toEqual([2, 3, 4, 5, 5, 5]);
    loaded.dispose();
  });
});

describe.skipIf(skipped)("what it leaves behind", () => {
  test("nothing after 50 loads; only the user can read what TensorFlow reads", async () => {
    const Net = await sessionModel(graph);
    const load = vi.spyOn(native(), "loadSavedModelMetaGraph");
    for (let count = 0; count < 50; count++) {
      load.mockImplementationOnce((place) => {
        expect(statSync(place as string).mode & 0o777).toBe(0o700);
        expect(statSync(path.join(place as string, "saved_model.pb")).mode & 0o777).toBe(0o600);
        load.mockRestore();
        return native()["loadSavedModelMetaGraph"]!(place, "serve");
      });
      await check(Net.load(weights), "session");
    }
  });

  test("nothing after failed loads, and concurrent loads do not interfere", async () => {
    const unreadable = {
      length: 4,
      get 0(): number {
        throw new DataError("unreadable");
      },
    };
    const Net = await sessionModel(graph);
    await expect(Net.load({ ...weights, scale: { shape: [4], data: unreadable } })).rejects.toThrow("unreadable");
    // A weight that the graph does not use is read once the session exists.
    const spare = { ...esm.manifest.find(({ path }) => path === "scale")!, path: "spare" };
    const Spare = await sessionModel(graph, { graph: file, manifest: [...esm.manifest, spare] });
    await expect(Spare.load({ ...weights, spare: { shape: [4], data: unreadable } })).rejects.toThrow("unreadable");
    const loaded = await Promise.all([Net.load(weights), Net.load(weights), Net.load(weights)]);
    loaded[0].dispose();
    expectWanted(loaded[1].run(tensors));
    expectWanted(loaded[2].run(tensors));
    loaded[1].dispose();
    loaded[2].dispose();
  });

  test("nothing after runs in a tidy, and results outlive their inputs and the model", async () => {
    const loaded = await (await sessionModel(graph)).load(weights);
    tf.tidy(() => void loaded.run(tensors));
    const own = { x: upload(inputs.x), k: upload(inputs.k) };
    const results = loaded.run(own);
    tf.dispose(own);
    loaded.dispose();
    expectWanted(results);
  });
});
