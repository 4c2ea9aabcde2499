/**
 * @file Writes src/library.ts from library/: the standard library as a module, for running the compiler without a file system.
 * With `--check` it only checks that the module is up to date (exit code 1 if not).
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isMain, root } from "./run.js";

const folder = path.join(root, "library");
const output = path.join(root, "src", "library.ts");

function text() {
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".fuse"));
  const modules = files.map((file) => [
    file.slice(0, -".fuse".length).replaceAll("\\", "/"),
    readFileSync(path.join(folder, file), "utf8").replaceAll("\r\n", "\n"),
  ]);
  modules.sort(([a], [b]) => (a < b ? -1 : 1));
  const literal = (source) => `\`${source.replace(/[\\`]|\$(?=\{)/g, "\\$&")}\``;
  return `/** @file The texts of the standard library. Generated from library/ by scripts/library.js: do not edit. */

/** By the name that \`import\` uses, such as \`fuse/attention\`. */
export const library: Readonly<Record<string, string>> = {
${modules.map(([name, source]) => `  ${JSON.stringify(name)}: ${literal(source)},\n`).join("")}};
`;
}

/** Whether src/library.ts is up to date with library/. */
export const isCurrent = () => existsSync(output) && readFileSync(output, "utf8") === text();

if (isMain(import.meta.url)) {
  if (!process.argv.includes("--check")) writeFileSync(output, text());
  else if (!isCurrent()) {
    console.error("src/library.ts is out of date with library/; run: node scripts/library.js");
    process.exitCode = 1;
  }
}
