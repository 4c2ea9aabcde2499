/** @file The name of a target or backend appears only in its folder and in the tables, so adding one is easy. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { defaultTarget, readableTargets, targetNames, type TargetName } from "../../src/codegen/targets.ts";
import { backendNames, nodeBackendNames, type Backend } from "../../src/contract/backends.ts";

/** The tables with a line for a target. Only what `fuse run` can run has an engine. */
const targetTables = (name: TargetName): string[] => [
  "codegen/targets.ts",
  ...([defaultTarget, ...readableTargets].some((engine) => engine === name) ? ["cli/run/engines/table.ts"] : []),
];

/** The tables with an entry for a backend. Node starts only some. */
const backendTables = (name: Backend): string[] => [
  "codegen/esm/profile.ts",
  "contract/backends.ts",
  ...(nodeBackendNames.some((node) => node === name) ? ["runtime/node/backend.ts"] : []),
];

/** Other files that name one of them, and why. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  esm: [
    "plan/builder.ts", // Refers to a whole primitive by its field of this name,
    "primitives/table.ts", // and so does this.
  ],
  cpu: ["source/words/functions.ts"], // A method of PyTorch.
  wasm: [
    "cli/run/engines/table.ts", // The name of our own engine, which runs in the memory of this backend,
    "codegen/wasm/profile.ts",
    "runtime/model.ts",
    "runtime/node/engines.ts",
    "runtime/wasm/engine.ts",
    "runtime/wasm/home.ts", // The memory of this backend is in its field of this name.
  ],
  tensorflow: [
    "cli/run/engines/table.ts", // The SavedModel engine needs this backend.
    "runtime/node/native/binding.ts", // Features that only this backend has.
  ],
};

/** The files of src that mention each name, not counting the fields of primitives. */
const places = new Map<string, Set<string>>([...targetNames, ...backendNames].map((name) => [name, new Set()]));

const inProse = new Map(
  [...places.keys()].map((name) => [name, new RegExp(`\`${name}\`|--(?:target|engine|backend) ${name}\\b`)]),
);

for (const path of readdirSync("src", { recursive: true, encoding: "utf8" })) {
  const file = path.split("\\").join("/");
  // The generated library holds programs.
  if (!file.endsWith(".ts") || file === "library.ts") continue;
  const text = readFileSync(join("src", file), "utf8");
  const names = [...places.keys()].filter((name) => text.includes(name));
  if (names.length === 0) continue;
  const note = (name: string) => places.get(name)?.add(file);
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      for (const name of names) if (node.text === name || inProse.get(name)!.test(node.text)) note(name);
    if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
      // Each primitive has a field for each format.
      const isField = file.startsWith("primitives/");
      if (ts.isIdentifier(node.name) && !isField) note(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
}

const found = (name: string, isOwn: (file: string) => boolean) => [...places.get(name)!].filter((file) => !isOwn(file));

test.each(targetNames)("the target %s is named in its folder and in the tables", (name) => {
  const own = (file: string) => file.startsWith(`codegen/${name}/`) || file === `cli/run/engines/${name}.ts`;
  expect(found(name, own).toSorted()).toEqual([...targetTables(name), ...(exceptions[name] ?? [])].toSorted());
});

test.each(backendNames)("the backend %s is named in the tables", (name) => {
  // Primitive cases name the backends that are exact enough for them.
  const own = (file: string) => file.startsWith("primitives/");
  expect(found(name, own).toSorted()).toEqual([...backendTables(name), ...(exceptions[name] ?? [])].toSorted());
});
