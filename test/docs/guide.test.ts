/** @file Runs the pages of the guide like a reader, command by command, with the built command. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { matches, runSteps, stepsOf } from "../support/transcript.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** `command-line` needs files of its own, and has its own test. */
const pages = readdirSync(join(root, "docs/guide"))
  .filter((file) => file !== "command-line.md")
  .map((file) => ({ file, text: readFileSync(join(root, "docs/guide", file), "utf8") }))
  .map(({ file, text }) => ({ file, text, steps: stepsOf(text) }))
  .filter(({ steps }) => steps.length > 0);

let folder = "";

beforeAll(() => {
  // The command is in dist/. This rebuilds it if src/ has changed; otherwise it takes an instant.
  execFileSync(process.execPath, ["scripts/setup.js"], { cwd: root, env: { ...process.env, FUSE_NATIVE: "skip" } });
  // Inside the project, so that built files can import its packages.
  mkdirSync(join(root, "out"), { recursive: true });
  folder = mkdtempSync(join(root, "out/guide-"));
  mkdirSync(join(folder, "bin"));
  symlinkSync(join(root, "dist/cli/main.js"), join(folder, "bin/fuse"));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(pages)("$file", ({ file, text, steps }) => {
  let written: readonly string[] = [];

  beforeAll(async () => {
    // Pages that say where to work begin in the project's folder.
    const cwd = /^cd out\//m.test(text) ? root : mkdtempSync(join(folder, `${file}-`));
    written = await runSteps(steps, cwd, `${join(folder, "bin")}${delimiter}${process.env["PATH"]}`);
  }, 300_000);

  test.each(steps.map(({ title, text }, i) => ({ title, text, i })))("$title", ({ text, i }) => {
    const got = written[i] ?? "the session ended before";
    if (!matches(got, text)) expect(got).toBe(text);
  });
});
