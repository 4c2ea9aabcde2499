/** @file Threads of the WebAssembly engine: the same bits as with one, what ends them, and what is said when there are none. */
import * as tf from "@tensorflow/tfjs-core";
import { execFileSync } from "node:child_process";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { emitFactory } from "../../src/codegen/esm/emit.ts";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { emitPlanFile } from "../../src/codegen/wasm/plan-file.ts";
import { wasmProfile } from "../../src/codegen/wasm/profile.ts";
import type { ModelDefinition } from "../../src/contract/definition.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { plan } from "../../src/plan/plan.ts";
import { makeModel, type LoadedModel, type LoadOptions } from "../../src/runtime/model.ts";
import { DataError, instantiate, model, type Model } from "../../src/runtime/node/index.ts";
import { startHelper } from "../../src/runtime/node/start-helper.ts";
import { threadsFor } from "../../src/runtime/threads.ts";
import { wasmEngineOf } from "../../src/runtime/wasm/of-backend.ts";
import type { StartHelper } from "../../src/runtime/wasm/team.ts";
import { examine } from "../properties/programs/examine.ts";
import { grow } from "../properties/programs/grow.ts";
import { seeded } from "../support/arrays.ts";
import { useBackend } from "../support/backends.ts";
import { graphOf, prepareCase, type Case } from "../support/compare.ts";
import { info, randomWeights } from "../support/run.ts";
import { randomShapes } from "../support/shapes.ts";
import { systems, systemText } from "../support/systems.ts";
import { startThreads, type Threads } from "../support/threads.ts";
import { byTier } from "../support/tier.ts";
import { runPlanAsWasm } from "../support/wasm.ts";

describe.each([2, 3])("%i threads compute the same bits as one", (count) => {
  let threads: Threads;
  beforeAll(async () => {
    threads = await startThreads(count);
  });
  afterAll(() => threads.close());

  function expectSame({ graph, weights, samples }: Case): readonly (readonly NdArray[])[] {
    const planned = plan(graph, wasmProfile);
    return samples.map(({ inputs }) => {
      const [alone, together] = [undefined, threads.run].map((run) => runPlanAsWasm(planned, inputs, weights, run));
      expect(together!.map(bitsOf)).toEqual(alone!.map(bitsOf));
      return alone!;
    });
  }

  test.each(systems)("$file", ({ file, settings }) => {
    const graph = graphOf(systemText(file), settings);
    expectSame(prepareCase(file, graph, randomShapes(graph.guard, seeded(7), 3, 20)));
  });

  test("random programs", { timeout: 600_000 }, async () => {
    let compared = 0;
    const run = (it: Case) => Promise.resolve(expectSame(it));
    for (let seed = 1; seed <= byTier({ quick: 20, full: 300 }); seed++) {
      const report = await examine(grow(seed), { seed, engines: [{ name: "threads", exact: false, share: 1, run }] });
      compared += report.compared.get("threads") ?? 0;
    }
    expect(compared).toBeGreaterThan(0);
    expect(threads.helped).toBeGreaterThan(0);
  });
});

const bitsOf = ({ data }: NdArray): string => Buffer.from(Float64Array.from(data).buffer).toString("base64");

/** Two convolutions that are worth sharing from a size of some 30 up, and results of all types. */
const graph = graphOf(`fuse 1
  model Net(x: [n, h, w, c: 32], k: i32[n], b: bool[n, c: 32]) -> (y: [n, h, w, c: 64], k: i32[n], m: bool[n, h, w, c: 32]) {
    y = x |> conv(c: 64, kernel: 3) @conv |> relu |> softmax(axis: c) |> conv(c: 64) @more
    return y, k, x > 0 and b
  }`);
const planned = plan(graph, wasmProfile);
const weights = randomWeights(planned, seeded(3));

const inputsAt = (size: number): Record<string, tf.Tensor> => ({
  x: tf.randomUniform([1, size, size, 32], -1, 1, "float32", 5),
  k: tf.tensor1d([7], "int32"),
  b: tf.tensor2d([Array.from({ length: 32 }, (_, i) => i % 3 === 0)], [1, 32], "bool"),
});

const definition = new Promise<ModelDefinition>((resolve) => {
  const define = (it: ModelDefinition): Model => {
    resolve({ ...it, plan: new TextEncoder().encode(emitPlanFile([planned], info)) });
    return model(it);
  };
  void instantiate(emitFactory([plan(graph, esmProfile())], info), "net.fuse.js", define);
});

/** Loads the model; `start` starts the workers. */
async function load(options: LoadOptions, start: StartHelper = startHelper, obstacle?: string): Promise<LoadedModel> {
  const made = makeModel(await definition, {
    read: () => Promise.reject(new Error("nothing is read")),
    ready: () => tf.ready(),
    engine: (definition, load, { threads }) =>
      wasmEngineOf(definition, load, () => Promise.reject(new Error()), threads),
    threads: { processors: 2, start, obstacle },
  });
  return made.load(weights, options);
}

/** Returns the results of a run, and frees all tensors. */
function results(loaded: LoadedModel, size: number): readonly NdArray[] {
  const inputs = inputsAt(size);
  const made = loaded.run(inputs);
  const arrays = Object.values(made).map((tensor): NdArray => ({
    dtype: "f32",
    shape: tensor.shape,
    data: Float64Array.from(tensor.dataSync()),
  }));
  tf.dispose([inputs, made]);
  return arrays;
}

describe("a model", () => {
  let before: number;
  let alone: LoadedModel;
  const warn = vi.fn();
  beforeEach(async () => {
    await useBackend("wasm");
    before = tf.memory().numTensors;
    alone = await load({ threads: 1 });
    warn.mockClear();
  });
  afterEach(() => {
    alone.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  function expectSame(loaded: LoadedModel, ...sizes: readonly number[]): void {
    for (const size of sizes)
      expect(results(loaded, size).map(bitsOf), String(size)).toEqual(results(alone, size).map(bitsOf));
  }

  /** Counts the workers that run. */
  function counted(): { readonly start: StartHelper; running: number } {
    const counter = {
      running: 0,
      start: async (...given: Parameters<StartHelper>) => {
        const helper = await startHelper(...given);
        counter.running++;
        return {
          terminate: () => {
            counter.running--;
            helper.terminate();
          },
        };
      },
    };
    return counter;
  }

  test("starts workers when there is something to share, and ends them with its disposal", async () => {
    const workers = counted();
    const loaded = await load({ threads: 3, warn }, workers.start);
    expect([loaded.engine, loaded.threads, alone.threads]).toEqual(["wasm", 3, 1]);
    expectSame(loaded, 4);
    expect(workers.running).toBe(0);
    expectSame(loaded, 64, 48, 5);
    await vi.waitFor(() => expect(workers.running).toBe(2));
    // More sizes than are kept, and earlier ones again.
    expectSame(loaded, 64, 33, 40, 50, 64, 48);
    loaded.dispose();
    expect(workers.running).toBe(0);
    expect(warn).not.toHaveBeenCalled();
  });

  test("that is disposed before its workers have started leaves none", async () => {
    const workers = counted();
    const loaded = await load({ threads: 2 }, workers.start);
    expectSame(loaded, 64);
    loaded.dispose();
    await vi.waitFor(() => expect(workers.running).toBe(0));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(workers.running).toBe(0);
  });

  test("is ready after a warm-up", async () => {
    const workers = counted();
    const compiled = vi.spyOn(WebAssembly, "Module");
    const loaded = await load({ threads: 2, warmUp: { n: 1, h: 64, w: 64 } }, workers.start);
    expect(workers.running).toBe(1);
    const before = compiled.mock.calls.length;
    results(loaded, 64);
    expect(compiled.mock.calls.length).toBe(before);
    compiled.mockRestore();
    expectSame(loaded, 64);
    loaded.dispose();
    expect(workers.running).toBe(0);
  });

  test("works with one thread if a worker does not start, and says so", async () => {
    const fails: StartHelper = () => Promise.reject(new Error("no worker today"));
    const loaded = await load({ threads: 2, warn, warmUp: { n: 1, h: 64, w: 64 } }, fails);
    expect(warn.mock.calls).toEqual([["Net computes with one thread: no worker today"]]);
    expect(loaded.threads).toBe(1);
    expectSame(loaded, 64, 40);
    loaded.dispose();
  });

  test("works with those workers that start", async () => {
    const workers = counted();
    let first = true;
    const start: StartHelper = (...given) => {
      if (!first) return workers.start(...given);
      first = false;
      return Promise.reject(new Error("not me"));
    };
    const loaded = await load({ threads: 3, warn, warmUp: { n: 1, h: 64, w: 64 } }, start);
    expect(warn.mock.calls).toEqual([["Net computes with 2 threads: not me"]]);
    expect([loaded.threads, workers.running]).toEqual([2, 1]);
    expectSame(loaded, 64);
    loaded.dispose();
  });

  test("computes again with one thread if a worker fails in a run", async () => {
    const workers = counted();
    // The worker does not find the functions that it needs.
    const start: StartHelper = (text, data) => workers.start(text.replace("new TextDecoder()", "nowhere()"), data);
    const loaded = await load({ threads: 2, warn }, start);
    results(loaded, 64);
    await vi.waitFor(() => expect(workers.running).toBe(1));
    for (let run = 0; run < 100 && warn.mock.calls.length === 0; run++) expectSame(loaded, 64);
    expect(warn.mock.calls).toEqual([
      ["Net computes with one thread from now on: a worker could not compute its part"],
    ]);
    expect([loaded.threads, workers.running]).toEqual([1, 0]);
    expectSame(loaded, 64, 40);
    loaded.dispose();
  });

  test("computes with one thread where there cannot be more, and says so if more were asked for", async () => {
    const loaded = await load({ warn }, startHelper, "there is no shared memory");
    expect([loaded.threads, warn.mock.calls.length]).toEqual([1, 0]);
    loaded.dispose();
    const asked = await load({ threads: 2, warn }, startHelper, "there is no shared memory");
    expect(warn.mock.calls).toEqual([["Net computes with one thread: there is no shared memory"]]);
    expectSame(asked, 64);
    asked.dispose();
  });

  test("without shared memory computes with one thread", async () => {
    const { Memory } = WebAssembly;
    const none = vi.spyOn(WebAssembly, "Memory").mockImplementation(function (descriptor) {
      if (descriptor.shared === true) throw new RangeError("could not allocate memory");
      return new Memory(descriptor);
    });
    const loaded = await load({ threads: 2, warn, warmUp: { n: 1, h: 64, w: 64 } });
    none.mockRestore();
    expect(warn.mock.calls).toEqual([["Net computes with one thread: could not allocate memory"]]);
    expect(loaded.threads).toBe(1);
    expectSame(loaded, 64);
    loaded.dispose();
  });

  test("on another backend has no threads of its own", async () => {
    await useBackend("cpu");
    const loaded = await load({ threads: 2, warn });
    expect([loaded.engine, loaded.threads]).toEqual(["calls", undefined]);
    loaded.dispose();
    await useBackend("wasm");
  });
});

describe("options", () => {
  beforeAll(() => useBackend("wasm"));

  test.each([0, -1, 1.5, NaN, Infinity, 1000, "2", null])("threads: %s is refused", async (threads) => {
    const options = { threads } as LoadOptions;
    await expect(load(options)).rejects.toThrow(
      new DataError(`threads must be a whole number from 1 to 64, not ${String(threads)}`),
    );
  });

  test.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [8, 4],
    [64, 4],
  ])("of %i processors, %i are used by default", (processors, count) => {
    expect(threadsFor("Net", undefined, { processors }, vi.fn())).toBe(count);
  });

  test.each([
    [{ n: 1, h: 2 }, "warmUp needs the sizes of all inputs of Net: `w` too"],
    [{ n: 1, h: 2, w: 3, q: 1 }, "warmUp has `q`, which no input of Net has; there are `n`, `h`, `w`"],
    [{ n: 0, h: 2, w: 3 }, "warmUp: `n` must be a whole number of at least 1, not 0"],
    [{ n: 1.5, h: 2, w: 3 }, "warmUp: `n` must be a whole number of at least 1, not 1.5"],
    [{ n: 1, h: 2, w: NaN }, "warmUp: `w` must be a whole number of at least 1, not NaN"],
    [true, "warmUp must be sizes by name, such as { n: 1 }, or false, not true"],
    [null, "warmUp must be sizes by name, such as { n: 1 }, or false, not null"],
  ])("warmUp: %j is refused", async (warmUp, message) => {
    const refused = load({ warmUp } as LoadOptions);
    await expect(refused).rejects.toThrow(DataError);
    await expect(refused).rejects.toThrow(message);
  });
});

test.each(["", "loaded.dispose();"])("a process ends by itself: %s", (last) => {
  const script = `
    import { Team } from "./src/runtime/wasm/team.ts";
    import { startHelper } from "./src/runtime/node/start-helper.ts";
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const loaded = new Team({ memory, take: (bytes) => ({ at: 64, allocated: bytes }), free: () => undefined });
    await loaded.add(2, startHelper);
    console.log(loaded.size);
    ${last.replace("dispose", "close")}`;
  const options = ["--import", "./scripts/typescript-hooks.js", "--input-type=module", "--eval", script];
  expect(execFileSync(process.execPath, options, { encoding: "utf8", timeout: 120_000 })).toBe("3\n");
});
