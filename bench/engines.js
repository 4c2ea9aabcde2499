/**
 * @file Benchmarks the same models on every engine, alternating in one process: the ES module and the graph model on wasm and
 * tensorflow, the native engine (a SavedModel in a session), ONNX Runtime on our ONNX, and handwritten tfjs calls.
 */
import * as tf from "@tensorflow/tfjs-core";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import ort from "onnxruntime-node";
import { readGraphModel } from "../dist/codegen/graph-model/read.js";
import { build, buildFactory } from "../dist/compile.js";
import { alignedArray, instantiate, model, selectBackend } from "../dist/runtime/node/index.js";
import { readBytes } from "../dist/runtime/node/file.js";
import { readSafetensors } from "../dist/weights/safetensors.js";
import { enginesByHand } from "./engines-by-hand.js";
import { footprint } from "./footprint.js";
import { toChannelsFirst, toChannelsLast } from "./layouts.js";
import { alternate, format } from "./measure.js";
import { channelsFirst, filesOf, loading, plansOf, randomInputs, randomWeight } from "./models.js";
import { loadOriginal } from "./network.js";

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

/** Returns each engine's call, which frees its results. `check` returns the results as arrays, channels last. */
async function candidates(it) {
  const { program, plans } = plansOf(it);
  const [{ manifest }] = plans;
  const arrays = await weightsOf(it, manifest);
  const load = loading(manifest, arrays);
  const inputs = randomInputs(it.inputs);
  const tensors = {};
  const calls = {};
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
      const module = await models[it.model].load(arrays);
      frees.push(() => module.dispose());
      add(`ES module, ${backend}`, backend, () => module.run(x));

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

  await onBackend("tensorflow", async (x) => {
    const folder = mkdtempSync("out/engines-");
    for (const { path, bytes } of build(program, "esm", plans).value) writeFileSync(join(folder, path), bytes);
    const name = it.path.split("/").at(-1).replace(".fuse", "");
    const module = await import(pathToFileURL(join(folder, `${name}.js`)).href);
    const session = await module[it.model].load(arrays);
    rmSync(folder, { recursive: true });
    if (session.engine !== "session") throw new Error(`${it.model} does not run as a session`);
    frees.push(() => session.dispose());
    add("saved model", "tensorflow", () => session.run(x));
    const out = Object.fromEntries(
      Object.entries(await session.runArrays(inputs)).map(([name, { shape }]) => [name, alignedArray("f32", shape)]),
    );
    calls["saved model, arrays"] = {
      backend: "tensorflow",
      run: () => session.runArrays(inputs, out),
      check: async () => {
        tf.setBackend("tensorflow");
        const results = await session.runArrays(inputs);
        return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));
      },
    };
  });

  const first = plansOf(it, { target: "onnx" }, channelsFirst(readFileSync(it.path, "utf8")));
  const files = filesOf(first, "onnx", load);
  const session = await ort.InferenceSession.create(files[0].bytes, { intraOpNumThreads: 2 });
  frees.push(() => session.release());
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, array]) => {
      const { shape, data } = toChannelsFirst(array);
      return [name, new ort.Tensor("float32", data, shape)];
    }),
  );
  add(
    "ONNX Runtime",
    undefined,
    () => session.run(feeds),
    async () =>
      Object.fromEntries(
        Object.entries(await session.run(feeds)).map(([name, tensor]) => [name, toChannelsLast(tensor)]),
      ),
  );
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

async function rowsOf(it) {
  const { calls, dispose } = await candidates(it);
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
    if (backend !== undefined && !name.startsWith("saved model")) {
      tf.setBackend(backend);
      bytes[name] = (await footprint(run)).bytes;
    }
  dispose();
  const ms = (name) => measured[name]?.ms / times;
  const ratio = (name, to) => (measured[to] === undefined ? "" : format(ms(name) / ms(to)));
  const eager = calls["by hand, tensorflow"] === undefined ? "original, tensorflow" : "by hand, tensorflow";
  return Object.keys(calls).map((name) => {
    const backend = name.split(", ")[1];
    const hand = eager.replace("tensorflow", backend ?? "tensorflow");
    return [
      it.model,
      name,
      format(ms(name)),
      ratio(name, hand),
      ratio(name, "ONNX Runtime"),
      name === `ES module, ${backend}` ? ratio(name, `graph model, ${backend}`) : "",
      bytes[name] === undefined ? "" : format(bytes[name] / 2 ** 20),
    ];
  });
}

export async function engines() {
  mkdirSync("out", { recursive: true });
  const rows = [["model", "engine", "ms", "of by hand", "of ONNX Runtime", "of the graph model", "MiB live"]];
  for (const it of cases) {
    const own = await rowsOf(it);
    rows.push(...own);
    for (const row of own) console.error(row.join(" | "));
  }
  return { title: "Engines", rows };
}
