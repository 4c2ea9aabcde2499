/** @file Runs the command-line page as a transcript, with the built command. */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { matches, runSteps, stepsOf } from "../support/transcript.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs/guide/command-line.md"), "utf8");

const steps = stepsOf(page);

const folder = mkdtempSync(join(tmpdir(), "fuse-page-"));

beforeAll(() => {
  // The command is in dist/. This rebuilds it if src/ has changed; otherwise it takes an instant.
  execFileSync(process.execPath, ["scripts/setup.js"], { cwd: root, env: { ...process.env, FUSE_NATIVE: "skip" } });
  mkdirSync(join(folder, "bin"));
  symlinkSync(join(root, "dist/cli/main.js"), join(folder, "bin/fuse"));
  const examples = ["background-blur.fuse", "astronaut.png", "names.json"];
  const files = [
    ...examples.map((name) => `examples/background-blur/${name}`),
    "test/golden/selfie-segmentation/selfie.json",
    "test/golden/selfie-segmentation/selfie.bin",
  ];
  for (const file of files) copyFileSync(join(root, file), join(folder, file.split("/").at(-1)!));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let written: readonly string[] = [];

beforeAll(async () => {
  written = await runSteps(steps, folder, `${join(folder, "bin")}${delimiter}${process.env["PATH"]}`);
}, 300_000);

test.each(steps.map(({ title, text }, i) => ({ title, text, i })))("$title", ({ text, i }) => {
  const got = written[i] ?? "the session ended before";
  if (!matches(got, text)) expect(got).toBe(text);
});
