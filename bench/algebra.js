/**
 * @file Benchmarks what the optimizer makes of programs, against the programs as they are written, on every engine: a TensorFlow
 * session, the ES module on wasm, and ONNX Runtime. All in one process, alternating, with equal weights and inputs.
 *
 * `THREADS=1` lets every engine compute with one thread; then the times of all cores are exact, even on a busy machine.
 * `WORKLOADS=Fusion,HRNet` runs only these.
 */
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";
import ort from "onnxruntime-node";
import { readable } from "../dist/codegen/targets.js";
import { buildFactory } from "../dist/compile.js";
import { checkGuard } from "../dist/contract/guard.js";
import { planCost, planWork } from "../dist/plan/cost.js";
import { numbersAt } from "../dist/plan/memory.js";
import { selectBackend, useOneThread } from "../dist/runtime/node/backend.js";
import { instantiate, model } from "../dist/runtime/node/index.js";
import { nativeBackend } from "../dist/runtime/node/native/binding.js";
import { openSession } from "../dist/runtime/node/native/session.js";
import { toChannelsFirst, toChannelsLast } from "./layouts.js";
import { alternate, format, median, quantile } from "./measure.js";
import { channelsFirst, channelsLast, filesOf, loading, plansOf, randomInputs, randomWeight } from "./models.js";

/** Milliseconds after which an engine's idle threads sleep. */
const quiet = 100;

const own = "bench/programs/algebra.fuse";

/** Models with the shapes of their inputs, channels last, and the goals: times faster on session, wasm and ONNX, and against ORT. */
const workloads = [
  {
    model: "Fusion",
    inputs: { h: [1, 512, 512, 128], l: [1, 256, 256, 128] },
    goals: { session: 1.5, wasm: 1.45, onnx: 1.1, against: 3 },
  },
  {
    model: "FusionAnySize",
    inputs: { h: [1, 512, 512, 128], l: [1, 256, 256, 128] },
    goals: { session: 1.5, wasm: 1.45, onnx: 1.1, against: 3 },
  },
  {
    model: "SegFormerB2",
    inputs: { x1: [1, 128, 128, 64], x2: [1, 64, 64, 128], x3: [1, 32, 32, 320], x4: [1, 16, 16, 512] },
    goals: { session: 8, wasm: 15, onnx: 4, against: 8 },
  },
  {
    model: "SegFormerB0",
    inputs: { x1: [1, 128, 128, 32], x2: [1, 64, 64, 64], x3: [1, 32, 32, 160], x4: [1, 16, 16, 256] },
    goals: { session: 4, wasm: 8, onnx: 2.5 },
  },
  {
    model: "HRNet",
    inputs: { x1: [1, 128, 128, 32], x2: [1, 64, 64, 64], x3: [1, 32, 32, 128], x4: [1, 16, 16, 256] },
    goals: { session: 1.7, wasm: 3, onnx: 1.2, against: 2.5 },
  },
  { model: "Logits", inputs: { x: [1, 129, 129, 256] }, goals: { session: 11, wasm: 10, onnx: 10, against: 20 } },
  { model: "ConvReduce", inputs: { x: [8, 28, 28, 1024] }, goals: { session: 4, wasm: 40, onnx: 9, against: 5 } },
  { model: "PSPNet", inputs: { x: [1, 60, 60, 2048] }, goals: { session: 1.85 } },
  { model: "YoloNode", inputs: { a: [1, 20, 20, 256], b: [1, 40, 40, 256] }, goals: { session: 1.35 } },
  { model: "SETail", inputs: { x: [1, 56, 56, 64], r: [1, 56, 56, 256] }, goals: { session: 1.1 } },
  {
    model: "Selfie",
    path: "examples/background-blur/background-blur.fuse",
    inputs: { x: [1, 256, 256, 3] },
    goals: { session: 1.1 },
  },
  { model: "AttentionReduce", inputs: { x: [1, 28, 28, 256] }, goals: { session: 1.05 } },
  ...[
    { model: "DenseBlock", inputs: { x: [1, 14, 14, 256] } },
    { model: "UNetSkip", inputs: { a: [1, 256, 256, 64], b: [1, 256, 256, 128] } },
    { model: "PlainConv", inputs: { x: [1, 56, 56, 256] } },
    { model: "Classifier", path: "test/fixtures/samples/classifier.fuse", inputs: { image: [1, 224, 224, 3] } },
    { model: "MobileNetV2", path: "examples/zoo/mobilenet-v2.fuse", inputs: { image: [1, 224, 224, 3] } },
  ].map((it) => ({ ...it, goals: { session: 0.98, wasm: 0.98, onnx: 0.98 } })),
];

const threads = Number(process.env.THREADS ?? 2);

/** The times of all cores, which other work hardly changes, are comparable only if every engine has one thread. */
const exact = threads === 1 ? "cpu" : "ms";

/** Each engine: the target and backend that it runs, the order of image axes, and how it starts. */
const engines = {
  session: { options: { target: "saved-model" }, order: channelsLast, start: startSession },
  wasm: { options: { backend: "wasm" }, order: channelsLast, start: startModule },
  onnx: { options: { target: "onnx" }, order: channelsFirst, start: startOnnx },
};

async function startSession(built, { load, inputs }) {
  await selectBackend("tensorflow");
  const files = filesOf(built, "saved-model", load);
  const [folder] = files[0].path.split("/");
  const part = (name) => files.find(({ path }) => path === `${folder}/${name}`)?.bytes;
  const [session] = await readable["saved-model"].reader.read(part);
  const backend = nativeBackend();
  const id = openSession(backend, session.bytes);
  const tensors = Object.entries(inputs).map(([name, { shape, data }]) => [
    session.inputs.get(name),
    tf.tensor(data, shape),
  ]);
  const fed = [...session.fed].map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]);
  const feeds = [...tensors, ...fed];
  const run = () =>
    backend.runSavedModel(
      id,
      feeds.map(([, tensor]) => tensor),
      feeds.map(([name]) => ({ name })),
      [...session.results.values()],
    );
  return {
    backend: "tensorflow",
    run: () => tf.dispose(run()),
    results: () => read(run()),
    free: () => {
      tf.dispose(feeds.map(([, tensor]) => tensor));
      backend.deleteSavedModel(id);
    },
  };
}

async function startModule({ program, plans }, { arrays, inputs }) {
  await selectBackend("wasm");
  const { name } = plans[0].graph;
  const models = await instantiate(buildFactory(program, plans), name, model);
  const module = await models[name].load(arrays);
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, data }]) => [name, tf.tensor(data, shape)]),
  );
  return {
    backend: "wasm",
    run: () => tf.dispose(module.run(tensors)),
    results: () => read(Object.values(module.run(tensors))),
    free: () => {
      tf.dispose(tensors);
      module.dispose();
    },
  };
}

async function startOnnx(built, { load, inputs }) {
  const [file] = filesOf(built, "onnx", load);
  const session = await ort.InferenceSession.create(file.bytes, { intraOpNumThreads: threads });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, array]) => {
      const { shape, data } = toChannelsFirst(array);
      return [name, new ort.Tensor("float32", data, shape)];
    }),
  );
  return {
    run: () => session.run(feeds),
    results: async () => Object.values(await session.run(feeds)).map(toChannelsLast),
    free: () => session.release(),
  };
}

function read(tensors) {
  const values = tensors.map((tensor) => tensor.dataSync().slice());
  tf.dispose(tensors);
  return values;
}

const forms = { written: { optimize: false }, optimized: {} };

/** Returns the candidates of a workload by engine and form, with what each plan works and costs. */
async function candidates(it) {
  const path = it.path ?? own;
  const text = readFileSync(path, "utf8");
  const inputs = randomInputs(it.inputs);
  const [{ manifest }] = plansOf({ path, model: it.model }).plans;
  const arrays = Object.fromEntries(manifest.map((entry) => [entry.path, randomWeight(entry)]));
  const load = loading(manifest, arrays);
  const found = {};
  for (const [engine, { options, order, start }] of Object.entries(engines))
    for (const [form, how] of Object.entries(forms)) {
      const built = plansOf({ path, model: it.model }, { ...options, ...how }, order(text));
      const [plan] = built.plans;
      const started = await start(built, { arrays, load, inputs });
      const given = Object.fromEntries(
        plan.inputs.map(({ name, axes }) => {
          const { shape } = inputs[name];
          const turned = engine === "onnx" ? toChannelsFirst(inputs[name]).shape : shape;
          return [name, { dtype: "f32", shape: turned, axes }];
        }),
      );
      const { sizes, problems } = checkGuard(plan.graph.guard, given);
      if (problems !== undefined) throw new Error(problems.join("\n"));
      const number = numbersAt(plan.graph.builder.sizes, sizes);
      found[`${engine} ${form}`] = { ...started, work: planWork(plan, number), cost: planCost(plan, number) };
    }
  return found;
}

/** Checks that all results are equal up to rounding. Returns the largest difference between the two forms on each engine. */
async function compare(name, found) {
  const results = {};
  for (const [candidate, { backend, results: run }] of Object.entries(found)) {
    if (backend !== undefined) tf.setBackend(backend);
    results[candidate] = await run();
  }
  const [first] = Object.keys(results);
  for (const candidate of Object.keys(results)) {
    const difference = largestDifference(results[first], results[candidate]);
    if (!(difference <= 1e-3))
      throw new Error(`${name}, ${candidate}: a result differs by ${difference} from ${first}`);
  }
  return Object.fromEntries(
    Object.keys(engines).map((engine) => [
      engine,
      largestDifference(results[`${engine} written`], results[`${engine} optimized`]),
    ]),
  );
}

/** Returns the largest difference, relative to the number if that is larger than 1; NaN if a number is missing. */
function largestDifference(want, got) {
  let worst = 0;
  for (const [result, values] of want.entries())
    for (let i = 0; i < values.length; i++) {
      const difference = Math.abs(values[i] - got[result][i]) / Math.max(1, Math.abs(values[i]));
      if (Number.isNaN(difference)) return NaN;
      worst = Math.max(worst, difference);
    }
  return worst;
}

async function rowsOf(it) {
  const found = await candidates(it);
  const differences = await compare(it.model, found);
  const start = performance.now();
  for (const { backend, run } of Object.values(found)) {
    if (backend !== undefined) tf.setBackend(backend);
    await run();
  }
  const took = performance.now() - start;
  // Repeat calls that take only microseconds.
  const count = took > 200 ? 1 : Math.ceil(200 / took);
  const calls = Object.fromEntries(
    Object.entries(found).map(([name, { run }]) => [
      name,
      async () => {
        for (let i = 0; i < count; i++) await run();
      },
    ]),
  );
  const settle = async (name) => {
    if (found[name].backend !== undefined) tf.setBackend(found[name].backend);
    // Threads of the last engine wait for more work without sleeping at first, which would slow the next one down.
    await new Promise((resolve) => setTimeout(resolve, quiet));
    // Caches hardly matter for long calls.
    if (took < 2000) await found[name].run();
  };
  const rounds = Math.max(3, Math.min(31, Math.floor(12_000 / (took * count))));
  const measured = await alternate(calls, { rounds, warmUp: 1, settle });
  for (const { free } of Object.values(found)) free();
  const ratios = (over, under, key) =>
    measured[over].times.map((time, round) => time[key] / measured[under].times[round][key]);
  const spread = (values, digits) =>
    `${format(median(values), digits)} (${format(quantile(values, 0.25), digits)} to ${format(quantile(values, 0.75), digits)})`;
  return Object.keys(engines).map((engine) => {
    const [before, after] = [`${engine} written`, `${engine} optimized`];
    const ms = (name, key) => median(measured[name].times.map((time) => time[key] / count));
    const goal = it.goals[engine];
    return [
      it.model,
      engine,
      `${format(found[before].work.macs / 1e9, 3)} -> ${format(found[after].work.macs / 1e9, 3)}`,
      `${format(found[before].work.bytes / 2 ** 20, 0)} -> ${format(found[after].work.bytes / 2 ** 20, 0)}`,
      `${format(ms(before, "ms"))} -> ${format(ms(after, "ms"))}`,
      `${format(ms(before, "cpu"))} -> ${format(ms(after, "cpu"))}`,
      format(found[before].cost / found[after].cost),
      spread(ratios(before, after, "ms"), 2),
      spread(ratios(before, after, "cpu"), 2),
      goal === undefined ? "" : String(goal),
      engine === "session" ? format(median(ratios("onnx written", after, exact))) : "",
      engine === "session" && it.goals.against !== undefined ? String(it.goals.against) : "",
      differences[engine].toExponential(1),
    ];
  });
}

export async function algebra() {
  if (threads === 1) await useOneThread();
  const asked = process.env.WORKLOADS?.split(",");
  const rows = [
    [
      ...["workload", "engine", "GMAC", "MiB", "ms", "CPU ms", "predicted", "times faster", "by CPU time", "goal"],
      ...["than ORT as written", "goal", "difference"],
    ],
  ];
  for (const it of workloads) {
    if (asked !== undefined && !asked.includes(it.model)) continue;
    const own = await rowsOf(it);
    rows.push(...own);
    for (const row of own) console.error(row.join(" | "));
  }
  return { title: `What the optimizer gains, ${threads} ${threads === 1 ? "thread" : "threads"}`, rows };
}
