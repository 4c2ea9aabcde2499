/** @file From text to program and graphs. Runs in a browser: files come through a host. */
import type { Settings } from "./check/instantiate/settings.ts";
import { Program } from "./check/program.ts";
import type { Block, Host } from "./check/text/modules.ts";
import type { ModelGraph } from "./ir/model-graph.ts";
import { library } from "./library.ts";
import type { Diagnostic } from "./source/diagnostic.ts";
import { diagnostic, Reporter } from "./source/reporter.ts";
import { nearest } from "./source/suggest.ts";

/** Which models to build, and with which settings. */
export interface ModelOptions {
  /** One model of the file; all of them if omitted. */
  readonly model?: string | undefined;
  readonly settings?: Settings;
}

/** The value of a stage, with its diagnostics. `value` is undefined exactly if there is an error. */
export interface Outcome<T> {
  readonly value: T | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Whether a module comes with the compiler. */
export const isLibrary = (path: string): boolean => Object.hasOwn(library, path);

/** Parses a file and everything it imports. Library modules come with the compiler; other files through the host. */
export function openProgram(path: string, text: string, host: Host): Program {
  return new Program(path, text, {
    read: (path) => (isLibrary(path) ? library[path] : host.read(path)),
    modules: (from) => [...Object.keys(library), ...(host.modules?.(from) ?? [])],
  });
}

/**
 * Builds the graphs of the chosen models. Reports everything that `Program.check` reports, and errors that depend on
 * the settings.
 */
export function buildGraphs(program: Program, options: ModelOptions = {}): Outcome<readonly ModelGraph[]> {
  const mistake = mistakeInOptions(options);
  if (mistake !== undefined) return nothing(mistake);
  const checked = program.check();
  const models = chooseModels(program, options.model);
  const reporter = new Reporter();
  for (const found of [...checked, ...models.diagnostics]) reporter.add(found);
  const { diagnostics } = reporter;
  if (models.value === undefined || reporter.failed) return { value: undefined, diagnostics };
  const settings = options.settings ?? {};
  const taken = (block: Block) => (models.value!.length === 1 ? settings : own(program, block, settings));
  const instances = models.value.map((block) => program.instantiate(block, taken(block)));
  for (const name of Object.keys(settings))
    if (models.value.length > 1 && !models.value.some((block) => Object.hasOwn(own(program, block, settings), name)))
      reporter.report("unknown-setting", undefined, { name, model: program.main.path });
  for (const found of instances.flatMap((instance) => instance.diagnostics)) reporter.add(found);
  const graphs = instances.flatMap(({ graph }) => graph ?? []);
  return { value: reporter.failed ? undefined : graphs, diagnostics };
}

/** Returns the models with this name, or all models without a name; an error if there are none. */
export function chooseModels(program: Program, name: string | undefined): Outcome<readonly Block[]> {
  const { models } = program;
  if (models.length === 0) return nothing(diagnostic("no-model", undefined, { path: program.main.path }));
  const names = models.map(({ decl }) => decl.name.text);
  const value = models.filter((_, i) => name === undefined || names[i] === name);
  return value.length > 0 || name === undefined ? { value, diagnostics: [] } : nothing(unknownModel(name, names));
}

/** Returns the diagnostic for a name that no model has or, if a block is possible too, neither. */
export function unknownModel(name: string, models: readonly string[], blocks?: readonly string[]): Diagnostic {
  const known = [...models, ...(blocks ?? [])];
  const near = nearest(name, known);
  const helps = near === undefined ? [] : [{ text: "did you mean", code: near }];
  const what = blocks === undefined ? "model" : "model or block";
  return diagnostic("unknown-model", undefined, { what, name, known: known.join(", ") }, { helps });
}

/** Returns the first option that TypeScript would refuse, for callers without types. */
export function mistakeInOptions({ model, settings = {} }: ModelOptions): Diagnostic | undefined {
  if (model !== undefined && !isText(model)) return mustBeText("the option `model`", model);
  const wrong = Object.entries<unknown>(settings).find(([, value]) => !isText(value));
  return wrong && mustBeText(`the setting \`${wrong[0]}\``, wrong[1]);
}

const isText = (value: unknown): boolean => typeof value === "string";

function mustBeText(what: string, value: unknown): Diagnostic {
  const help = typeof value === "number" || typeof value === "boolean" ? ` "${value}"` : "";
  return diagnostic("bad-input", undefined, { message: `${what} must be a string${help}, not ${String(value)}` });
}

/** Returns the outcome of a stage that an error ends. */
export const nothing = (found: Diagnostic): Outcome<never> => ({ value: undefined, diagnostics: [found] });

/** Returns the settings that a model has parameters for. With several models, each takes its own. */
export function own(program: Program, block: Block, settings: Settings): Settings {
  const known = program.context.signature(block).parameters.map(({ name }) => name);
  return Object.fromEntries(Object.entries(settings).filter(([name]) => known.includes(name)));
}
