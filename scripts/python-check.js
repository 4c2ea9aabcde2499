/**
 * @file Builds SavedModels, and loads and runs them with TensorFlow for Python, like a user who does not know Fuse.
 * TensorFlow is installed from PyPI into a cache folder, once per machine.
 */
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { complaint, inTemporaryFolder, replaceFolder, root, run } from "./run.js";

/** The systems to check, with their settings. */
const systems = {
  "conv-reduce": { c: 32, width: 12 },
  "attention-reduce": { c: 32, width: 10 },
  autoencoder: { c: 32, mid: 16, bottleneck: 6 },
  "concat-conv-fuse": { c: 32 },
  "add-fuse": {},
  cbam: { c: 32, r: 4 },
  bam: { c: 32, r: 4 },
  "gap-head": { c: 32, classes: 10 },
  "global-pools": {},
};
const withoutWeights = ["add-fuse", "global-pools"];

/** A model whose weights are too large for constants. */
const large = `fuse 1

model Large(x: [n, d: 6200]) -> (y: [n, d: 6200]) {
  return x |> linear(d: 6200) @fc
}
`;

const python = "python3";
const caches = path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), ".cache"), "fuse-lang");

/** Returns the folder with the packages for the local Python, after installing them atomically if needed. */
async function packages() {
  const version = (await run(python, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"])).trim();
  const [, minor] = version.split(".").map(Number);
  // The release that tfjs-node uses, if it supports this Python.
  const wanted = minor >= 9 && minor <= 11 ? "tensorflow-cpu==2.15.1" : "tensorflow-cpu>=2.16";
  const place = path.join(caches, `python-${version}-${wanted.replace(/[=>]+/, "-")}`);
  if (fs.existsSync(place)) return place;
  console.log(`python check: installing ${wanted} (downloads 400 MB, once per machine)`);
  await inTemporaryFolder(caches, async (temporary) => {
    const ready = path.join(temporary, "ready");
    const quiet = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir", "--retries", "2"];
    const args = ["-m", "pip", "install", ...quiet, "--only-binary=:all:", "--target", ready, wanted];
    await run(python, args, { env: { ...process.env, TMPDIR: temporary } });
    replaceFolder(ready, place, temporary);
  });
  return place;
}

const fuse = (args) => run(process.execPath, [path.join(root, "dist", "cli", "main.js"), ...args]);

async function buildCases(folder) {
  const cases = [];
  for (const [name, settings] of Object.entries(systems)) {
    const golden = path.join(root, "test", "golden", `${name}.safetensors`);
    const program = path.join(root, "examples", "systems", `${name}.fuse`);
    const [, model] = /^model (\w+)/m.exec(fs.readFileSync(program, "utf8"));
    const weights = withoutWeights.includes(name) ? [] : ["--weights", golden, "--weights-prefix", "param"];
    const set = Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
    await fuse(["build", program, "--target", "saved-model", "-o", folder, ...set, ...weights]);
    cases.push({ model: path.join(folder, `${name}.saved-model`), signatures: ["serving_default", model], golden });
  }
  const [program, weights] = [path.join(folder, "large.fuse"), path.join(folder, "large.safetensors")];
  fs.writeFileSync(program, large);
  await fuse(["weights", program, "--init", weights]);
  await fuse(["build", program, "--target", "saved-model", "--weights", weights]);
  cases.push({ model: path.join(folder, "large.saved-model"), signatures: ["Large"], linear: weights });
  return cases;
}

try {
  const place = await packages();
  const printed = await inTemporaryFolder(path.join(root, ".cache"), async (folder) => {
    const list = path.join(folder, "cases.json");
    fs.writeFileSync(list, JSON.stringify(await buildCases(folder)));
    const env = { ...process.env, PYTHONPATH: place, PYTHONDONTWRITEBYTECODE: "1" };
    return run(python, [path.join(root, "scripts", "python-check.py"), list], { env });
  });
  process.stdout.write(printed);
} catch (error) {
  console.error(`python check: ${error.stderr?.trim() || complaint(error)}`);
  process.exitCode = 1;
}
