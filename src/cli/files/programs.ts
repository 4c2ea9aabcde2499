/** @file Opens programs from files, and selects the one model that a command works on. */
import { readFileSync, statSync } from "node:fs";
import type { Program } from "../../check/program.ts";
import type { Block } from "../../check/text/modules.ts";
import { buildGraphs, chooseModels, openProgram, unknownModel, type Outcome } from "../../graphs.ts";
import type { ModelGraph } from "../../ir/model-graph.ts";
import { readBytes } from "../../node/files.ts";
import { fail, Failure, readOrFail } from "../terminal/failure.ts";
import { chooseModel } from "../terminal/names.ts";
import { programsBeside } from "../terminal/near-files.ts";
import type { ModelOptions } from "../terminal/options.ts";
import { show, type Terminal } from "../terminal/terminal.ts";

/** The largest program text, in bytes. */
const maxSource = 2 ** 24;

/** Opens a program and everything it imports. Ends the command if its file cannot be read. */
export async function openFile(path: string): Promise<Program> {
  return openText(path, await readProgram(path));
}

/** Opens a text as the program of a file. `note` learns of every file that is looked for as an import. */
export function openText(path: string, text: string, note?: (path: string) => void): Program {
  return openProgram(path, text, {
    read: (path) => {
      if (isProgram(path)) note?.(path);
      return readImport(path);
    },
    modules: (from) => programsBeside(from).map((name) => `./${name}`),
  });
}

/** Returns the text of a program. Ends the command if its file cannot be read. */
export async function readProgram(path: string): Promise<string> {
  if (!isProgram(path)) fail("unreadable-file", { path, reason: "program names must end in .fuse" });
  const bytes = await readOrFail(path, () => readBytes(path, maxSource));
  const text = decode(bytes);
  return text ?? fail("unreadable-file", { path, reason: "is not UTF-8 text" });
}

/** Returns the paths of the files that a program was read from: its own and its imports, without library modules. */
export function sourcesOf(program: Program): string[] {
  return program.modules.map(({ path }) => path).filter(isProgram);
}

/** Distinguishes programs from library modules, which are in no folder. */
const isProgram = (path: string): boolean => path.endsWith(".fuse");

/** Returns the text of an imported file; undefined if it cannot be read. */
function readImport(path: string): string | undefined {
  if (!isProgram(path)) return undefined;
  try {
    const stats = statSync(path);
    return stats.isFile() && stats.size <= maxSource ? decode(readFileSync(path)) : undefined;
  } catch {
    return undefined;
  }
}

/** A byte order mark is left to the parser. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Returns the value of a stage and shows its warnings. Ends the command if it reported an error. */
export function valueOrFail<T>({ value, diagnostics }: Outcome<T>, terminal: Terminal): T {
  if (value === undefined) throw new Failure(diagnostics);
  show(terminal, diagnostics);
  return value;
}

/** Checks a program when nothing is built from it. Ends the command if it has an error. */
export function checked(program: Program, terminal: Terminal): void {
  const diagnostics = program.check();
  if (diagnostics.some(({ severity }) => severity === "error")) throw new Failure(diagnostics);
  show(terminal, diagnostics);
}

/** Returns the graph of the one model that the options choose. */
export function oneGraph(program: Program, { model, set }: ModelOptions, terminal: Terminal): ModelGraph {
  if (model === undefined && program.models.length > 1) chooseModel(namesOf(program));
  const [graph] = valueOrFail(buildGraphs(program, { model, settings: set ?? {} }), terminal);
  return graph!;
}

/** Returns the one model that is meant. Ends the command if there is none, or more than one to choose from. */
export function oneModel(program: Program, name: string | undefined): Block {
  const { value, diagnostics } = chooseModels(program, name);
  if (value === undefined) throw new Failure(diagnostics);
  return value.length > 1 ? chooseModel(namesOf(program)) : value[0]!;
}

const namesOf = ({ models }: Program): string[] => models.map(({ decl }) => decl.name.text);

/**
 * Returns the block (not a model) with this name in the program's own file. Ends the command if neither a block nor a model
 * has the name.
 */
export function blockNamed(program: Program, name: string | undefined): Block | undefined {
  if (name === undefined) return undefined;
  const all = [...program.main.blocks.values()];
  const found = program.main.blocks.get(name);
  if (found === undefined) {
    const named = (kind: "model" | "block") =>
      all.filter(({ decl }) => decl.kind === kind).map(({ decl }) => decl.name.text);
    // Mistakes in the text may hide the block.
    throw new Failure([...program.check(), unknownModel(name, named("model"), named("block"))]);
  }
  return found.decl.kind === "block" ? found : undefined;
}
