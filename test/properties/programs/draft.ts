/** @file A random program as a structure, from which statements can be taken away, and its text. */
import { printType, type TensorType } from "../../../src/ir/type.ts";
import type { Program } from "../../../src/check/program.ts";
import type { CheckedWorld } from "../../../src/check/worlds/explore.ts";
import type { Diagnostic } from "../../../src/source/diagnostic.ts";
import { library } from "../../../src/library.ts";
import { programOf } from "../../support/check.ts";

/** A broken promise. Failures of one kind are taken for the same one when a program is made smaller. */
export class Failure extends Error {
  readonly kind: string;
  constructor(kind: string, detail: string, text: string) {
    super(`${kind}: ${detail}\n${text}`);
    this.kind = kind;
  }
}

export interface Statement {
  /** The values that it defines; none for a layer or weight that only others use. */
  readonly names: readonly string[];
  /** The whole line. */
  readonly code: string;
  /** The values, layers and blocks that it uses. */
  readonly uses: readonly string[];
}

/** A parameter of a signature: a tensor or a setting. */
export interface Param {
  readonly name: string;
  /** As written: `x: i32[n, h: 2*i]`, `width: int = 4`. */
  readonly text: string;
}

export interface Routine {
  readonly name: string;
  readonly tensors: readonly Param[];
  readonly settings: readonly Param[];
  readonly where: readonly string[];
  readonly statements: readonly Statement[];
  /** The names of the values that it returns. */
  readonly results: readonly string[];
  /** The declared types of the results of a block. If undefined, the checker infers them. */
  readonly declared?: string | undefined;
}

/** The last routine is the model; the others are blocks that it may call. */
export type Draft = readonly Routine[];

/** Writes the signature of a routine up to its result. */
export function paramsText({ tensors, settings }: Routine): string {
  return [...tensors, ...settings].map(({ text }) => text).join(", ");
}

function routineText(routine: Routine, kind: "block" | "model", results: string | undefined): string {
  const { name, where, statements } = routine;
  const clauses = where.length === 0 ? "" : ` where ${where.join(", ")}`;
  const arrow = results === undefined ? "" : ` -> ${results}`;
  const lines = [...statements.map(({ code }) => code), `return ${routine.results.join(", ")}`];
  return `${kind} ${name}(${paramsText(routine)})${arrow}${clauses} {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
}

/** The library blocks by name, with the name of their module. */
const moduleOf: ReadonlyMap<string, string> = new Map(
  Object.entries(library).flatMap(([module, text]) =>
    [...text.matchAll(/^block (\w+)/gm)].map(([, name]) => [name!, module] as const),
  ),
);

/** Writes the edition, and imports of the library blocks that a draft uses. */
function head(draft: Draft): string {
  const used = new Set(draft.flatMap(({ statements }) => statements.flatMap(({ uses }) => uses)));
  const imports = [...used].flatMap((name) =>
    moduleOf.has(name) ? [`import { ${name} } from "${moduleOf.get(name)}"\n`] : [],
  );
  return `fuse 1\n${imports.join("")}\n`;
}

const blockText = (routine: Routine): string => routineText(routine, "block", routine.declared);

/** The last routine of a draft, checked as a block. */
export interface Checked {
  readonly program: Program;
  readonly worlds: readonly CheckedWorld[];
  readonly errors: readonly Diagnostic[];
  readonly text: string;
}

export function checked(draft: Draft): Checked {
  const text = head(draft) + draft.map(blockText).join("\n");
  try {
    const program = programOf(text);
    const errors = program.check().filter(({ severity }) => severity === "error");
    const block = program.main.blocks.get(draft.at(-1)!.name);
    return { program, text, errors, worlds: block === undefined || errors.length > 0 ? [] : program.worlds(block) };
  } catch (error) {
    throw new Failure("the checker fails", String(error), text);
  }
}

/** Returns the type of a result as text, if it is the same in every world. */
export function sameType({ program, worlds }: Checked, index: number): { type: TensorType; text: string } | undefined {
  const types = worlds.map(({ results }) => results?.[index]);
  const printed = new Set(types.map((type) => type && printType(program.context.sizes, type)));
  const [text] = printed;
  const [type] = types;
  return printed.size === 1 && text !== undefined && type !== undefined ? { type, text } : undefined;
}

/** Returns the declaration of all results of the last routine; undefined if one has several types. */
export function resultsText(found: Checked, names: readonly string[]): string | undefined {
  const types = names.map((name, i) => {
    const text = sameType(found, i)?.text;
    // A result may not have the name of a value of the body.
    return text === undefined ? undefined : `out_${name}: ${text}`;
  });
  return types.includes(undefined) ? undefined : `(${types.join(", ")})`;
}

/** Writes a draft as a program with one model. Undefined if it has errors, or results of several types. */
export function programText(draft: Draft): string | undefined {
  const model = draft.at(-1)!;
  const found = checked(draft);
  const results = found.errors.length > 0 ? undefined : resultsText(found, model.results);
  if (results === undefined) return undefined;
  return head(draft) + [...draft.slice(0, -1).map(blockText), routineText(model, "model", results)].join("\n");
}

/**
 * Returns the draft with other names for the settings of every routine, which must change nothing: a name means something
 * in its own routine only.
 */
export function renamed(draft: Draft): Draft {
  const other = (text: string, { name, settings }: Routine, after = ""): string =>
    settings.reduce(
      (sum, setting) => sum.replaceAll(new RegExp(`\\b${setting.name}\\b${after}`, "g"), `${setting.name}_${name}`),
      text,
    );
  return draft.map((routine, i) => {
    const own = (text: string): string => other(text, routine);
    const inCalls = ({ code, uses, ...rest }: Statement): Statement => {
      const callee = draft.slice(0, i).find(({ name }) => uses.includes(name));
      return { ...rest, uses, code: own(callee === undefined ? code : other(code, callee, "(?=: )")) };
    };
    return {
      ...routine,
      // The size of an input may be a setting.
      tensors: routine.tensors.map(({ name, text }) => ({ name, text: own(text) })),
      settings: routine.settings.map(({ name, text }) => ({ name: own(name), text: own(text) })),
      where: routine.where.map(own),
      statements: routine.statements.map(inCalls),
      // An inferred type may name a setting.
      declared: undefined,
    };
  });
}

/** Whether a model can be built from a block: what must be known then depends on settings only. */
export function isBuildable({ program, worlds }: Checked): boolean {
  const settings = new Set(
    program.context.signature([...program.main.blocks.values()].at(-1)!).parameters.map(({ name }) => name),
  );
  return worlds.every(({ requirements }) =>
    requirements.every(
      ({ relation }) => relation.op !== "known" || [...relation.size.variables].every(({ name }) => settings.has(name)),
    ),
  );
}

/** Returns the condition that the messages about a draft suggest. */
export function suggestion(draft: Draft): string | undefined {
  for (const { helps } of checked(draft).errors)
    for (const { code } of helps)
      if (code !== undefined && code.startsWith("where ")) return code.slice("where ".length);
  return undefined;
}
