/** @file Pages with commands and their output, run as they are: one bash session per page. */
import { execFile } from "node:child_process";

export interface Step {
  readonly title: string;
  readonly commands: string;
  /** The expected output: empty if no text follows the commands. */
  readonly text: string;
}

/** Returns the `sh` blocks of a page, each with the `text` block after it. */
export function stepsOf(page: string): readonly Step[] {
  const blocks = page.matchAll(/^```sh\n([^]*?)^```\n(?:\n```text\n([^]*?)^```\n)?/gm);
  return [...blocks].map(([, commands, text]) => ({
    title: commands!.split("\n")[0]!,
    commands: commands!,
    text: text ?? "",
  }));
}

/** Returns the output of each step, with messages among the results. Commands are looked up in `path` first. */
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
 * Whether an output matches a page. `…` stands for anything within a line, and alone on a line for any number of lines.
 */
export function matches(written: string, text: string): boolean {
  const lines = text.split(/(?<=\n)/).map((line) => {
    if (line === "…\n") return "(?:.*\\n)*?";
    return line
      .split("…")
      .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
      .join(".*?");
  });
  return new RegExp(`^${lines.join("")}$`).test(written);
}
