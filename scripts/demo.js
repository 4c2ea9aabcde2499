/** @file The demo: runs the commands of examples/background-blur, printing each as a user would type it. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { prepareNative } from "./native.js";
import { root } from "./run.js";

const example = "examples/background-blur";
const program = `${example}/background-blur.fuse`;
const out = "out";

const commands = [
  ["summary", program, "--model", "Selfie", "--at", "n=1"],
  ["build", program, "--model", "BackgroundBlur", "--weights", `${example}/background-blur.safetensors`, "-o", out],
  [
    ...["run", program, "--model", "BackgroundBlur", "--weights", `${example}/background-blur.safetensors`],
    ...["--in", `photo=${example}/astronaut.png`, "--out", `picture=${out}/background-blur.png`],
  ],
];

mkdirSync(path.join(root, out), { recursive: true });
for (const args of commands) {
  console.log(`\n$ fuse ${args.join(" ")}`);
  const { status } = spawnSync(process.execPath, [path.join(root, "dist/cli/main.js"), ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status ?? 1);
}
console.log(`\nThe picture is ${out}/background-blur.png, the module is ${out}/background-blur.js.`);

// The setup has prepared it or found out why that is impossible.
const native = process.env.FUSE_NATIVE === "skip" ? { ready: false, reason: "skipped" } : await prepareNative();
if (!native.ready)
  console.log(
    `It ran on WebAssembly. To install the native backend of TensorFlow.js: node scripts/native.js (${native.reason})`,
  );
