/** @file Turns arguments into a command, and its outcome into an exit code. */
import { Command, CommanderError } from "commander";
import { InternalError } from "../source/internal-error.ts";
import { version } from "../version.ts";
import { DataError } from "../weights/data-error.ts";
import { dataDiagnostic, Failure } from "./terminal/failure.ts";
import { show, type Terminal } from "./terminal/terminal.ts";
import { sourceTrace } from "./terminal/trace.ts";

/** 0: success. 1: an error in the program or the data, or a failed comparison. 2: wrong usage. */
export type ExitCode = 0 | 1 | 2;

/** Adds the arguments, options and action of a command. */
export type Define = (command: Command, terminal: Terminal) => void;

interface Entry {
  readonly summary: string;
  /** Loads the command and its dependencies. The general help needs none of them. */
  readonly load: () => Promise<Define>;
}

/** In the order in which help lists them. */
const commands: Readonly<Record<string, Entry>> = {
  check: { summary: "report mistakes and warnings", load: async () => (await import("./commands/check.ts")).check },
  summary: {
    summary: "show layers, weights and costs",
    load: async () => (await import("./commands/summary.ts")).summary,
  },
  run: { summary: "run a model", load: async () => (await import("./commands/run.ts")).run },
  build: {
    summary: "compile to JavaScript, SavedModel or ONNX",
    load: async () => (await import("./commands/build.ts")).build,
  },
  weights: {
    summary: "list, check, initialise or convert the weights of a model",
    load: async () => (await import("./commands/weights.ts")).weights,
  },
  fmt: { summary: "format programs", load: async () => (await import("./commands/fmt.ts")).fmt },
  calibrate: {
    summary: "measure what work costs on this machine",
    load: async () => (await import("./commands/calibrate.ts")).calibrate,
  },
  explain: {
    summary: "explain a diagnostic, or what the optimizer does",
    load: async () => (await import("./commands/explain.ts")).explain,
  },
};

/** Runs one command. Writes to the terminal and to the files that the command names. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    const program = await commandLine(args, terminal);
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof Failure) show(terminal, error.diagnostics);
    else if (error instanceof DataError) show(terminal, [dataDiagnostic(error)]);
    else terminal.err(defectText(error, args));
    return 1;
  }
}

/** Returns the parser, with options and action only for the command that the arguments name. */
async function commandLine(args: readonly string[], terminal: Terminal): Promise<Command> {
  const program = new Command("fuse")
    .description(
      "Checks and compiles Fuse programs, which describe neural networks, to TensorFlow.js, SavedModel and ONNX.",
    )
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand("help [command]", "show help")
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
      outputError: (text, write) => write(`fuse: ${usageText(text)}`),
    });
  const wanted = args[0] === "help" ? args[1] : args[0];
  for (const [name, { summary, load }] of Object.entries(commands)) {
    // A command that is created through `program.command` inherits its settings.
    const command = program.command(name).summary(summary);
    if (name === wanted) (await load())(command, terminal);
  }
  return program;
}

/** Returns Commander's message on one line. */
function usageText(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replaceAll("\n", " ");
}

function defectText(error: unknown, args: readonly string[]): string {
  const text = error instanceof Error ? sourceTrace(error.stack ?? error.message) : String(error);
  const kind = error instanceof InternalError ? "" : "unexpected: ";
  return `fuse: this is a bug in Fuse, not in your program. Please report it, with the program and these lines:

fuse ${version}, Node ${process.version}, ${process.platform} ${process.arch}: fuse ${args.join(" ")}
${kind}${text}`;
}
