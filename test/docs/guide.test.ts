/** @file Runs the pages of the guide as a reader would, command by command, with the command as it is built. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { describeSteps, installCommand, root, runSteps, stepsOf } from "../support/transcript.ts";

/** `command-line` needs files of its own, and has its own test. */
const pages = readdirSync(join(root, "docs/guide"))
  .filter((file) => file !== "command-line.md")
  .map((file) => ({ file, text: readFileSync(join(root, "docs/guide", file), "utf8") }))
  .map(({ file, text }) => ({ file, text, steps: stepsOf(text) }))
  .filter(({ steps }) => steps.length > 0);

let folder = "";
let path = "";

beforeAll(() => {
  // Inside the project, so that what is built finds its packages.
  mkdirSync(join(root, "out"), { recursive: true });
  folder = mkdtempSync(join(root, "out/guide-"));
  path = installCommand(folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(pages)("$file", ({ file, text, steps }) => {
  let written: readonly string[] = [];

  beforeAll(async () => {
    // Pages that say where to work begin in the project's folder.
    const cwd = /^cd out\//m.test(text) ? root : mkdtempSync(join(folder, `${file}-`));
    written = await runSteps(steps, cwd, path);
  }, 300_000);

  describeSteps(`docs/guide/${file}`, steps, () => written);
});
