/**
 * @file Benchmarks our own WebAssembly against LiteRT.js and onnxruntime-web in Chromium: in one page, alternating. LiteRT.js runs
 * the SavedModel, which TensorFlow converts to TFLite.
 */
import { createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { chromium } from "playwright-core";
import { rolldown } from "rolldown";
import { executable as executablePath, installBrowser } from "../scripts/browser.js";
import { python, tensorflowPackages } from "../scripts/python.js";
import { root, run } from "../scripts/run.js";
import { writeSafetensors } from "../dist/weights/safetensors.js";
import { format, median, quantile } from "./measure.js";
import { channelsFirst, filesOf, loading, plansOf, randomWeight } from "./models.js";
import { installRivals, rivals } from "./rivals.js";

const own = "bench/programs/engines.fuse";

/** The benchmarks that are asked for; all by default. */
const only = process.env.WORKLOADS?.split(",");

const cases = [
  { model: "SEBlocks", path: own, inputs: { x: [1, 14, 14, 64] } },
  { model: "Selfie", path: "examples/background-blur/background-blur.fuse", inputs: { x: [1, 256, 256, 3] } },
  { model: "Attended", path: own, inputs: { x: [1, 56, 56, 256] } },
  { model: "AttentionReduce", path: own, inputs: { x: [1, 28, 28, 256] } },
  { model: "Autoencoder", path: own, inputs: { x: [1, 56, 56, 256] } },
  { model: "Classifier", path: "test/fixtures/samples/classifier.fuse", inputs: { image: [1, 224, 224, 3] } },
].filter(({ model }) => only?.includes(model) ?? true);

const rounds = 30;

/** Converts SavedModels at the sizes of the inputs. Prints what cannot be converted. */
const convert = `
import json, sys
import tensorflow as tf
for case in json.loads(sys.argv[1]):
    signature = tf.saved_model.load(case["saved"]).signatures["serving_default"]
    specs = {name: tf.TensorSpec(shape, tf.float32, name) for name, shape in case["inputs"].items()}
    f = tf.function(lambda **given: signature(**given)).get_concrete_function(**specs)
    try:
        data = tf.lite.TFLiteConverter.from_concrete_functions([f], signature).convert()
    except Exception as error:
        print(case["model"])
        continue
    with open(case["to"], "wb") as file:
        file.write(data)
`;

/** Writes what each engine loads. Returns the models that cannot be converted to TFLite. */
async function prepare(folder) {
  const conversions = [];
  for (const it of cases) {
    const place = path.join(folder, it.model);
    mkdirSync(place, { recursive: true });
    const write = (name, bytes) => {
      const file = path.join(place, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, bytes);
      return file;
    };
    const made = plansOf(it);
    const [{ manifest }] = made.plans;
    const load = loading(manifest, Object.fromEntries(manifest.map((entry) => [entry.path, randomWeight(entry)])));
    for (const { path, bytes } of filesOf(made, "esm", load)) write(path.endsWith(".js") ? "model.js" : path, bytes);
    write("weights.safetensors", writeSafetensors(new Map(manifest.map(({ path }) => [path, load(path)]))));
    const first = plansOf(it, { target: "onnx" }, channelsFirst(readFileSync(it.path, "utf8")));
    write("first.onnx", filesOf(first, "onnx", load)[0].bytes);
    for (const { path: name, bytes } of filesOf(plansOf(it, { target: "saved-model" }), "saved-model", load)) {
      const file = write(name, bytes);
      if (!file.endsWith("saved_model.pb")) continue;
      const to = path.join(place, "model.tflite");
      conversions.push({ model: it.model, saved: path.dirname(file), inputs: it.inputs, to });
    }
  }
  const env = { ...process.env, PYTHONPATH: await tensorflowPackages(), TF_CPP_MIN_LOG_LEVEL: "3" };
  const printed = await run(python, ["-c", convert, JSON.stringify(conversions)], { env });
  return printed.split("\n");
}

/** Bundles the page, the runtime and TensorFlow.js so that all share one copy of it. */
async function bundle(folder) {
  const bundled = await rolldown({
    input: {
      page: path.join(root, "bench", "browsers-page.js"),
      runtime: path.join(root, "dist", "runtime", "index.js"),
      tfjs: path.join(root, "node_modules", "@tensorflow", "tfjs-core", "dist", "index.js"),
    },
    platform: "browser",
    preserveEntrySignatures: "strict",
    resolve: { modules: [path.join(root, "node_modules"), path.join(rivals, "node_modules")] },
    logLevel: "silent",
  });
  await bundled.write({ format: "esm", dir: folder, entryFileNames: "[name].js" });
  await bundled.close();
}

const html = `<!doctype html>
<title>Engines</title>
<script type="importmap">
  { "imports": { "fuse-lang/runtime": "/page/runtime.js", "@tensorflow/tfjs-core": "/page/tfjs.js" } }
</script>
<script type="module" src="/page/page.js"></script>`;

const types = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** Serves the page with what makes it isolated, which threads and exact clocks need. */
async function serve(folders) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const [, kind, ...rest] = pathname.split("/");
    const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
    if (pathname === "/") return response.writeHead(200, { ...headers, "Content-Type": "text/html" }).end(html);
    const file = Object.hasOwn(folders, kind) ? path.join(folders[kind], ...rest) : undefined;
    if (file === undefined || !existsSync(file)) return response.writeHead(404).end();
    const type = types[path.extname(file)] ?? "application/octet-stream";
    createReadStream(file).pipe(response.writeHead(200, { ...headers, "Content-Type": type }));
  });
  await new Promise((ready) => server.listen(0, "localhost", ready));
  return server;
}

export async function browsers() {
  await installBrowser(console.log);
  await installRivals();
  mkdirSync("out", { recursive: true });
  const folder = mkdtempSync(path.resolve("out", "browsers-"));
  const server = await serve({
    page: path.join(folder, "page"),
    models: folder,
    tfjs: path.join(root, "node_modules", "@tensorflow", "tfjs-backend-wasm", "dist"),
    ort: path.join(rivals, "node_modules", "onnxruntime-web", "dist"),
    litert: path.join(rivals, "node_modules", "@litertjs", "core", "wasm"),
  });
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-background-networking"] });
  try {
    const unconverted = await prepare(folder);
    await bundle(path.join(folder, "page"));
    const rows = [["model", "threads", "engine", "median (quartiles)", "ratio of Fuse to it", "difference"]];
    for (const threads of [1, 2])
      for (const { model, inputs } of cases) {
        const page = await browser.newPage();
        page.setDefaultTimeout(600_000);
        await page.goto(`http://localhost:${server.address().port}/`);
        await page.waitForFunction(() => "measured" in globalThis);
        const isConverted = !unconverted.includes(model);
        const found = await page.evaluate((it) => globalThis.measured(it), {
          model,
          inputs,
          threads,
          rounds,
          isConverted,
        });
        await page.close();
        const ours = found.Fuse.times;
        for (const [engine, { times, difference }] of Object.entries(found)) {
          const [low, high] = [0.25, 0.75].map((part) => format(quantile(times, part), 3));
          const ratio = median(times.map((ms, round) => ours[round] / ms));
          rows.push([
            model,
            String(threads),
            engine,
            `${format(median(times), 3)} ms (${low} to ${high})`,
            format(ratio),
            difference.toExponential(0),
          ]);
        }
        if (!isConverted) rows.push([model, String(threads), "LiteRT.js", "cannot be converted"]);
      }
    return { title: `Engines in Chromium ${browser.version()}`, rows };
  } finally {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
}
