/**
 * @file Benchmarks the same models on every engine, alternating in one process: our own WebAssembly with and without fused
 * multiply-adds, the calls of the ES module and the graph model on wasm and tensorflow, the native engine (a TensorFlow session),
 * ONNX Runtime, native and in WebAssembly, on our ONNX, and handwritten tfjs calls.
 */
import * as tf from "@tensorflow/tfjs-core";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { readFileSync } from "node:fs";
import ort from "onnxruntime-node";
import { readGraphModel } from "../dist/codegen/graph-model/read.js";
import { buildFactory } from "../dist/compile.js";
import { emitWasm } from "../dist/codegen/wasm/emit.js";
import { planAt } from "../dist/codegen/wasm/plan-at.js";
import { wasmProfile } from "../dist/codegen/wasm/profile.js";
import { checkGuard } from "../dist/contract/guard.js";
import { alignedArray, instantiate, model, selectBackend } from "../dist/runtime/node/index.js";
import { allowRelaxedSimd } from "../dist/node/relaxed-simd.js";
import { readBytes } from "../dist/runtime/node/file.js";
import { readSafetensors } from "../dist/weights/safetensors.js";
import { enginesByHand } from "./engines-by-hand.js";
import { footprint } from "./footprint.js";
import { toChannelsFirst, toChannelsLast } from "./layouts.js";
import { alternate, format, median, quantile } from "./measure.js";
import { channelsFirst, filesOf, loading, plansOf, randomInputs, randomWeight } from "./models.js";
import { loadOriginal } from "./network.js";
import { onnxRuntimeWeb } from "./rivals.js";

const own = "bench/programs/engines.fuse";
const blur = "examples/background-blur/background-blur";

/** Models with their programs and input shapes. Weights are random unless a file is given. */
const cases = [
  { model: "Fusion", path: own, inputs: { h: [1, 512, 512, 128], l: [1, 256, 256, 128] } },
  { model: "SEBlocks", path: own, inputs: { x: [1, 14, 14, 64] } },
  { model: "Attended", path: own, inputs: { x: [1, 56, 56, 256] } },
  { model: "AttentionReduce", path: own, inputs: { x: [1, 28, 28, 256] } },
  { model: "Autoencoder", path: own, inputs: { x: [1, 56, 56, 256] } },
  { model: "Classifier", path: "test/fixtures/samples/classifier.fuse", inputs: { image: [1, 224, 224, 3] } },
  {
    model: "Selfie",
    path: `${blur}.fuse`,
    inputs: { x: [1, 256, 256, 3] },
    weights: { file: `${blur}.safetensors`, prefix: "network." },
  },
];

async function weightsOf({ weights }, manifest) {
  if (weights === undefined) return Object.fromEntries(manifest.map((entry) => [entry.path, randomWeight(entry)]));
  const stored = readSafetensors(await readBytes(weights.file));
  return Object.fromEntries(
    manifest.map(({ path }) => {
      const { shape, data } = stored.get(`${weights.prefix}${path}`).read();
      return [path, { dtype: "f32", shape, data: Float32Array.from(data) }];
    }),
  );
}

/** Lets the engine find fused multiply-adds, or not: it asks `WebAssembly.validate`. */
async function withRelaxedSimd(relaxed, work) {
  const { validate } = WebAssembly;
  if (!relaxed) WebAssembly.validate = () => false;
  try {
    return await work();
  } finally {
    WebAssembly.validate = validate;
  }
}

/** Returns how many milliseconds it takes to write the code of a model, and how many bytes that and its memory have. */
function emission(it) {
  const [plan] = plansOf(it).plans;
  const planned = plan.planFor(wasmProfile);
  const given = Object.entries(it.inputs).map(([name, shape]) => [name, { dtype: "f32", shape }]);
  const { sizes } = checkGuard(planned.graph.guard, Object.fromEntries(given));
  const times = [];
  let code;
  let bytes = 0;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    code = emitWasm(planAt(planned, sizes), { relaxed: true });
    bytes = code.module.bytes({ shared: false }).length;
    times.push(performance.now() - start);
  }
  return { ms: median(times), bytes, arena: code.arena };
}

/** Returns each engine's call, which frees its results. `check` returns the results as arrays, channels last. */
async function candidates(it, web) {
  const { plans } = plansOf(it);
  const [{ manifest }] = plans;
  const arrays = await weightsOf(it, manifest);
  const load = loading(manifest, arrays);
  const inputs = randomInputs(it.inputs);
  const tensors = {};
  const calls = {};
  const others = {};
  const frees = [];
  const onBackend = async (backend, work) => {
    await selectBackend(backend);
    tensors[backend] ??= Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]),
    );
    await work(tensors[backend]);
  };
  const add = (name, backend, run, check = () => toArrays(run())) => {
    calls[name] = {
      backend,
      run: async () => {
        const results = await run();
        if (backend !== undefined) tf.dispose(results);
      },
      check: async () => {
        if (backend !== undefined) tf.setBackend(backend);
        return check();
      },
    };
  };
  const toArrays = (results) => {
    const values = Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, tensor.dataSync()]));
    tf.dispose(results);
    return values;
  };

  for (const backend of ["wasm", "tensorflow"])
    await onBackend(backend, async (x) => {
      const made = plansOf(it, { backend });
      const models = await instantiate(buildFactory(made.program, made.plans), it.model, model);
      const loaded = async (engine) => {
        const module = await models[it.model].load(arrays, { engine });
        frees.push(() => module.dispose());
        return module;
      };
      const calls = await loaded("calls");
      add(`ES module, ${backend}`, backend, () => calls.run(x));
      if (backend === "wasm") {
        for (const [name, relaxed] of [
          ["WebAssembly", true],
          ["WebAssembly, no FMA", false],
        ]) {
          const compiled = await withRelaxedSimd(relaxed, async () => {
            const module = await loaded("wasm");
            // The first run compiles.
            tf.dispose(module.run(x));
            return module;
          });
          add(name, backend, () => compiled.run(x));
        }
      } else {
        const session = await loaded("session");
        add("session", backend, () => session.run(x));
        const out = Object.fromEntries(
          Object.entries(await session.runArrays(inputs)).map(([name, { shape }]) => [
            name,
            alignedArray("f32", shape),
          ]),
        );
        others["session, arrays"] = {
          backend,
          run: () => session.runArrays(inputs, out),
          check: async () => {
            tf.setBackend(backend);
            const results = await session.runArrays(inputs);
            return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
          },
        };
      }

      const graph = plansOf(it, { target: "graph-model" });
      const files = filesOf(graph, "graph-model", load);
      const json = files.find(({ path }) => path.endsWith("model.json"));
      const shards = files.filter(({ path }) => path.endsWith(".bin"));
      const read = readGraphModel(
        new TextDecoder().decode(json.bytes),
        Buffer.concat(shards.map(({ bytes }) => bytes)),
      );
      const { weightData, ...artifacts } = read.artifacts;
      const theirs = await loadGraphModel(
        tf.io.fromMemory({ ...artifacts, weightData: new Uint8Array(weightData).buffer }),
      );
      frees.push(() => theirs.dispose());
      add(`graph model, ${backend}`, backend, () => {
        const fed = Object.fromEntries(Object.entries(x).map(([name, tensor]) => [read.inputs.get(name), tensor]));
        const values = [theirs.execute(fed, [...read.results.values()])].flat();
        return Object.fromEntries([...read.results.keys()].map((name, i) => [name, values[i]]));
      });

      const hand = enginesByHand[it.model];
      if (hand !== undefined) {
        const weights = tf.tidy(() => hand.prepare((path) => tf.tensor(arrays[path].data, arrays[path].shape)));
        frees.push(() => tf.dispose(weights));
        add(`by hand, ${backend}`, backend, () => hand.run(weights, x));
      } else {
        const original = await loadOriginal();
        frees.push(() => original.dispose());
        add(`original, ${backend}`, backend, () => ({ mask: original.predict(x.x) }));
      }
    });

  Object.assign(calls, others);
  const first = plansOf(it, { target: "onnx" }, channelsFirst(readFileSync(it.path, "utf8")));
  const files = filesOf(first, "onnx", load);
  for (const [name, { InferenceSession, Tensor }, options] of [
    ["onnxruntime-web", web, { executionProviders: ["wasm"] }],
    ["ONNX Runtime", ort, { intraOpNumThreads: 2 }],
  ]) {
    const session = await InferenceSession.create(files[0].bytes, options);
    frees.push(() => session.release());
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, array]) => {
        const { shape, data } = toChannelsFirst(array);
        return [name, new Tensor("float32", data, shape)];
      }),
    );
    add(
      name,
      undefined,
      () => session.run(feeds),
      async () =>
        Object.fromEntries(
          Object.entries(await session.run(feeds)).map(([name, tensor]) => [name, toChannelsLast(tensor)]),
        ),
    );
  }
  return {
    calls,
    dispose: () => {
      for (const free of frees) free();
      tf.dispose(tensors);
    },
  };
}

/** Checks that every engine computes the same results; otherwise timings are meaningless. */
async function compare(name, calls) {
  const results = {};
  for (const [engine, { check }] of Object.entries(calls)) results[engine] = await check();
  const [wanted] = Object.values(results);
  for (const [engine, got] of Object.entries(results))
    for (const [result, want] of Object.entries(wanted))
      want.forEach((value, i) => {
        if (Math.abs(value - got[result][i]) > 1e-3 * Math.max(1, Math.abs(value)))
          throw new Error(`${name}, ${engine}: ${result}[${i}] is ${got[result][i]} instead of ${value}`);
      });
}

async function rowsOf(it, web) {
  const { calls, dispose } = await candidates(it, web);
  await compare(it.model, calls);
  const start = performance.now();
  for (const { backend, run } of Object.values(calls)) {
    if (backend !== undefined) tf.setBackend(backend);
    await run();
  }
  const took = performance.now() - start;
  // Repeat calls that take only microseconds.
  const times = took > 100 ? 1 : 50;
  const runs = Object.fromEntries(
    Object.entries(calls).map(([name, { run }]) => [
      name,
      async () => {
        for (let i = 0; i < times; i++) await run();
      },
    ]),
  );
  const rounds = Math.max(5, Math.min(50, Math.floor(40_000 / (took * times))));
  const settle = async (name) => {
    if (calls[name].backend !== undefined) tf.setBackend(calls[name].backend);
    await calls[name].run();
  };
  const measured = await alternate(runs, { rounds, warmUp: 2, settle });
  const bytes = {};
  for (const [name, { backend, run }] of Object.entries(calls))
    if (backend !== undefined && !/^(session|WebAssembly)/.test(name)) {
      tf.setBackend(backend);
      bytes[name] = (await footprint(run)).bytes;
    }
  dispose();
  const emitted = emission(it);
  for (const name of Object.keys(calls)) if (name.startsWith("WebAssembly")) bytes[name] = emitted.arena;
  const ms = (name) => measured[name]?.ms / times;
  const ratio = (name, to) => (measured[to] === undefined ? "" : format(ms(name) / ms(to)));
  const eager = calls["by hand, tensorflow"] === undefined ? "original, tensorflow" : "by hand, tensorflow";
  const spread = (name, kind) => {
    const all = measured[name].times.map((time) => time[kind] / times);
    return `${format(median(all))} (${format(quantile(all, 0.25))} to ${format(quantile(all, 0.75))})`;
  };
  const rows = Object.keys(calls).map((name) => {
    const backend = calls[name].backend ?? "tensorflow";
    const hand = eager.replace("tensorflow", backend);
    return [
      it.model,
      name,
      spread(name, "ms"),
      spread(name, "cpu"),
      ratio(name, hand),
      ratio(name, "ES module, wasm"),
      ratio(name, "onnxruntime-web"),
      ratio(name, "ONNX Runtime"),
      bytes[name] === undefined ? "" : format(bytes[name] / 2 ** 20),
    ];
  });
  const code = `${format(emitted.bytes / 1024)} KiB of code`;
  return [...rows, [it.model, "writing the code", format(emitted.ms), "", "", "", "", "", code]];
}

export async function engines() {
  allowRelaxedSimd();
  const web = await onnxRuntimeWeb();
  const of = ["by hand", "the ES module on wasm", "onnxruntime-web", "ONNX Runtime"].map((name) => `of ${name}`);
  const rows = [["model", "engine", "ms (quartiles)", "CPU ms (quartiles)", ...of, "MiB live"]];
  const wanted = process.env["WORKLOADS"]?.split(",");
  for (const it of cases.filter(({ model }) => wanted?.includes(model) ?? true)) {
    const own = await rowsOf(it, web);
    rows.push(...own);
    for (const row of own) console.error(row.join(" | "));
  }
  return { title: "Engines", rows };
}
