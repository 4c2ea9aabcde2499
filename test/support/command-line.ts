/** @file Runs the command line in this process, in a given folder, and captures its output. */
import { runCommandLine, type ExitCode } from "../../src/cli/command-line.ts";

export interface Outcome {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** Paths are relative to the folder, as for a user. */
export async function fuse(folder: string, args: readonly string[]): Promise<Outcome> {
  const before = process.cwd();
  let [out, err] = ["", ""];
  const line = (text: string) => (text.endsWith("\n") ? text : `${text}\n`);
  process.chdir(folder);
  try {
    const code = await runCommandLine(args, {
      out: (text) => void (out += line(text)),
      err: (text) => void (err += line(text)),
      interactive: false,
      color: false,
      columns: 100,
    });
    return { code, out, err };
  } finally {
    process.chdir(before);
  }
}
