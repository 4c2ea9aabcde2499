/** @file Runs the page about the command line as a transcript, with the command as it is built. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { describeSteps, installCommand, root, runSteps, stepsOf } from "../support/transcript.ts";

const page = readFileSync(join(root, "docs/guide/command-line.md"), "utf8");

const steps = stepsOf(page);

const folder = mkdtempSync(join(tmpdir(), "fuse-page-"));
let path = "";

beforeAll(() => {
  path = installCommand(folder);
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
  written = await runSteps(steps, folder, path);
}, 300_000);

describeSteps("docs/guide/command-line.md", steps, () => written);
