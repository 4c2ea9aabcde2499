/** @file Runs the page about the command line as a transcript, with the command as it is built. */
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(join(root, "docs/guide/command-line.md"), "utf8");

/** Commands, and what they write: nothing if no text follows them. */
const steps = [...page.matchAll(/^```sh\n([^]*?)^```\n(?:\n```text\n([^]*?)^```\n)?/gm)].map(([, commands, text]) => ({
  title: commands!.split("\n")[0]!,
  commands: commands!,
  text: text ?? "",
}));

const folder = mkdtempSync(join(tmpdir(), "fuse-page-"));

beforeAll(() => {
  // The command is dist/; this makes it what src/ says, which takes an instant if it is.
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

test.each(steps)("$title", async ({ commands, text }) => {
  const written = await bash(commands);
  if (!pattern(text).test(written)) expect(written).toBe(text);
});

/** What commands write, messages among the results. */
function bash(commands: string): Promise<string> {
  const env = { ...process.env, PATH: `${join(folder, "bin")}${delimiter}${process.env["PATH"]}` };
  return new Promise((resolve) => {
    execFile("bash", ["-c", `exec 2>&1\n${commands}`], { cwd: folder, env }, (_, stdout) => resolve(stdout));
  });
}

/** `…` stands for anything within a line, and alone on a line for any number of lines. */
function pattern(text: string): RegExp {
  const lines = text.split(/(?<=\n)/).map((line) => {
    if (line === "…\n") return "(?:.*\\n)*?";
    return line
      .split("…")
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
      .join(".*?");
  });
  return new RegExp(`^${lines.join("")}$`);
}
