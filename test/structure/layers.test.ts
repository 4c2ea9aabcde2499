/** @file Reads the import lines of the sources and compares them with the table of rooms. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, it } from "vitest";

/**
 * What each room may import: other rooms, and packages. A room may always import itself; a room inside a room, such as
 * `ops/shared`, has a row of its own where the rooms around it may not all import each other.
 */
const rooms: Readonly<Record<string, readonly string[]>> = {
  source: ["fastest-levenshtein"],
  sizes: ["source"],
  // What the compiler and a built module both know: a change here changes a format.
  contract: ["source", "@tensorflow/tfjs-core"],
  parser: ["parser/grammar", "parser/to-ast", "parser/recovery", "source", "chevrotain"],
  "parser/grammar": ["parser", "source", "chevrotain"],
  "parser/to-ast": ["parser", "parser/grammar", "source", "chevrotain"],
  "parser/recovery": ["parser", "parser/grammar", "source", "chevrotain"],
  format: ["parser", "source", "prettier"],
  ir: ["sizes", "contract", "source"],
  protobuf: ["@bufbuild/protobuf", "@noble/hashes"],
  weights: ["contract", "source"],
  // Knows nothing of tensors.
  wasm: ["source"],
  primitives: ["primitives/onnx", "primitives/tensorflow", "wasm", "ir", "sizes", "contract", "source"],
  "primitives/onnx": ["primitives", "ir", "sizes", "contract", "source"],
  "primitives/tensorflow": ["primitives", "ir", "sizes", "contract"],
  ops: ["ops/shared", "ops/lowering", "ops/reference", "ir", "primitives", "sizes", "contract", "source"],
  "ops/lowering": ["ops/shared", "ops/reference", "ir", "primitives", "sizes"],
  "ops/shared": ["ops/reference", "ir", "primitives", "sizes", "contract", "source"],
  "ops/reference": ["ir", "contract", "source"],
  // From what the text alone says to what builds a model.
  "check/text": ["ops", "parser", "contract", "source"],
  "check/frame": ["check/text", "ir", "parser", "sizes", "source"],
  "check/advice": ["check/frame", "ir", "parser", "sizes", "contract", "source"],
  "check/prove": ["check/advice", "check/frame", "ir", "parser", "sizes", "source"],
  "check/evaluate": [
    ...["check/prove", "check/advice", "check/frame", "check/text"],
    ...["ir", "parser", "sizes", "contract", "source"],
  ],
  "check/worlds": [
    ...["check/evaluate", "check/prove", "check/frame", "check/text"],
    ...["ir", "parser", "sizes", "source"],
  ],
  "check/instantiate": [
    ...["check/worlds", "check/evaluate", "check/prove", "check/frame", "check/text"],
    ...["ir", "parser", "sizes", "contract", "source"],
  ],
  check: [
    ...["check/instantiate", "check/worlds", "check/frame", "check/text"],
    ...["ops", "ir", "parser", "sizes", "source"],
  ],
  reference: ["ir", "sizes", "contract", "source"],
  plan: ["ir", "primitives", "sizes", "contract", "source"],
  optimize: ["plan", "ops", "primitives", "ir", "sizes", "contract", "source"],
  codegen: [
    ...["plan", "primitives", "wasm", "ir", "sizes", "contract", "weights", "source", "protobuf"],
    ...["@noble/hashes", "@jridgewell/gen-mapping"],
  ],
  // The driver and the public API are above all that runs in a browser.
  graphs: ["check", "ir", "source", "library"],
  compile: [
    ...["graphs", "check", "codegen", "optimize", "plan", "ir", "weights", "contract", "source", "version"],
    "@noble/hashes",
  ],
  index: ["graphs", "compile", "check", "codegen", "optimize", "plan", "ir", "contract", "source", "version"],
  library: [],
  version: [],
  runtime: ["runtime/wasm", "weights", "contract", "@tensorflow/tfjs-core"],
  "runtime/wasm": ["runtime", "codegen", "primitives", "wasm", "weights", "contract", "@tensorflow/tfjs-core"],
  // Becomes part of built modules, which import nothing.
  "runtime/standalone": ["runtime", "primitives", "weights", "contract"],
  "runtime/node": ["runtime", "protobuf", "weights", "contract", "node:", "@tensorflow"],
  node: ["weights", "contract", "source", "node:", "sharp", "onnxruntime-node"],
  "cli/terminal": ["source", "weights", "node:", "commander", "cli-progress"],
  "cli/files": [
    ...["cli/terminal", "graphs", "check", "plan", "ir", "node", "version", "weights", "contract", "source"],
    "node:",
  ],
  "cli/summary": ["cli/terminal", "check", "codegen", "optimize", "plan", "ir", "sizes", "contract", "source"],
  "cli/explain": ["cli/summary", "cli/files", "cli/terminal", "compile", "check", "optimize", "plan"],
  "cli/build": [
    ...["cli/files", "cli/terminal", "compile", "check", "codegen", "plan", "node", "weights", "contract", "source"],
    "node:",
  ],
  "cli/run": [
    ...["cli/files", "cli/terminal", "compile", "check", "codegen", "optimize", "plan", "ir", "node"],
    ...["runtime/node", "weights", "contract", "source", "node:"],
    ...["@tensorflow/tfjs-core", "@tensorflow/tfjs-converter"],
  ],
  "cli/calibrate": [
    ...["cli/run", "cli/terminal", "graphs", "compile", "codegen", "plan", "weights", "contract", "source"],
    "runtime/node",
  ],
  "cli/commands": [
    ...[
      "cli/run",
      "cli/calibrate",
      "cli/build",
      "cli/summary",
      "cli/explain",
      "cli/files",
      "cli/terminal",
      "graphs",
      "compile",
      "check",
      "format",
      "codegen",
      "plan",
    ],
    ...["node", "weights", "contract", "source", "node:", "commander"],
  ],
  cli: ["cli/commands", "cli/terminal", "version", "weights", "source", "node:", "commander"],
};

const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((file) => file.split("\\").join("/"))
  .filter((file) => file.endsWith(".ts"));

/** The innermost room of a module that has a row: `ops/shared/spatial` is in `ops/shared`, `compile` is its own. */
function roomOf(module: string): string | undefined {
  for (let place = module; place !== "."; place = posix.dirname(place)) if (place in rooms) return place;
  return undefined;
}

/** Whether naming a room in a row allows an import: of that room, and of its inner rooms unless the row names one of them. */
function allows(row: readonly string[], room: string, name: string): boolean {
  if (room === name) return true;
  return room.startsWith(`${name}/`) && !row.some((other) => other.startsWith(`${name}/`));
}

function* imports(file: string): Generator<string> {
  const text = readFileSync(join("src", file), "utf8");
  for (const [, from] of text.matchAll(/^(?:import|export)\s+(?:type\s+)?[\w*{][^;"']*?\bfrom\s+"([^"]+)"/gm))
    yield from!;
  for (const [, whole, dynamic] of text.matchAll(/^import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/gm))
    yield (whole ?? dynamic)!;
}

it("has a room for every file", () => {
  expect(files.filter((file) => roomOf(file.replace(/\.ts$/, "")) === undefined)).toEqual([]);
});

it("has no row for a missing room, and no unused right", () => {
  const used = new Map(Object.keys(rooms).map((room) => [room, new Set<string>()]));
  for (const file of files.filter((file) => file !== "library.ts"))
    for (const from of imports(file)) used.get(roomOf(file.replace(/\.ts$/, ""))!)!.add(target(file, from));
  const idle = Object.entries(rooms).flatMap(([room, row]) =>
    row
      .filter(
        (name) => ![...used.get(room)!].some((one) => (name in rooms ? allows(row, one, name) : one.startsWith(name))),
      )
      .map((name) => `${room} -> ${name}`),
  );
  expect(idle).toEqual([]);
  expect(
    Object.keys(rooms).filter((room) => !files.some((file) => roomOf(file.replace(/\.ts$/, "")) === room)),
  ).toEqual([]);
});

/** The room that an import leads to, or the package. */
function target(file: string, from: string): string {
  if (!from.startsWith(".")) return from;
  return roomOf(posix.join(posix.dirname(file), from).replace(/\.ts$/, ""))!;
}

// The generated library holds programs, with imports of their own.
it.each(files.filter((file) => file !== "library.ts"))("%s imports only what its room may", (file) => {
  const own = roomOf(file.replace(/\.ts$/, ""))!;
  const row = rooms[own]!;
  for (const from of imports(file)) {
    const room = target(file, from);
    const fits = from.startsWith(".")
      ? room === own || row.some((name) => allows(row, room, name))
      : row.some((name) => !(name in rooms) && from.startsWith(name));
    expect(fits, `${file} imports ${from}`).toBe(true);
  }
});
