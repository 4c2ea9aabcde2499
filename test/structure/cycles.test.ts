/** @file No import cycles, type imports included, except where the recursion of a tree spans several files. */
import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { expect, test } from "vitest";

/** The files of each allowed cycle. */
const natural: readonly (readonly string[])[] = [
  // A condition compares sizes, and a size may depend on a condition, or be a rounded float of sizes.
  ["check/evaluate/conditions.ts", "check/evaluate/floats.ts", "check/evaluate/sizes.ts"],
  // An expression contains calls, a call has arguments, and an argument is an expression.
  ["arguments", "attributes", "bind", "call", "expression", "parameters", "pipeline", "repeat"].map(
    (file) => `check/evaluate/${file}.ts`,
  ),
  // An expression may be a pipeline, whose stages contain expressions.
  ["format/expressions.ts", "format/stages.ts"],
];

/** Returns our own files that a file imports. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(`src/${file}`, "utf8");
  const statements = text.matchAll(/^(?:import|export)\s[^;"']*?\bfrom\s+"(\.[^"]+)"/gm);
  const others = text.matchAll(/^import\s+"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm);
  return [...statements, ...others].map(([, a, b]) => posix.join(posix.dirname(file), (a ?? b)!));
}

/** Returns the groups of files in which each imports every other, directly or indirectly (Tarjan 1972). */
function circles(imports: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const order = new Map<string, number>();
  const open: string[] = [];

  /** Returns the earliest reachable file that is still open. */
  function visit(file: string): number {
    const own = order.size;
    order.set(file, own);
    open.push(file);
    let earliest = own;
    for (const other of imports.get(file) ?? []) {
      if (!order.has(other)) earliest = Math.min(earliest, visit(other));
      else if (open.includes(other)) earliest = Math.min(earliest, order.get(other)!);
    }
    if (earliest === own) found.push(open.splice(open.indexOf(file)).sort());
    return earliest;
  }

  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return found.filter(({ length }) => length > 1);
}

// The generated library holds programs, with imports of their own.
const files = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((file) => file.split("\\").join("/"))
  .filter((file) => file.endsWith(".ts") && file !== "library.ts");

test("cycles are found", () => {
  const imports = { a: ["b"], b: ["c", "d"], c: ["a"], d: ["e"], e: ["d"], f: ["a", "f"] };
  expect(circles(new Map(Object.entries(imports)))).toEqual([
    ["d", "e"],
    ["a", "b", "c"],
  ]);
});

test("every import is of a file that exists", () => {
  const known = new Set([...files, "library.ts"]);
  expect(files.flatMap((file) => importsOf(file).filter((other) => !known.has(other)))).toEqual([]);
});

test("files import each other only where a tree is walked", () => {
  const found = circles(new Map(files.map((file) => [file, importsOf(file)])));
  expect(found.map((circle) => circle.join(" ")).sort()).toEqual(natural.map((circle) => circle.join(" ")).sort());
});
