/** @file Compiles src/ to dist/, which contains the command `fuse` and the package. `node scripts/build.js` always rebuilds. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import path from "node:path";
import { bundle } from "./bundle.js";
import { isCurrent } from "./library.js";
import { inTemporaryFolder, isMain, replaceFolder, root, run } from "./run.js";

const dist = path.join(root, "dist");
/** What decides how src/ is compiled, and which versions of packages are copied. */
const settings = ["tsconfig.json", "tsconfig.build.json", "package-lock.json", "scripts/bundle.js"];
/** Inside dist/, so the two can only be removed together. */
const stamp = ".inputs";

/** Returns a hash of everything the build reads: names and contents, because times mean nothing in a fresh clone. */
function inputs() {
  const hash = createHash("sha256");
  const files = ["src", "library"].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name))),
  );
  for (const file of [...files, ...settings].sort()) {
    const content = fs.readFileSync(path.join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** Whether dist/ was built from the current src/. */
export function isBuilt() {
  try {
    return fs.readFileSync(path.join(dist, stamp), "utf8") === inputs();
  } catch {
    return false;
  }
}

/** Replaces dist/ if everything compiles; otherwise leaves it and throws the compiler's output. */
export async function build() {
  if (!isCurrent()) console.warn("build: src/library.ts is out of date with library/; run: node scripts/library.js");
  await inTemporaryFolder(path.join(root, ".cache"), async (temporary) => {
    const output = path.join(temporary, "dist");
    const before = inputs();
    const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc");
    try {
      await run(process.execPath, [compiler, "-p", "tsconfig.build.json", "--outDir", output]);
    } catch (error) {
      throw new Error(`src/ does not compile:\n${error.stdout || error.message}`, { cause: error });
    }
    await bundle(output);
    fs.chmodSync(path.join(output, "cli", "main.js"), 0o755);
    fs.writeFileSync(path.join(output, stamp), before);
    replaceFolder(output, dist, temporary);
  });
}

if (isMain(import.meta.url)) {
  try {
    await build();
    console.log("build: src/ compiled to dist/");
  } catch (error) {
    console.error(`build: ${error.message}`);
    process.exitCode = 1;
  }
}
