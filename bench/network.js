/** @file Benchmarks the network of examples/background-blur: our module against `tf.loadGraphModel(…).predict` on the original files. */
import * as tf from "@tensorflow/tfjs-core";
import { loadGraphModel } from "@tensorflow/tfjs-converter";
import { readFileSync } from "node:fs";
import { buildFactory, buildPlans, openProgram } from "../dist/index.js";
import { readPicture, toTensor } from "../dist/node/pictures.js";
import { selectBackend } from "../dist/runtime/node/backend.js";
import { instantiate, model } from "../dist/runtime/node/index.js";
import { footprint } from "./footprint.js";
import { alternate, format } from "./measure.js";

const program = "examples/background-blur/background-blur.fuse";
const weights = "examples/background-blur/background-blur.safetensors";
const original = "test/golden/selfie-segmentation";

/** Loads the original network from its files. */
export async function loadOriginal() {
  const json = JSON.parse(readFileSync(`${original}/selfie.json`, "utf8"));
  const bytes = readFileSync(`${original}/selfie.bin`);
  return loadGraphModel({
    load: async () => ({
      modelTopology: json.modelTopology,
      weightSpecs: json.weightsManifest[0].weights,
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      signature: json.signature,
    }),
  });
}

/** Loads our network with its weights, built for one backend, or for all if undefined. */
export async function loadOurs(backend) {
  const opened = openProgram(program, readFileSync(program, "utf8"), { read: () => undefined });
  const { value } = buildPlans(opened, { model: "Selfie", backend });
  const models = await instantiate(buildFactory(opened, value), "selfie", model);
  return models.Selfie.load(weights, { prefix: "network" });
}

/** Reads the photograph as the network's input. */
export async function photograph() {
  const { data, shape } = toTensor(await readPicture("examples/background-blur/astronaut.png"), 3, "0..1");
  return tf.tidy(() => tf.image.resizeBilinear(tf.tensor(Float32Array.from(data), shape), [256, 256], false, true));
}

export async function network() {
  const rows = [];
  for (const [backend, goals] of [
    ["wasm", "0.8 of its time, 0.9 of its bytes"],
    ["tensorflow", "1.05 of its time, 1.0 of its bytes"],
  ]) {
    await selectBackend(backend);
    const x = await photograph();
    const theirs = await loadOriginal();
    const candidates = { "for all backends": await loadOurs(undefined), [`for ${backend}`]: await loadOurs(backend) };
    const calls = Object.fromEntries(
      Object.entries(candidates).map(([name, ours]) => [
        name,
        () => {
          const { mask } = ours.run({ x });
          mask.dataSync();
          mask.dispose();
        },
      ]),
    );
    calls.original = () => {
      const mask = theirs.predict(x);
      mask.dataSync();
      mask.dispose();
    };
    const times = await alternate(calls, { rounds: 60 });
    const bytes = {};
    for (const name of Object.keys(calls)) bytes[name] = (await footprint(calls[name])).bytes;
    for (const [name, { ms, ratio }] of Object.entries(times))
      rows.push([
        `${backend}: ${name === "original" ? "loadGraphModel(original).predict" : `module ${name}`}`,
        `${format(ms)} ms (${format(ratio)})`,
        `${format(bytes[name] / 2 ** 20)} MiB live (${format(bytes[name] / bytes.original)})`,
        name === "original" ? "" : `goal: ${goals}`,
      ]);
    for (const ours of Object.values(candidates)) ours.dispose();
    theirs.dispose();
    x.dispose();
  }
  return { title: "The network of examples/background-blur, 256 × 256", rows };
}
