/** @file Runs the command line in this process, in a folder, and keeps what it writes. */
import { runCommandLine, type ExitCode } from "../../src/cli/command-line.ts";

export interface Outcome {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

/** The folder becomes the one that paths are relative to, as it is for a person. */
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
