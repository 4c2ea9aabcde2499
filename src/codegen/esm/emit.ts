/** @file Prints models as an ES module for TensorFlow.js: one readable file and its types. */
import type { Plan } from "../../plan/plan.ts";
import { declarations } from "./declarations.ts";
import { Names } from "./names.ts";
import { runFunction } from "./run-function.ts";
import { commentText, docComment, literal, objectKey } from "./text.ts";

/** Where the models come from. */
export interface ModuleInfo {
  /** The program's path, as its user names it. */
  readonly source: string;
  /** Of all that the module depends on; what has the same one is the same module. */
  readonly hash: string;
  /** Of Fuse. */
  readonly version: string;
}

export interface EmittedFile {
  readonly path: string;
  readonly text: string;
}

/** `<program>.js` with all models, and `<program>.d.ts`. */
export function emitEsm(plans: readonly Plan[], info: ModuleInfo): EmittedFile[] {
  const program = info.source
    .split(/[/\\]/)
    .at(-1)!
    .replace(/\.fuse$/, "");
  const head = header(info);
  const imports = 'import * as tf from "@tensorflow/tfjs-core";\nimport { model } from "fuse-lang/runtime";\n';
  const models = printModels(plans).map(({ name, local, doc, text }) =>
    local === name
      ? `\n${doc}export const ${name} = ${text};\n`
      : `\n${doc}const ${local} = ${text};\nexport { ${local} as ${name} };\n`,
  );
  return [
    { path: `${program}.js`, text: `${head}${imports}${models.join("")}` },
    { path: `${program}.d.ts`, text: `${head}${declarations(plans)}` },
  ];
}

/**
 * The same models as a module without imports, whose default export is a function of `tf` and `model` that returns them by
 * name: what needs no files to be run at once.
 */
export function emitFactory(plans: readonly Plan[], info: ModuleInfo): string {
  const models = printModels(plans);
  const constants = models.map(({ local, text }) => `const ${local} = ${text};\n`).join("\n");
  const exported = models.map(({ name, local }) => `${objectKey(name)}: ${local}`).join(", ");
  return `${header(info)}export default (tf, model) => {\n${constants}return { ${exported} };\n};\n`;
}

function header({ source, hash, version }: ModuleInfo): string {
  return `// Made by fuse ${version} from ${commentText(source)} (${commentText(hash)}). Do not edit: change the program and build again.\n`;
}

function printModels(plans: readonly Plan[]) {
  const names = new Names();
  return plans.map((plan) => {
    const { name, doc } = plan.graph;
    return { name, local: names.take(name), doc: docComment([doc ?? name]), text: printModel(plan) };
  });
}

/** `model({ name, guard, manifest, prepared, run })` */
function printModel(plan: Plan): string {
  const indent = "  ";
  const run = runFunction(plan, indent);
  const prepared = Object.fromEntries(
    [...run.prepared].map(([{ dtype, prepare }, name]) => [name, { dtype, prepare }]),
  );
  const { name, guard } = plan.graph;
  const field = (key: string, value: unknown, levels?: number) =>
    `${indent}${key}: ${literal(value, indent, levels, key.length + 2)},\n`;
  // A line for each weight and each prepared tensor, however long: tables are skimmed.
  const fields = [
    field("name", name),
    field("guard", guard),
    field("manifest", plan.manifest, 1),
    field("prepared", prepared, 1),
  ];
  return `model({\n${fields.join("")}${indent}${run.text},\n})`;
}
