/** @file Benchmarks the systems of examples/systems at the papers' shapes: the module built for a backend against handwritten calls. */
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";
import { buildFactory, buildPlans, openProgram } from "../dist/index.js";
import { selectBackend } from "../dist/runtime/node/backend.js";
import { instantiate, model } from "../dist/runtime/node/index.js";
import { byHand, prepareByHand } from "./by-hand.js";
import { footprint } from "./footprint.js";
import { alternate, format } from "./measure.js";

const pair = { h: [1, 128, 512, 512], l: [1, 128, 256, 256] };
const map = { x: [1, 128, 512, 512] };
const small = { x: [1, 8, 4, 4] };

/** Settings and input shapes. The paper uses batch 56 for the first four; smaller here where that takes minutes or gigabytes. */
const cases = {
  "conv-reduce": [{ c: "1024", width: "268" }, { x: [56, 1024, 28, 28] }],
  // 1024 channels of 28 x 28 would need 628 GiB of weights.
  "flatten-linear-reduce": [{ c: "64", h: "7", w: "7", width: "16" }, { x: [56, 64, 7, 7] }],
  "attention-reduce": [{ c: "1024", width: "268" }, { x: [2, 1024, 28, 28] }],
  autoencoder: [{ c: "1024", mid: "512", bottleneck: "268" }, { x: [1, 1024, 28, 28] }],
  "concat-conv-fuse": [{ c: "128" }, pair],
  "concat-linear-fuse": [{ c: "128" }, pair],
  "add-fuse": [{}, pair],
  "mul-fuse": [{}, pair],
  se: [{ c: "128" }, map],
  cbam: [{ c: "128" }, map],
  bam: [{ c: "128" }, map],
  "gap-head": [{ c: "8", classes: "10" }, small],
  "global-pools": [{}, small],
};

/** The only systems that take less than five seconds on cpu. */
const quick = ["flatten-linear-reduce", "add-fuse", "mul-fuse", "se", "gap-head", "global-pools"];

const product = (sizes) => sizes.reduce((a, b) => a * b, 1);

/** Returns random values from -1 to 1, scaled for long sums. Variances are above 0.5. */
function randomWeight({ path, groups }) {
  // The axes of a linear layer form two groups: a matrix, as PyTorch stores it.
  const shape = groups.map((group) => product(group.map(([, size]) => size)));
  const inputs = product(shape.slice(1));
  const data = Float32Array.from({ length: product(shape) }, () => Math.random() * 2 - 1);
  const made = data.map((value) => (path.endsWith("running_var") ? 1 + value / 2 : value / Math.sqrt(inputs)));
  return { dtype: "f32", shape, data: made };
}

async function load(file, settings, backend) {
  const path = `examples/systems/${file}.fuse`;
  const program = openProgram(path, readFileSync(path, "utf8"), { read: () => undefined });
  const { value, diagnostics } = buildPlans(program, { settings, backend });
  if (value === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  const [built] = Object.values(await instantiate(buildFactory(program, value), path, model));
  const arrays = Object.fromEntries(built.manifest.map((entry) => [entry.path, randomWeight(entry)]));
  return { ours: await built.load(arrays), weights: prepareByHand(file, arrays) };
}

const mebibytes = (bytes) => format(bytes / 2 ** 20, bytes < 2 ** 20 ? 4 : 1);

async function row(file, backend) {
  const [settings, shapes] = cases[file];
  const { ours, weights } = await load(file, settings, backend);
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, tf.randomUniform(shape, -1, 1)]),
  );
  const calls = {
    ours: () => tf.dispose(ours.run(inputs)),
    hand: () => tf.dispose(byHand[file].run(weights, inputs)),
  };
  const asked = { ours: await footprint(calls.ours), hand: await footprint(calls.hand) };
  const start = performance.now();
  for (const call of Object.values(calls)) call();
  // Thirty rounds, or fewer to stay within ten seconds. Calls that take only microseconds are repeated.
  const took = performance.now() - start;
  const rounds = Math.max(3, Math.min(30, Math.floor(10_000 / took)));
  const times = took > 5 ? 1 : 100;
  const repeated = Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      name,
      () => {
        for (let i = 0; i < times; i++) call();
      },
    ]),
  );
  const measured = await alternate(repeated, { rounds, warmUp: 1 });
  ours.dispose();
  tf.dispose([weights, inputs]);
  return [
    file,
    Object.values(shapes)[0].join(" × "),
    backend,
    `${asked.ours.kernels.length} / ${asked.hand.kernels.length}`,
    `${mebibytes(asked.ours.bytes)} / ${mebibytes(asked.hand.bytes)}`,
    `${format(measured.ours.ms / times)} / ${format(measured.hand.ms / times)}`,
    `${format(measured.ours.ratio)}${measured.ours.ratio > 1.05 ? " (goal 1.05)" : ""}`,
  ];
}

export async function systems() {
  const rows = [["system", "input", "backend", "kernels, ours / by hand", "MiB live", "ms", "of the time by hand"]];
  for (const backend of ["cpu", "wasm", "tensorflow"]) {
    await selectBackend(backend);
    for (const file of backend === "cpu" ? quick : Object.keys(cases)) {
      rows.push(await row(file, backend));
      console.error(rows.at(-1).join(" | "));
    }
  }
  return { title: "The systems of the documents, against the best calls written by hand", rows };
}
