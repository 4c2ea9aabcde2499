/** @file `fuse fmt`: formats programs. */
import type { Command } from "commander";
import { text } from "node:stream/consumers";
import { format } from "../../format/format.ts";
import { writeAtomically } from "../../node/files.ts";
import { Reporter } from "../../source/reporter.ts";
import { sourceFile } from "../../source/source.ts";
import { readProgram } from "../files/programs.ts";
import { Failure, writeOrFail } from "../terminal/failure.ts";
import { show, type Terminal } from "../terminal/terminal.ts";

interface Options {
  readonly check?: true;
}

/** The argument that means standard input. */
const standardInput = "-";

export function fmt(command: Command, terminal: Terminal): void {
  command
    .description(
      "Formats programs and prints the paths of those that changed. Files with syntax errors are left alone.",
    )
    .argument("<file...>", "programs; - formats standard input to standard output")
    .option("--check", "change nothing; list the files that would change, and exit with code 1 if there are any")
    .action(async (files: string[], { check }: Options) => {
      let failed = false;
      for (const path of files) {
        const changed = await formatFile(path, check ?? false, terminal);
        if (changed === undefined || (changed && check)) failed = true;
      }
      if (failed) throw new Failure([]);
    });
}

/**
 * Returns whether the file was, or would be, reformatted; undefined if it cannot be read or has errors, which are
 * shown.
 */
async function formatFile(path: string, check: boolean, terminal: Terminal): Promise<boolean | undefined> {
  const isFile = path !== standardInput;
  const name = isFile ? path : "stdin";
  try {
    const before = isFile ? await readProgram(path) : await text(process.stdin);
    const reporter = new Reporter();
    const after = format(sourceFile(name, before), reporter);
    if (after === undefined) throw new Failure(reporter.diagnostics);
    const changed = after !== before;
    if (changed && isFile && !check)
      await writeOrFail(path, () => writeAtomically(path, new TextEncoder().encode(after)));
    if (isFile || check) {
      if (changed) terminal.out(name);
    } else if (after !== "") terminal.out(after);
    return changed;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    show(terminal, error.diagnostics);
    return undefined;
  }
}
