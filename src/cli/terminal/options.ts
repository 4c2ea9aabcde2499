/** @file Options that several commands share. */
import { InvalidArgumentError, Option, type Command } from "commander";
import { DataError } from "../../weights/data-error.ts";
import { compileRule } from "../../weights/rename.ts";
import { parseBytes } from "./numbers.ts";

/** Values by name. */
export type Pairs = Readonly<Record<string, string>>;

/** `--model` and `--set` */
export interface ModelOptions {
  readonly model?: string;
  readonly set?: Pairs;
}

/** How to find tensors in a weight file. */
export interface MatchingOptions {
  readonly weightsPrefix?: string;
  readonly rename?: readonly string[];
}

export const modelOption = (what: string) => new Option("--model <name>", what);

export const setOption = () =>
  new Option("--set <name=value>", "set a parameter (repeatable)").argParser(pairs("NAME=VALUE"));

export const matchingOptions = (): readonly Option[] => [
  new Option("--weights-prefix <prefix>", "use only tensors whose names start with this, and strip it"),
  new Option(
    "--rename <map>",
    '`from=to`, or a JSON file `{"from": "to"}`; `*` is any text and `{i}` a number: `layers.{i}.*=blocks.{i + 1}.*` (repeatable)',
  ).argParser((text: string, previous: readonly string[] = []) => {
    if (isRenaming(text)) checkRenaming(...pair(text, renaming));
    else if (text === "") throw new InvalidArgumentError(`Expected ${renaming}.`);
    return [...previous, text];
  }),
];

function checkRenaming(from: string, to: string): void {
  try {
    compileRule(from, to);
  } catch (error) {
    throw error instanceof DataError ? new InvalidArgumentError(`${error.message}.`) : error;
  }
}

/** The form of `--rename`, unless it names a file. */
export const renaming = "FROM=TO";
export const isRenaming = (text: string): boolean => text.includes("=");

/** How a program's models are optimized, on the command line. */
export interface OptimizationOptions {
  readonly optimize: boolean;
  readonly optimizeLimit?: number;
}

export const optimizationOptions = (): readonly Option[] => [
  new Option("--no-optimize", "compute the operators as the program writes them"),
  optimizeLimitOption(),
];

export const optimizeLimitOption = () =>
  new Option(
    "--optimize-limit <k>",
    "make only the first k changes to a model, to find one by bisection; summary --optimized numbers them",
  ).argParser((text: string) => {
    if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("Expected a whole number of at least 0.");
    return Number(text);
  });

/** Ends the command if options say what to optimize, and not to do so. */
export function refuseContradiction(
  command: Command,
  { optimize, optimizeLimit, at }: OptimizationOptions & { readonly at?: unknown },
): void {
  const other = optimizeLimit !== undefined ? "--optimize-limit" : at !== undefined ? "--at" : undefined;
  if (!optimize && other !== undefined) command.error(`error: --no-optimize and ${other} exclude each other`);
}

/** What work costs, if it is not what ships with Fuse. */
export const costsOption = () =>
  new Option("--costs <file>", "what work costs on the machine that will run the model: a file of `fuse calibrate`");

/** The limit on a model's weights, in bytes. */
export const maxWeightsOption = () =>
  new Option("--max-weights <size>", "fail if the weights are larger")
    .default(2 * 2 ** 30, "2GiB")
    .argParser((text: string) => {
      const bytes = parseBytes(text);
      if (bytes === undefined) throw new InvalidArgumentError("Expected a size such as 500MB or 2GiB.");
      return bytes;
    });

/** Collects NAME=VALUE, or the given `form`. Each name may appear once. */
export const pairs =
  (form: string) =>
  (text: string, previous: Pairs = {}): Pairs => {
    const [name, value] = pair(text, form);
    if (Object.hasOwn(previous, name)) throw new InvalidArgumentError(`${name} is given twice.`);
    return { ...previous, [name]: value };
  };

/** Splits at the first `=`. */
export function pair(text: string, form: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError(`Expected ${form}.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Collects `n=1,h=64`. Each name may appear once. */
export function sizes(text: string, previous: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  let found = previous;
  for (const item of text.split(",")) {
    const [name, value] = pair(item.trim(), "NAME=SIZE, separated by commas: n=1,h=64");
    if (!/^[1-9]\d{0,9}$/.test(value)) throw new InvalidArgumentError(`${name} must be a whole number of at least 1.`);
    if (Object.hasOwn(found, name)) throw new InvalidArgumentError(`${name} is given twice.`);
    found = { ...found, [name]: Number(value) };
  }
  return found;
}

/** Returns text for help: `plain JavaScript (cpu) or WebAssembly (wasm)`. */
export function described<Name extends string>(
  names: readonly Name[],
  records: Readonly<Record<Name, { readonly doc: string }>>,
): string {
  const texts = names.map((name) => `${records[name].doc} (${name})`);
  return new Intl.ListFormat("en", { type: "disjunction" }).format(texts);
}
