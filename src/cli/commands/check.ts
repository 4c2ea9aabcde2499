/** @file `fuse check`: reports errors and warnings. */
import { Option, type Command } from "commander";
import type { Program } from "../../check/program.ts";
import { backendNames } from "../../contract/backends.ts";
import { buildGraphs } from "../../graphs.ts";
import { writeAtomically } from "../../node/files.ts";
import type { Diagnostic } from "../../source/diagnostic.ts";
import type { HintOptions } from "./hints.ts";
import { openText, readProgram } from "../files/programs.ts";
import { diagnosticJson } from "../terminal/diagnostic-json.ts";
import { Failure, writeOrFail } from "../terminal/failure.ts";
import { plural } from "../terminal/numbers.ts";
import { costsOption, setOption, sizes, type Pairs } from "../terminal/options.ts";
import { show, type Terminal } from "../terminal/terminal.ts";
import { fixText, type Fix } from "./fix.ts";
import { watch, type Note } from "./watch.ts";

export interface CheckOptions extends HintOptions {
  readonly set?: Pairs;
  readonly json?: true;
  readonly fix?: true;
  readonly hints?: true;
  readonly watch?: true;
}

interface Checked {
  readonly path: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Undefined if the file cannot be read. */
  readonly program: Program | undefined;
  readonly fixes: readonly Fix[];
}

export function check(command: Command, terminal: Terminal): void {
  command
    .description("Checks every variant of every block, and builds the models whose settings are known.")
    .argument("<file...>", "programs")
    .addOption(setOption())
    .option("--json", "print the diagnostics as JSON")
    .option("--fix", "first apply the fixes that messages suggest exactly")
    .option("--hints", "also say what could be changed to make models cheaper; the next four options need it")
    .addOption(
      new Option(
        "--at <sizes>",
        "input sizes at which costs are compared: h=512,w=512 (others: 1 for n, 64)",
      ).argParser(sizes),
    )
    .option("--target <target>", "hints for this output format (default: that of `fuse build`)")
    .addOption(new Option("--backend <backend>", "hints for this backend only").choices(backendNames))
    .addOption(costsOption())
    .option("--watch", "check again when a file changes, until Ctrl-C")
    .action(async (files: string[], options: CheckOptions) => {
      const unused = (["at", "target", "backend", "costs"] as const).find((name) => options[name] !== undefined);
      if (unused !== undefined && !options.hints) command.error(`error: --${unused} needs --hints`);
      if (!options.watch) {
        if (await checkAll(files, options, terminal)) throw new Failure([]);
        return;
      }
      if (options.fix || options.json)
        command.error(`error: --watch and ${options.fix ? "--fix" : "--json"} exclude each other`);
      await watchAll(files, options, terminal);
    });
}

/** Checks files and prints what is found. Returns whether there is an error. */
async function checkAll(
  files: readonly string[],
  options: CheckOptions,
  terminal: Terminal,
  note?: Note,
): Promise<boolean> {
  const checked: Checked[] = [];
  for (const path of files) checked.push(await checkFile(path, options, note));
  if (options.json) {
    const diagnostics = checked.flatMap(({ path, diagnostics }) => diagnostics.map((d) => diagnosticJson(d, path)));
    const fixed = options.fix ? { fixed: checked.flatMap(({ fixes }) => fixes) } : {};
    terminal.out(JSON.stringify({ diagnostics, ...fixed }, null, 2));
  } else {
    for (const { place, code, help } of checked.flatMap(({ fixes }) => fixes))
      terminal.out(`${place}: fixed ${code}: ${help}`);
    show(terminal, distinct(checked.flatMap(({ diagnostics }) => diagnostics)));
    for (const { path, program, diagnostics } of checked)
      if (program !== undefined && !diagnostics.some(isError)) terminal.out(`${path}: ${contents(program)}`);
  }
  return checked.some(({ diagnostics }) => diagnostics.some(isError));
}

/** What clears a terminal. */
const clear = "\u001b[2J\u001b[H";

/** Checks files again and again. */
export function watchAll(
  files: readonly string[],
  options: CheckOptions,
  terminal: Terminal,
  signal?: AbortSignal,
): Promise<void> {
  return watch(async (note, changed) => {
    const noted = new Set<string>();
    if (terminal.interactive) terminal.err(clear);
    if (changed.length > 0) terminal.err(`${changed.join(", ")} changed\n`);
    await checkAll(files, options, terminal, (path) => {
      noted.add(path);
      note(path);
    });
    terminal.err(`\nwatching ${plural(noted.size, "file")}; Ctrl-C ends`);
  }, signal);
}

async function checkFile(path: string, options: CheckOptions, note?: Note): Promise<Checked> {
  const { set, fix, hints } = options;
  try {
    note?.(path);
    const text = await readProgram(path);
    let program = openText(path, text, note);
    const hinted = async (program: Program, found: readonly Diagnostic[]) =>
      hints && !found.some(isError) ? [...found, ...(await hintsOn(program, options))] : found;
    const before = { text, diagnostics: diagnose(program, set) };
    if (!fix) return { path, program, diagnostics: await hinted(program, before.diagnostics), fixes: [] };
    const after = fixText(path, before, (text) => diagnose(openText(path, text), set));
    if (after.text !== text) {
      await writeOrFail(path, () => writeAtomically(path, new TextEncoder().encode(after.text)));
      program = openText(path, after.text);
    }
    return { path, program, diagnostics: await hinted(program, after.diagnostics), fixes: after.fixes };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { path, program: undefined, diagnostics: error.diagnostics, fixes: [] };
  }
}

/** Most checks do not ask for hints, and start faster without the compiler. */
async function hintsOn(program: Program, options: HintOptions): Promise<readonly Diagnostic[]> {
  return (await import("./hints.ts")).hintsOn(program, options);
}

/**
 * Returns the diagnostics of the check and of building models: all of them if settings are given, else those that need
 * none.
 */
function diagnose(program: Program, settings: Pairs | undefined): readonly Diagnostic[] {
  if (settings !== undefined) return buildGraphs(program, { settings }).diagnostics;
  const checked = program.check();
  if (checked.some(isError)) return checked;
  const built = program.models
    .filter((block) => program.context.signature(block).parameters.every(({ ast }) => ast.default !== undefined))
    .flatMap((block) => program.instantiate(block, {}).diagnostics);
  return distinct([...checked, ...built]);
}

const isError = ({ severity }: Diagnostic) => severity === "error";

/** A file that several programs import is checked with each of them. */
function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const found of diagnostics) {
    const { code, span, message } = found;
    const key = JSON.stringify([code, message, span?.source.path, span?.start, span?.end]);
    if (!seen.has(key)) seen.set(key, found);
  }
  return [...seen.values()];
}

/** `2 models, 3 blocks, 36 variants` */
function contents(program: Program): string {
  const blocks = [...program.main.blocks.values()];
  const models = program.models.length;
  const variants = blocks.reduce((sum, block) => sum + program.worlds(block).length, 0);
  const counts = [
    [models, "model"],
    [blocks.length - models, "block"],
    [variants, "variant"],
  ] as const;
  return counts.flatMap(([count, noun]) => (count === 0 ? [] : [plural(count, noun)])).join(", ") || "empty";
}
