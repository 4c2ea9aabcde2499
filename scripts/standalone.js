/**
 * @file Writes src/codegen/standalone/runtime-text.ts from src/runtime/standalone: the part of a standalone module that is the
 * same in all of them, as one function without imports. With `--check` it only checks that the text is up to date (exit code 1
 * if not).
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isMain, root } from "./run.js";

const output = path.join(root, "src", "codegen", "standalone", "runtime-text.ts");

/** Returns the code of `const fuse = …`, an object with the function `model`. */
async function bundled() {
  const { rolldown } = await import("rolldown");
  const bundle = await rolldown({
    cwd: root,
    input: "src/runtime/standalone/model.ts",
    platform: "neutral",
    // The text must not import anything.
    onLog: (level, { message }) => {
      if (level === "warn") throw new Error(message);
    },
  });
  const { output: chunks } = await bundle.generate({ format: "iife", name: "fuse", minify: true, comments: false });
  await bundle.close();
  const [{ code, imports }, ...others] = chunks;
  if (imports.length > 0 || others.length > 0) throw new Error("the runtime of standalone modules is not one file");
  return code.trim();
}

async function text() {
  const code = (await bundled()).replace(/[\\`]|\$(?=\{)/g, "\\$&");
  return `/** @file The runtime of standalone modules, minified. Generated from src/runtime/standalone by scripts/standalone.js: do not edit. */

/** Defines \`fuse\`, an object with the function \`model\`. */
export const runtimeText = \`${code}\`;
`;
}

/** Whether the text is up to date with src/runtime/standalone and all that it imports. */
export const isCurrent = async () => existsSync(output) && readFileSync(output, "utf8") === (await text());

if (isMain(import.meta.url)) {
  if (!process.argv.includes("--check")) writeFileSync(output, await text());
  else if (!(await isCurrent())) {
    console.error("src/codegen/standalone/runtime-text.ts is out of date; run: node scripts/standalone.js");
    process.exitCode = 1;
  }
}
