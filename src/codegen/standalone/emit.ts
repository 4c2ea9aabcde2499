/** @file Prints models as a module without imports: its definitions, the runtime, and a file of machine code for each model. */
import { checksum, type StandaloneDefinition } from "../../contract/standalone.ts";
import type { GivenSizes } from "../../plan/given-sizes.ts";
import type { Plan } from "../../plan/plan.ts";
import { invariant } from "../../source/internal-error.ts";
import { header } from "../esm/emit.ts";
import { Names } from "../esm/names.ts";
import { urlPath } from "../esm/source-map.ts";
import { docComment, literal } from "../esm/text.ts";
import { programName, type BinaryFile, type Emission, type SourceInfo, type WeightedPlan } from "../target.ts";
import { standaloneDeclarations } from "./declarations.ts";
import { machineCode } from "./machine-code.ts";
import { runtimeText } from "./runtime-text.ts";

/**
 * Returns `<program>.standalone.js` and `.d.ts`, and `<program>.standalone.wasm`, or `<program>-<Model>.standalone.wasm` for
 * each of several models. The plans are for WebAssembly.
 */
export function emitStandalone(models: readonly WeightedPlan[], info: SourceInfo): Emission {
  const program = programName(info.source);
  const names = new Names(["fuse", "URL", "globalThis"]);
  const built: BuiltModel[] = [];
  for (const model of models) {
    const found = definitionOf(model);
    if ("tooLarge" in found) return found;
    const { name } = found.definition;
    built.push({ ...found, local: names.take(name), file: models.length === 1 ? program : `${program}-${name}` });
  }
  const head = header(info);
  const exported = built.map(({ definition, plan, local, file }) => {
    const { name } = definition;
    const code = `new URL(${JSON.stringify(`./${urlPath(`${file}.standalone.wasm`)}`)}, import.meta.url)`;
    const constant = `const ${local} = fuse.model(${printDefinition(definition, code)});\n`;
    const doc = docComment([plan.graph.doc ?? name]);
    return local === name ? `${doc}export ${constant}` : `${doc}${constant}export { ${local} as ${name} };\n`;
  });
  const text = (path: string, content: string): BinaryFile => ({ path, bytes: new TextEncoder().encode(content) });
  return {
    files: [
      text(`${program}.standalone.js`, `${head}${runtimeText}\n\n${exported.join("\n")}`),
      text(`${program}.standalone.d.ts`, head + standaloneDeclarations(built)),
      ...built.map(({ file, definition: { code } }) => ({ path: `${file}.standalone.wasm`, bytes: code })),
    ],
  };
}

/** Returns a definition as JavaScript. `code` is an expression for its machine code. One line for each field, however long. */
export function printDefinition({ code: _, ...data }: StandaloneDefinition, code: string): string {
  const fields = Object.entries(data).map(([name, value]) => `  ${name}: ${literal(value, "  ", 0)},\n`);
  return `{\n${fields.join("")}  code: ${code},\n}`;
}

interface BuiltModel {
  readonly plan: Plan;
  readonly definition: Definition;
  /** Its name in the module, and that of its file of machine code. */
  readonly local: string;
  readonly file: string;
}

type Definition = StandaloneDefinition & { readonly code: Uint8Array<ArrayBuffer> };

/** Returns what the runtime makes a model from, with the machine code itself; the bytes of memory if they are too many. */
export function definitionOf({
  plan,
  at = {},
}: Pick<WeightedPlan, "plan" | "at">):
  { readonly plan: Plan; readonly definition: Definition } | { readonly tooLarge: number } {
  const { name, guard } = plan.graph;
  const sizes = Object.fromEntries(guard.variables.map((variable) => [variable.name, sizeOf(at, variable.name)]));
  const made = machineCode(plan, sizes, { relaxed: false });
  if ("tooLarge" in made) return made;
  const { bytes: code, layout, prepare } = made;
  const manifest = plan.manifest.map(({ init: _, fan: __, ...entry }) => entry);
  return { plan, definition: { name, guard, manifest, sizes, prepare, layout, checksum: checksum(code), code } };
}

function sizeOf(at: GivenSizes, name: string): number {
  const size = Object.hasOwn(at, name) ? at[name] : undefined;
  invariant(size !== undefined, `the size ${name} is given`);
  return size;
}
