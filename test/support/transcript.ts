/** @file Pages with commands and what they print, run as they stand: one session of bash for a page. */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Step {
  readonly title: string;
  readonly commands: string;
  /** The expected output: empty if no text follows the commands. */
  readonly text: string;
}

/** An `sh` block, and the `text` block after it. */
const block = /^```sh\n([^]*?)^```\n(?:\n```text\n([^]*?)^```\n)?/gm;

/** Returns the `sh` blocks of a page, each with the `text` block after it. */
export function stepsOf(page: string): readonly Step[] {
  return [...page.matchAll(block)].map(([, commands, text]) => ({
    title: commands!.split("\n")[0]!,
    commands: commands!,
    text: text ?? "",
  }));
}

/** Makes `fuse` a command, in `bin` of a folder: dist/ as src/ says, which takes an instant if it is. Returns the PATH. */
export function installCommand(folder: string): string {
  execFileSync(process.execPath, ["scripts/setup.js"], { cwd: root, env: { ...process.env, FUSE_NATIVE: "skip" } });
  mkdirSync(join(folder, "bin"));
  symlinkSync(join(root, "dist/cli/main.js"), join(folder, "bin/fuse"));
  return `${join(folder, "bin")}${delimiter}${process.env["PATH"]}`;
}

/** What each step writes, messages among the results. `path` is where commands are. */
export function runSteps(steps: readonly Step[], cwd: string, path: string): Promise<readonly string[]> {
  const mark = "\x1e";
  const script = steps.map(({ commands }) => `${commands}\nprintf '\\036'\n`).join("");
  const env = { ...process.env, PATH: path, NO_COLOR: "1", npm_config_loglevel: "error" };
  return new Promise((resolve) => {
    execFile("bash", ["-c", `shopt -s expand_aliases\nexec 2>&1\n${script}`], { cwd, env }, (_, written) => {
      resolve(written.split(mark));
    });
  });
}

/**
 * One test for each step: what was written is what the page says. One more for the page, which `vitest -u` writes: run it
 * once to write the page, and again to test that.
 */
export function describeSteps(page: string, steps: readonly Step[], written: () => readonly string[]): void {
  test.each(steps.map(({ title, text }, i) => ({ title, text, i })))("$title", ({ text, i }) => {
    const got = written()[i] ?? "the session ended before";
    if (!matches(got, text)) expect(got).toBe(text);
  });
  test(`${page} is as it would be written`, async () => {
    const path = join(root, page);
    await expect(rewritten(readFileSync(path, "utf8"), written())).toMatchFileSnapshot(path);
  });
}

/** A page that says what was written. */
function rewritten(page: string, written: readonly string[]): string {
  let index = 0;
  return page.replace(block, (whole: string, commands: string, text: string | undefined = "") => {
    const got = written[index++];
    if (got === undefined || matches(got, text)) return whole;
    const lines = text.split("\n");
    const now = got.split("\n");
    const kept = now.map((line, i) => (lines.length === now.length && matches(line, lines[i]!) ? lines[i]! : line));
    return `\`\`\`sh\n${commands}\`\`\`\n${got === "" ? "" : `\n\`\`\`text\n${kept.join("\n")}\`\`\`\n`}`;
  });
}

/** Whether a text is what a page says: `…` stands for anything within a line, and alone on a line for any number of lines. */
function matches(written: string, text: string): boolean {
  const lines = text.split(/(?<=\n)/).map((line) => {
    if (line === "…\n") return "(?:.*\\n)*?";
    return line
      .split("…")
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
      .join(".*?");
  });
  return new RegExp(`^${lines.join("")}$`).test(written);
}
