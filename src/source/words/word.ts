/** @file What a record about a word of Python or PyTorch holds, and how it becomes the help of a message. */
import type { Help } from "../diagnostic.ts";
import type { Span } from "../source.ts";

/** A word that means nothing here but has an equivalent. The tests check `code` with the parameters `given`. */
export interface Word {
  /** Its spellings, without the module before them. */
  readonly words: readonly string[];
  /** How people use it. A call is written as a function of its tensors, even if it is a method. */
  readonly use: string;
  /** The parameters that `use` needs; `[n, c, h, w]` for `x` by default. */
  readonly given?: string;
  /** What precedes the code. */
  readonly text: string;
  /** The parameters of a module's constructor, in order. The tensor is not one of them. */
  readonly parameters?: readonly string[];
  /** What to write, if anything. It has the arguments of `use`; a program that passes others sees its own. */
  readonly code?: string | ((args: readonly (string | undefined)[]) => string);
}

/** A call that a program makes. */
export interface ForeignCall {
  /** The tensor before the `.` of a method, and the arguments. */
  readonly args: readonly string[];
  /** Whether a pipeline passes the first tensor. */
  readonly piped?: boolean;
}

/** The parameters that a use has unless its record says otherwise. */
export const usualTensor = "x: [n, c, h, w]";

/** Writes axes as an argument: `c`, or `[h, w]`. */
export const axisList = (axes: readonly string[]): string => (axes.length === 1 ? axes[0]! : `[${axes.join(", ")}]`);

/** Maps every spelling to its record. */
export function bySpelling(words: readonly Word[]): ReadonlyMap<string, Word> {
  return new Map(words.flatMap((word) => word.words.map((spelling) => [spelling, word] as const)));
}

/** Returns the help of a word that is used without arguments. */
export function helpOf({ text, code }: Word): Help {
  return code === undefined ? { text } : { text, code: typeof code === "string" ? code : code([]) };
}

/** Returns the help of a word that is used as a value, with a fix if another value replaces it. */
export function valueHelp(word: Word, span: Span): Help {
  const help = helpOf(word);
  const { code } = help;
  return code !== undefined && /^\w+$/.test(code) ? { ...help, edits: [{ span, text: code }] } : help;
}

/** Returns the help of a type, with the name of the program's parameter. */
export function helpOfParameter(word: Word, parameter: string): Help {
  const help = helpOf(word);
  const [own = ""] = word.use.split(":");
  return help.code === undefined ? help : { ...help, code: help.code.replaceAll(own, () => parameter) };
}

/** Returns the help of a word that is called, with the arguments of the program where they are short. */
export function helpOfCall(word: Word, { args: all, piped = false }: ForeignCall): Help {
  if (word.code === undefined) return helpOf(word);
  const args = all.filter((arg) => !keyword.test(arg));
  const own = argumentsOf(word.use, word.use.indexOf("(")).filter((arg) => !keyword.test(arg));
  const tensor = own[0] ?? "x";
  const given =
    word.parameters !== undefined ? constructed(word.parameters, all, args) : piped ? [tensor, ...args] : args;
  const code = typeof word.code === "string" ? renamed(word, word.code, own, given) : word.code(given);
  if (!piped) return { text: word.text, code };
  if (code === tensor) return { text: word.text };
  return { text: word.text, code: asStage(code, word.parameters === undefined ? tensor : "x") };
}

/** `stride=2`, `stride: 2` */
const keyword = /^(\w+)\s*(?::|=(?!=))\s*/;

/** Returns the arguments of a constructor in the order of its parameters. */
function constructed(
  parameters: readonly string[],
  args: readonly string[],
  positional: readonly string[],
): readonly (string | undefined)[] {
  const named = new Map(args.map((arg) => [keyword.exec(arg)?.[1], arg.replace(keyword, "")]));
  return parameters.map((name, i) => named.get(name) ?? positional[i]);
}

/** Replaces the arguments of the record's use by those of the program. */
function renamed(word: Word, code: string, own: readonly string[], given: readonly (string | undefined)[]): string {
  const parameters: readonly string[] = (word.given ?? usualTensor).match(/\w+(?=: )/g) ?? [];
  const replacements = new Map<string, string>();
  for (const [i, name] of own.entries()) {
    const [from, to] = [itemsOf(name), itemsOf(given[i] ?? "")];
    const isSame = from.length > 1 === to.length > 1;
    if (isSame && from.every((item) => parameters.includes(item)) && to.every(isShort))
      replacements.set(from.join(", "), to.join(", "));
  }
  const pattern = [...replacements.keys()].map((name) => `\\b${name}\\b(?!:)`).join("|");
  return pattern === "" ? code : code.replace(new RegExp(pattern, "g"), (name) => replacements.get(name) ?? name);
}

/** The items of a list or tuple of Python; of another argument, the argument. */
function itemsOf(arg: string): readonly string[] {
  return /^[[(]/.test(arg) ? argumentsOf(arg, 0) : [arg];
}

/** Whether an argument is short enough to be repeated: `x`, `0.5`, `y.c`, `relu(x)`. */
function isShort(arg: string): boolean {
  return arg.length <= 30 && /^-?\w[\w.]*(?:\([\w., ]*\))?$/.test(arg);
}

/** Writes a call as a stage of a pipeline: without its first tensor. */
function asStage(code: string, tensor: string): string {
  const call = /^((?:\w+, )*\w+ = )?(\w+)\((\w+)(?:, )?(.*)\)( @\w+)?$/.exec(code);
  if (call?.[3] !== tensor) return code;
  const [, names, callee, , rest, label = ""] = call;
  const stage = (rest === "" ? callee! : `${callee}(${rest})`) + label;
  return names === undefined ? stage : `${names}… |> ${stage}`;
}

/** The most characters of a call whose arguments are read. */
const longest = 400;

/** Returns the arguments of a call whose bracket opens at `open`; none if it does not end soon. */
export function argumentsOf(text: string, open: number): readonly string[] {
  const args: string[] = [];
  let depth = 0;
  let start = open + 1;
  let quote = "";
  const end = Math.min(text.length, open + longest);
  for (let i = open; i >= 0 && i < end; i++) {
    const character = text[i]!;
    if (quote !== "") {
      if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) {
      if (--depth > 0) continue;
      args.push(text.slice(start, i).trim());
      return args.filter((arg) => arg !== "");
    } else if (character === "," && depth === 1) {
      args.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  return [];
}
