/** @file Builds SavedModels, and loads and runs them with TensorFlow for Python, like a user who does not know Fuse. */
import * as fs from "node:fs";
import path from "node:path";
import { python, tensorflowPackages } from "./python.js";
import { complaint, inTemporaryFolder, root, run } from "./run.js";

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
  const place = await tensorflowPackages();
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
