/** @file Reads the import lines of the sources and compares them with the table of layers. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, it } from "vitest";

/** What each place may import: other places, single files of ours, and packages. A place may always import itself. */
const layers: Readonly<Record<string, readonly string[]>> = {
  source: ["fastest-levenshtein"],
  parser: ["source", "chevrotain"],
  format: ["parser", "source", "prettier"],
  ir: ["source"],
  protobuf: ["@bufbuild/protobuf", "@noble/hashes"],
  weights: ["source", "ir/ndarray", "ir/attribute"],
  primitives: ["ir", "source"],
  ops: ["ir", "primitives", "source"],
  check: ["ops", "ir", "parser", "source"],
  reference: ["ops", "ir", "source"],
  plan: ["ops", "ir", "primitives", "weights", "source"],
  codegen: ["plan", "primitives", "ir", "weights", "source", "protobuf", "@noble/hashes", "@jridgewell/gen-mapping"],
  // The driver and the public API stand above all that runs in a browser.
  compile: ["check", "codegen", "plan", "ops", "ir", "parser", "source", "library", "version", "@noble/hashes"],
  index: ["compile", "check", "codegen", "plan", "ir", "source", "version"],
  library: [],
  version: [],
  runtime: ["weights", "ir/guard", "ir/ndarray", "@tensorflow/tfjs-core"],
  "runtime/node": ["runtime", "protobuf", "weights", "ir/ndarray", "ir/guard", "node:", "@tensorflow"],
  node: ["weights", "runtime", "ir", "source", "node:", "sharp", "onnxruntime-node"],
  cli: [
    ...["index", "compile", "check", "format", "codegen", "plan", "reference", "weights", "ir", "source", "version"],
    ...["runtime", "runtime/node", "node", "node:", "commander", "cli-progress", "@tensorflow/tfjs-core"],
    "@tensorflow/tfjs-converter",
  ],
};

const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((file) => file.split("\\").join("/"))
  .filter((file) => file.endsWith(".ts"));

/** `check/frame` is in `check`, `runtime/node/load` in `runtime/node`, `compile` is itself. */
function placeOf(module: string): string {
  const parts = module.split("/");
  return module.startsWith("runtime/node") ? "runtime/node" : parts[0]!;
}

function* imports(file: string): Generator<string> {
  const text = readFileSync(join("src", file), "utf8");
  for (const [, from] of text.matchAll(/^(?:import|export)\s+(?:type\s+)?[\w*{][^;"']*?\bfrom\s+"([^"]+)"/gm))
    yield from!;
  for (const [, from] of text.matchAll(/^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm))
    if (from !== undefined) yield from;
}

it("has a layer for every file", () => {
  for (const file of files) expect(Object.keys(layers)).toContain(placeOf(file.replace(/\.ts$/, "")));
});

// The generated library holds programs, with imports of their own.
it.each(files.filter((file) => file !== "library.ts"))("%s imports only what its layer may", (file) => {
  const own = placeOf(file.replace(/\.ts$/, ""));
  const allowed = layers[own] ?? [];
  for (const from of imports(file)) {
    const ours = from.startsWith(".");
    const module = ours ? posix.join(posix.dirname(file), from).replace(/\.ts$/, "") : from;
    const place = ours ? placeOf(module) : undefined;
    const fits =
      place === own || allowed.some((name) => (ours ? name === place || name === module : from.startsWith(name)));
    expect(fits, `${file} imports ${from}`).toBe(true);
  }
});
