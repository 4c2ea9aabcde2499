/** @file The WebAssembly engine: when it runs, at which sizes, which files it reads, and that it leaks nothing. */
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { emitFactory } from "../../src/codegen/esm/emit.ts";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { seal } from "../../src/codegen/seal.ts";
import { emitPlanFile } from "../../src/codegen/wasm/plan-file.ts";
import { wasmProfile } from "../../src/codegen/wasm/profile.ts";
import type { ModelDefinition } from "../../src/contract/definition.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import type { PlanFile } from "../../src/contract/plan-data.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { plan } from "../../src/plan/plan.ts";
import { DataError, instantiate, model, type LoadedModel, type Model } from "../../src/runtime/node/index.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { useBackend } from "../support/backends.ts";
import { graphOf } from "../support/compare.ts";
import { info, randomWeights } from "../support/run.ts";
import { download, upload } from "../support/tensors.ts";

const graph = graphOf(`fuse 1
  model Net(x: [n, h: 2*i, w, c: 4], k: i32[n], b: bool[n, c: 4]) -> (y: [n, h: i, w: ceil(w / 2), c: 6], x: [n, h: 2*i, w, c: 4], k: i32[n], b: bool[n, c: 4], m: bool[n, h: 2*i, w, c: 4], s: [c: 4]) where w >= 2 {
    weight scale: [c: 4] = normal(1)
    y = x * scale |> conv(c: 6, kernel: 3, stride: 2, groups: 2) @conv |> batchnorm @bn |> relu
    return y, x, k, b, x > 0 and b, scale
  }`);
const planned = plan(graph, wasmProfile);
const text = emitPlanFile([planned], info);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const random = seeded(5);
const weights = randomWeights(planned, random);
const inputsAt = (n: number, h: number, w: number): Record<string, NdArray> => ({
  x: randomArray(random, "f32", [n, h, w, 4]),
  k: randomArray(random, "i32", [n]),
  b: randomArray(random, "bool", [n, 4]),
});

async function modelWith(plan: ModelDefinition["plan"]): Promise<Model> {
  let made: Model | undefined;
  const define = (definition: ModelDefinition): Model => (made = model({ ...definition, ...(plan && { plan }) }));
  await instantiate(emitFactory([plan0], info), "net.fuse.js", define);
  return made!;
}
const plan0 = plan(graph, esmProfile());

const load = async (): Promise<LoadedModel> => (await modelWith(bytes(text))).load(weights);

/** Runs the model and compares its results with the plan in float64. */
function expectRight(loaded: LoadedModel, inputs: Record<string, NdArray>): void {
  const tensors = Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, upload(array)]));
  const results = loaded.run(tensors);
  const want = evaluatePlan(planned, inputs, (path) => weights[path]!);
  for (const [name, tensor] of Object.entries(results))
    expect(difference(download(tensor), want[name]!, 1e-5), name).toBe(undefined);
  expect(Object.keys(results)).toEqual(Object.keys(want));
  tf.dispose([tensors, results]);
}

interface Heap {
  _malloc(bytes: number): number;
  _free(address: number): void;
}

describe("the engine", () => {
  let before: number;
  beforeEach(async () => {
    await useBackend("wasm");
    before = tf.memory().numTensors;
  });
  afterEach(() => {
    vi.restoreAllMocks();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("runs at any admissible sizes, and again at earlier ones", async () => {
    const loaded = await load();
    expect(loaded.engine).toBe("wasm");
    for (const [n, h, w] of [
      [1, 4, 5],
      [2, 6, 2],
      [3, 2, 9],
      [1, 4, 5],
      [1, 8, 8],
      [1, 10, 3],
      [2, 12, 4],
      [2, 6, 2],
    ] as const)
      expectRight(loaded, inputsAt(n, h, w));
    loaded.dispose();
  });

  test("keeps working when the memory grows", async () => {
    const loaded = await load();
    expectRight(loaded, inputsAt(1, 4, 5));
    const large = tf.zeros([64, 1024, 1024]);
    expectRight(loaded, inputsAt(1, 4, 5));
    tf.dispose(large);
    expectRight(loaded, inputsAt(2, 4, 5));
    loaded.dispose();
  });

  test("frees all its memory", async () => {
    const { wasm } = tf.backend() as unknown as { readonly wasm: Heap };
    const open = new Set<number>();
    const [malloc, free] = [wasm._malloc.bind(wasm), wasm._free.bind(wasm)];
    vi.spyOn(wasm, "_malloc").mockImplementation((size) => {
      const address = malloc(size);
      open.add(address);
      return address;
    });
    vi.spyOn(wasm, "_free").mockImplementation((address) => {
      open.delete(address);
      free(address);
    });
    const loaded = await load();
    for (const h of [2, 4, 6, 8, 10, 12]) expectRight(loaded, inputsAt(1, h, 3));
    expect(open.size).toBeGreaterThan(0);
    loaded.dispose();
    loaded.dispose();
    expect(open.size).toBe(0);
  });

  test("refuses inputs like any engine", async () => {
    const loaded = await load();
    const { k, b } = inputsAt(1, 4, 5);
    const tensors = { x: tf.zeros([1, 3, 5, 4]), k: upload(k!), b: upload(b!) };
    expect(() => loaded.run(tensors)).toThrow(/h must be a multiple of 2|h/);
    tf.dispose(tensors);
    loaded.dispose();
  });

  test("leaves other backends to calls", async () => {
    const loaded = await load();
    await useBackend("cpu");
    expect(loaded.engine).toBe("calls");
    expectRight(loaded, inputsAt(1, 4, 5));
    loaded.dispose();
    await useBackend("wasm");
  });
});

describe("a plan file", () => {
  beforeEach(() => useBackend("wasm"));

  const changed = (change: (file: Record<string, unknown>) => void): string => {
    const file = JSON.parse(text) as PlanFile;
    change(file as unknown as Record<string, unknown>);
    return seal(JSON.stringify({ ...file, content: "0".repeat(64) }), []);
  };

  test("that was changed is refused", async () => {
    const damaged = bytes(text.replace('"conv2d"', '"conv3d"'));
    await expect((await modelWith(damaged)).load(weights)).rejects.toThrow(DataError);
    await expect((await modelWith(bytes("{}"))).load(weights)).rejects.toThrow(/build the program again/);
  });

  test("of another model is refused", async () => {
    const other = changed((file) => {
      const models = file["models"] as Record<string, { inputs: unknown[] }>;
      models["Net"]!.inputs.pop();
    });
    await expect((await modelWith(bytes(other))).load(weights)).rejects.toThrow(/inputs are not those of the module/);
  });

  test("without the model is no plan", async () => {
    const none = changed((file) => {
      file["models"] = {};
    });
    const loaded = await (await modelWith(bytes(none))).load(weights);
    expect(loaded.engine).toBe("calls");
    loaded.dispose();
  });

  test("that is missing is no fault, but said", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const loaded = await (await modelWith(new URL("file:///nowhere/net.plan"))).load(weights);
    expect(loaded.engine).toBe("calls");
    expect(warn.mock.lastCall?.[0]).toMatch(/^Net does not run as WebAssembly of its own: .*nowhere/);
    expect(loaded.whyCalls).toMatch(/nowhere/);
    expectRight(loaded, inputsAt(1, 4, 5));
    loaded.dispose();
    warn.mockRestore();
  });
});
