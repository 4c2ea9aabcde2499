/**
 * @file Bundles the command `fuse`: a few files instead of a thousand, because every file that Node loads costs about a
 * millisecond (docs/decisions/start.md).
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "./run.js";

/** The packages whose code is copied. All others are loaded from node_modules when they are used. */
const copied = [
  "@chevrotain/",
  "@jridgewell/",
  "@noble/hashes",
  "chevrotain",
  "commander",
  "fastest-levenshtein",
  "lodash-es",
];

/** Where the licences of the copied packages are, in the folder of the command. */
const licences = "LICENCES.txt";

/** Replaces the folder `cli` of `dist` by the bundle of src/cli. */
export async function bundle(dist) {
  const folder = path.join(dist, "cli");
  const isRelative = (id) => id.startsWith(".") || path.isAbsolute(id);
  // `npm run setup` imports this file before packages are installed.
  const { rolldown } = await import("rolldown");
  const bundled = await rolldown({
    cwd: root,
    input: { main: "src/cli/main.ts" },
    platform: "node",
    external: (id) => !isRelative(id) && !copied.some((name) => id.startsWith(name)),
    // An import that cannot be resolved would fail when a user gets there.
    onLog: (level, { message }) => {
      if (level === "warn") throw new Error(message);
    },
  });
  rmSync(folder, { recursive: true, force: true });
  const { output } = await bundled.write({
    dir: folder,
    chunkFileNames: "[name].js",
    comments: false,
    sourcemap: true,
    sourcemapPathTransform: (source, map) => portable(path.resolve(path.dirname(map), source)),
  });
  await bundled.close();
  const chunks = output.filter(({ type }) => type === "chunk");
  // Names and places are enough for a stack trace, and a third of the size. A chunk that only imports others has none.
  for (const { sourcemapFileName } of chunks.filter(({ sourcemapFileName }) => sourcemapFileName !== null)) {
    const file = path.join(folder, sourcemapFileName);
    const map = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...map, sourcesContent: undefined }));
  }
  const packages = new Set(chunks.flatMap(({ moduleIds }) => moduleIds).flatMap((id) => packageOf(id) ?? []));
  writeFileSync(
    path.join(folder, licences),
    [...packages]
      .sort()
      .map(licenceOf)
      .join(`\n${"-".repeat(80)}\n\n`),
  );
}

/** Returns a path in the project as it is written in a source map: `src/check/program.ts`. */
const portable = (file) => path.relative(root, file).replaceAll("\\", "/");

/** Returns the folder of the package that a module is part of; undefined for our own. */
const packageOf = (id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0];

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (file === undefined) throw new Error(`${name} has no licence to copy, so its code must not be copied either`);
  return `${name} ${version} (${license})\n\n${readFileSync(path.join(folder, file), "utf8").trim()}\n`;
}
