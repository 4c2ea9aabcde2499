/** @file Inputs of wrong rank, shape or dtype. They would end a session's process, so no engine may receive them. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { engineNames, engines } from "../../src/cli/run/engines/table.ts";
import { readableTargets } from "../../src/codegen/targets.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { writeNpy } from "../../src/weights/npy.ts";
import { backends } from "../support/backends.ts";
import type { Outcome } from "../support/command-line.ts";

const text = `fuse 1

model Net(x: [n, c: 3, h: 2*i, w], y: [n, c: 3]) -> (z: [n, c: 3, h: 2*i, w]) {
  return (x |> conv(c: 3, kernel: 3) @conv |> relu) * y
}
`;
const floats = (...shape: number[]): NdArray => ({
  dtype: "f32",
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});
/** By name: x, and the message about it. */
const wrong: Readonly<Record<string, readonly [NdArray, string]>> = {
  "a vector": [floats(60), "x must have 4 axes"],
  "three axes": [floats(3, 4, 5), "x must have 4 axes"],
  "five axes": [floats(1, 1, 3, 4, 5), "x must have 4 axes"],
  "a number": [floats(), "x must have 4 axes"],
  "other channels": [floats(1, 4, 4, 5), "x.c must be 3"],
  "no rows": [floats(1, 3, 0, 5), "x.h must be at least"],
  "an odd height": [floats(1, 3, 5, 5), "x.h must be a multiple of 2"],
  "another batch": [floats(2, 3, 4, 5), "is 2"],
  integers: [{ dtype: "i32", shape: [1, 3, 4, 5], data: new Int32Array(60) }, "x must be f32"],
  "truth values": [{ dtype: "bool", shape: [1, 3, 4, 5], data: new Uint8Array(60) }, "x must be f32"],
};

/** Arguments of `fuse run`: the engine, and the model. */
const runs: readonly (readonly string[])[] = [
  ...engineNames.map((engine) => [
    ...["net.fuse", "--weights", "net.safetensors", "--engine", engine],
    ...(engines[engine].backend === "any" ? ["--backend", "tensorflow"] : []),
  ]),
  ["net.saved-model"],
  ["net.graph-model/model.json", "--backend", "tensorflow"],
  ["net.onnx"],
];

let folder: string;
let outcomes: readonly (Outcome & { readonly args: readonly string[] })[];
const native = backends().find(({ name }) => name === "tensorflow")!;

beforeAll(() => {
  if (native.skipped) return;
  folder = mkdtempSync(join(tmpdir(), "fuse-guard-"));
  writeFileSync(join(folder, "net.fuse"), text);
  writeFileSync(join(folder, "good.npy"), writeNpy(floats(1, 3, 4, 5)));
  writeFileSync(join(folder, "y.npy"), writeNpy(floats(1, 3)));
  for (const [name, [array]] of Object.entries(wrong)) writeFileSync(join(folder, `${name}.npy`), writeNpy(array));
  const build = (target: string) => ["build", "net.fuse", "--target", target, "--weights", "net.safetensors"];
  const commands = [
    ["weights", "net.fuse", "--init", "net.safetensors"],
    ...readableTargets.map(build),
    ...runs.flatMap((run) =>
      [...Object.keys(wrong), "good"].map((name) => ["run", ...run, "--in", `x=${name}.npy`, "--in", "y=y.npy"]),
    ),
  ];
  const script = ["--import", "./scripts/typescript-hooks.js", "test/support/many-commands.ts"];
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [...script, folder, JSON.stringify(commands)],
    { encoding: "utf8" },
  );
  // The process ended on its own.
  expect([status, signal], stderr).toEqual([0, null]);
  outcomes = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as (typeof outcomes)[number]);
  expect(outcomes).toHaveLength(commands.length);
}, 120_000);
afterAll(() => {
  if (!native.skipped) rmSync(folder, { recursive: true, force: true });
});

test.skipIf(native.skipped).each(runs.map((run) => [run.join(" "), run] as const))("fuse run %s", (_, run) => {
  const own = outcomes.filter(({ args }) => run.every((word, i) => args[i + 1] === word) && args[0] === "run");
  expect(own).toHaveLength(Object.keys(wrong).length + 1);
  for (const { args, code, out, err } of own) {
    const name = args.at(-3)!.slice("x=".length, -".npy".length);
    if (name === "good") expect([code, err]).toEqual([0, ""]);
    else {
      expect([code, out], name).toEqual([1, ""]);
      expect(err).toContain("error[bad-input]: Net: ");
      expect(err).toContain(wrong[name]![1]);
    }
  }
});
