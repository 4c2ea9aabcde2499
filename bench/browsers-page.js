/** @file The page of `browsers.js`: one model on several engines, alternating. Bundled for Chromium. */
import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import * as ort from "onnxruntime-web/wasm";
import { product, toChannelsFirst, toChannelsLast } from "./layouts.js";

/** The milliseconds that a measurement takes at least: the clock ticks every 5 microseconds. */
const least = 2;

/** Rounds end after this many milliseconds, unless there were too few. */
const longest = 8000;
const fewest = 7;

/** Returns how many milliseconds a call took, as the mean of some. */
async function timed(run, count) {
  const start = performance.now();
  for (let i = 0; i < count; i++) await run();
  return (performance.now() - start) / count;
}

/** Runs a call until it has been compiled well. Returns how often it must be called to be measured. */
async function warmedUp(run) {
  const start = performance.now();
  let count = 0;
  while (count < 30 || (performance.now() - start < 300 && count < 3000)) {
    await run();
    count++;
  }
  return Math.max(1, Math.ceil(least / (await timed(run, 3))));
}

async function fuse({ model, arrays, threads }) {
  // The threads of TensorFlow.js need a worker that a bundle lacks. Ours have their own.
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setWasmPaths("/tfjs/");
  await tf.setBackend("wasm");
  const module = await import(/* @vite-ignore */ `/models/${model}/model.js`);
  const loaded = await module[model].load(`/models/${model}/weights.safetensors`, { threads });
  const tensors = Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]),
  );
  const results = () => {
    const values = loaded.run(tensors);
    const all = Object.values(values).map((value) => value.dataSync());
    tf.dispose(values);
    return all;
  };
  const all = results();
  if (loaded.engine !== "wasm") throw new Error(`${model} runs as ${loaded.engine}`);
  return { run: () => tf.dispose(loaded.run(tensors)), results: () => all };
}

async function onnx({ model, arrays, threads }) {
  ort.env.wasm.wasmPaths = "/ort/";
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(`/models/${model}/first.onnx`, { executionProviders: ["wasm"] });
  const feeds = Object.fromEntries(
    Object.entries(arrays).map(([name, array]) => {
      const { shape, data } = toChannelsFirst(array);
      return [name, new ort.Tensor("float32", data, shape)];
    }),
  );
  return {
    run: () => session.run(feeds),
    results: async () => Object.values(await session.run(feeds)).map(toChannelsLast),
  };
}

async function liteRt({ model, arrays, threads }) {
  await loadLiteRt("/litert/", { threads: threads > 1 });
  const options = { accelerator: "wasm", cpuOptions: { numThreads: threads } };
  const compiled = await loadAndCompile(`/models/${model}/model.tflite`, options);
  // Models of these benchmarks have inputs of different shapes, or one.
  const given = compiled.getInputDetails().map(({ shape }) => {
    const array = Object.values(arrays).find((it) => it.shape.join() === [...shape].join());
    return new Tensor(array.data, array.shape);
  });
  const use = async (take) => {
    const results = await compiled.run(given);
    const taken = results.map(take);
    for (const result of results) result.delete();
    return taken;
  };
  return { run: () => use(() => undefined), results: () => use((result) => result.toTypedArray().slice()) };
}

/** Returns the times of each engine round by round, in milliseconds, and the difference of its results from the first's. */
globalThis.measured = async ({ model, inputs, threads, rounds, isConverted }) => {
  const arrays = Object.fromEntries(
    Object.entries(inputs).map(([name, shape]) => [
      name,
      { shape, data: Float32Array.from({ length: product(shape) }, (_, i) => Math.sin(0.7 * i)) },
    ]),
  );
  const given = { model, arrays, threads };
  const engines = {
    Fuse: await fuse(given),
    "onnxruntime-web": await onnx(given),
    ...(isConverted && { "LiteRT.js": await liteRt(given) }),
  };
  const wanted = engines.Fuse.results();
  const measured = {};
  for (const [name, { run, results }] of Object.entries(engines)) {
    const got = await results();
    // The order of results differs, their lengths do not.
    const far = wanted.map((want) =>
      difference(
        want,
        got.find(({ length }) => length === want.length),
      ),
    );
    measured[name] = { times: [], difference: Math.max(...far), count: await warmedUp(run) };
  }
  const names = Object.keys(engines);
  const start = performance.now();
  for (let round = 0; round < rounds && (round < fewest || performance.now() - start < longest); round++)
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      await new Promise((done) => setTimeout(done, 20));
      measured[name].times.push(await timed(engines[name].run, measured[name].count));
    }
  return measured;
};

/** The largest difference, relative to the largest element. */
function difference(want, got) {
  if (got === undefined) return Infinity;
  const most = want.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-30);
  return want.reduce((far, x, i) => Math.max(far, Math.abs(x - got[i])), 0) / most;
}
