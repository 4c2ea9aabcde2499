/** @file Prints models as an ES module for TensorFlow.js: one readable file, its types and its source map. */
import type { Plan } from "../../plan/plan.ts";
import { preparationOf } from "../../plan/prepared.ts";
import { programName, type SourceInfo } from "../target.ts";
import type { Beside } from "./beside.ts";
import { declarations } from "./declarations.ts";
import { Names } from "./names.ts";
import { runFunction } from "./run-function.ts";
import { mapMark, relativePath, sourceMap, urlPath, type MappedLine } from "./source-map.ts";
import { commentText, docComment, literal, objectKey } from "./text.ts";

/** Where the models come from, and the other files that the module refers to. */
export interface ModuleInfo extends SourceInfo {
  /** Whether the models' graphs are in a file next to the module, `<program>.graph`. */
  readonly graph?: boolean;
  /** Whether their plans are there too, in `<program>.plan`. */
  readonly plan?: boolean;
}

export interface EmittedFile {
  readonly path: string;
  readonly text: string;
}

/** Returns `<program>.js` with all models, `<program>.d.ts`, and `<program>.js.map`. */
export function emitEsm(plans: readonly Plan[], info: ModuleInfo): EmittedFile[] {
  const file = info.source.split(/[/\\]/).at(-1)!;
  const program = programName(info.source);
  const folder = info.source.slice(0, -file.length);
  const { version, locate = (path) => relativePath(folder, path) } = info;
  const head = header(info);
  let module = `${head}import * as tf from "@tensorflow/tfjs-core";\nimport { model } from "fuse-lang/runtime";\n`;
  const lines: MappedLine[] = [];
  const url = (kind: string) => `new URL(${JSON.stringify(`./${urlPath(`${program}.${kind}`)}`)}, import.meta.url)`;
  const beside = (["graph", "plan"] as const).filter((kind) => info[kind]).map((kind) => `${kind}: ${url(kind)},`);
  const graph = beside.length === 0 ? [] : [...beside, `hash: ${JSON.stringify(info.hash)},`];
  for (const { name, local, doc, text, mapped } of printModels(plans, graph)) {
    module += `\n${doc}${local === name ? "export " : ""}const ${local} = `;
    const first = lineBreaks(module);
    lines.push(...mapped.map(({ line, origin }) => ({ line: first + line, origin })));
    module += `${text};\n${local === name ? "" : `export { ${local} as ${name} };\n`}`;
  }
  module += `//# sourceMappingURL=${urlPath(`${program}.js.map`)}\n`;
  return [
    { path: `${program}.js`, text: module },
    { path: `${program}.d.ts`, text: `${head}${declarations(plans)}` },
    { path: `${program}.js.map`, text: sourceMap(`${program}.js`, lines, { version, locate }) },
  ];
}

const lineBreaks = (text: string): number => text.split("\n").length - 1;

/**
 * Returns the same models as a module without imports. Its default export is a function of `tf` and `model` that
 * returns them by name, to be run immediately without files: the text also holds what is next to a module.
 */
export function emitFactory(plans: readonly Plan[], info: ModuleInfo, { graph, plan }: Beside = {}): string {
  const content = [
    ...(graph === undefined ? [] : [`graph: Uint8Array.from(atob("${base64(graph)}"), (c) => c.charCodeAt(0))`]),
    ...(plan === undefined
      ? []
      : [`plan: new TextEncoder().encode(${JSON.stringify(new TextDecoder().decode(plan))})`]),
  ];
  const beside = content.length === 0 ? "" : `const beside = { ${content.join(", ")} };\n`;
  const models = printModels(plans, beside === "" ? [] : ["...beside,"], ["beside"]);
  const constants = models.map(({ local, text }) => `const ${local} = ${text};\n`).join("\n");
  const exported = models.map(({ name, local }) => `${objectKey(name)}: ${local}`).join(", ");
  return `${header(info)}export default (tf, model) => {\n${beside}${constants}return { ${exported} };\n};\n`;
}

/** Returns the first line of every generated text. */
export function header({ source, hash, version }: SourceInfo): string {
  return `// Made by fuse ${version} from ${commentText(source)} (${commentText(hash)}). Do not edit: change the program and build again.\n`;
}

/** Returns bytes as text that `atob` reads. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function printModels(plans: readonly Plan[], graph: readonly string[], taken: readonly string[] = []) {
  const names = new Names(taken);
  return plans.map((plan) => {
    const { name, doc } = plan.graph;
    return { name, local: names.take(name), doc: docComment([doc ?? name]), ...printModel(plan, graph) };
  });
}

/** Returns `model({ name, guard, manifest, graph, hash, prepared, run })`, and where its lines come from. */
function printModel(
  plan: Plan,
  graph: readonly string[],
): { readonly text: string; readonly mapped: readonly MappedLine[] } {
  const indent = "  ";
  const run = runFunction(plan, indent);
  const { steps, places } = preparationOf(run.prepared.keys());
  const prepared = Object.fromEntries(
    [...run.prepared].map(([value, name]) => [name, { dtype: value.dtype, step: places.get(value) }]),
  );
  const { name, guard } = plan.graph;
  const field = (key: string, value: unknown, levels?: number) =>
    `${indent}${key}: ${literal(value, indent, levels, key.length + 2)},\n`;
  // One line for each weight, step and prepared tensor, however long, because people skim tables.
  const fields = [
    field("name", name),
    field("guard", guard),
    field("manifest", plan.manifest, 1),
    ...graph.map((line) => `${indent}${line}\n`),
    `${indent}prepare: ${numbered(steps, indent)},\n`,
    field("prepared", prepared, 1),
  ];
  const before = `model({\n${fields.join("")}${indent}`;
  const first = lineBreaks(before);
  return {
    text: `${before}${run.text},\n})`,
    mapped: run.mapped.map(({ line, origin }) => ({ line: first + line, origin })),
  };
}

/** A list with the index of each item after it, as a comment. */
function numbered(items: readonly unknown[], indent: string): string {
  if (items.length === 0) return "[]";
  const lines = items.map((item, i) => `${indent}  ${literal(item, "", 0)}, // ${i}\n`);
  return `[\n${lines.join("")}${indent}]`;
}

/** Whether a file begins like a module, its types or its source map. */
export function isModuleOfFuse(start: Uint8Array): boolean {
  const text = String.fromCharCode(...start);
  return text.startsWith("// Made by fuse ") || text.startsWith(mapMark);
}
