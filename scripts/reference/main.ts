/** @file Writes the files that are generated from the records, and removes outdated ones: `npm run reference`. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { diagnosticPages } from "./diagnostics.ts";
import { diagrams } from "./diagrams.ts";
import { ebnf } from "./ebnf.ts";
import { operatorPages } from "./operators.ts";
import { textMate } from "./textmate.ts";

const below = (folder: string, files: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]);

/** Folders that contain only generated files. */
export const folders = ["docs/operators", "docs/diagnostics", "grammar/diagrams"];

/** Returns all generated files by path. */
export function reference(): ReadonlyMap<string, string> {
  return new Map([
    ...below("docs/operators", operatorPages()),
    ...below("docs/diagnostics", diagnosticPages()),
    ["grammar/fuse.ebnf", ebnf()],
    ["grammar/fuse.tmLanguage.json", textMate()],
    ...below("grammar", diagrams()),
  ]);
}

if (process.argv[1] === import.meta.filename) {
  const files = reference();
  for (const folder of folders) {
    mkdirSync(folder, { recursive: true });
    for (const file of readdirSync(folder)) if (!files.has(`${folder}/${file}`)) rmSync(join(folder, file));
  }
  for (const [path, text] of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  console.log(`${files.size} files`);
}
