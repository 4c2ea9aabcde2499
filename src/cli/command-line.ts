/** @file From arguments to a command, and from its end to an exit code. */
import { Command, CommanderError } from "commander";
import { InternalError } from "../source/internal-error.ts";
import { version } from "../version.ts";
import { DataError } from "../weights/data-error.ts";
import { build } from "./build.ts";
import { check } from "./check.ts";
import { explain } from "./explain.ts";
import { dataDiagnostic, Failure } from "./failure.ts";
import { run } from "./run.ts";
import { summary } from "./summary.ts";
import { show, type Terminal } from "./terminal.ts";
import { weights } from "./weights.ts";

/** 0: fine. 1: the program, the data or a comparison is wrong. 2: wrong usage. */
export type ExitCode = 0 | 1 | 2;

/** In the order in which help lists them. Each adds its arguments, options and action. */
const commands = { check, summary, run, build, weights, explain } satisfies Record<
  string,
  (command: Command, terminal: Terminal) => void
>;

/** Runs one command. Writes to the terminal and to the files that the command names. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    await commandLine(terminal).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Failure) show(terminal, error.diagnostics);
    else if (error instanceof DataError) show(terminal, [dataDiagnostic(error)]);
    else terminal.err(defectText(error));
    return 1;
  }
}

function commandLine(terminal: Terminal): Command {
  const program = new Command("fuse")
    .description("The compiler of the language Fuse: programs that describe neural networks, for TensorFlow.js.")
    .version(version, "-V, --version", "print the version of fuse")
    .helpOption("-h, --help", "print what a command does and takes")
    .helpCommand("help [command]", "print what a command does and takes")
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
      outputError: (text, write) => write(`fuse: ${usageText(text)}`),
    });
  // Made by the program, a command inherits its settings.
  for (const [name, define] of Object.entries(commands)) define(program.command(name), terminal);
  return program;
}

/** Commander's message on one line. */
function usageText(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replaceAll("\n", " ");
}

function defectText(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const kind = error instanceof InternalError ? "" : "unexpected: ";
  return `fuse: this is a defect of Fuse, not of your program. Please report it, with the program and these lines:

fuse ${version}, Node ${process.version}, ${process.platform} ${process.arch}: fuse ${process.argv.slice(2).join(" ")}
${kind}${text}`;
}
