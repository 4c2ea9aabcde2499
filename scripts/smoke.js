/** @file Acts like a user: packs the package, installs it in an empty folder, compiles a program, and runs the module on wasm. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { inTemporaryFolder, npm, root, run } from "./run.js";

/** Each output is the sum of the up to nine inputs around it. */
const program = `fuse 1

## The sum of each 3 x 3 neighbourhood.
model BoxSum(x: f32[n, h, w, c: 1]) -> (y: [n, h, w, c: 1]) {
  return x |> conv(c: 1, kernel: 3, bias: false, init: ones) @box
}
`;

const user = `
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { BoxSum } from "./built/box-sum.js";

await tf.setBackend("wasm");
const model = await BoxSum.load("box-sum.safetensors");
const { y } = model.run({ x: tf.ones([1, 4, 5, 1]) });
console.log(JSON.stringify({ backend: tf.getBackend(), shape: y.shape, values: Array.from(await y.data()) }));
model.dispose();
`;

const expected = {
  backend: "wasm",
  shape: [1, 4, 5, 1],
  values: [4, 6, 6, 6, 4, 6, 9, 9, 9, 6, 6, 9, 9, 9, 6, 4, 6, 6, 6, 4],
};

await inTemporaryFolder(os.tmpdir(), async (temporary) => {
  await npm(["pack", "--pack-destination", temporary], { cwd: root });
  const archive = readdirSync(temporary).find((name) => name.endsWith(".tgz"));
  const folder = path.join(temporary, "user");
  mkdirSync(folder);
  const here = { cwd: folder };
  await npm(["init", "-y"], here);
  await npm(["pkg", "set", "type=module"], here);
  await npm(["install", "--ignore-scripts", "--no-audit", "--no-fund", `../${archive}`], here);
  writeFileSync(path.join(folder, "box-sum.fuse"), program);
  writeFileSync(path.join(folder, "user.js"), user);
  const fuse = (...args) => npm(["exec", "--no", "--", "fuse", ...args], here);
  await fuse("build", "box-sum.fuse", "-o", "built");
  await fuse("weights", "box-sum.fuse", "--init", "box-sum.safetensors");
  const output = await run(process.execPath, ["user.js"], here);
  assert.deepEqual(JSON.parse(output.trim().split("\n").at(-1) ?? ""), expected);
  console.log("smoke: the installed package compiles a program, and the module computes the right results on wasm");
});
