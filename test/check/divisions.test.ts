/** @file Comments that were meant as floor divisions: what their fix writes, and which comments are left alone. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { applyEdits } from "../../src/source/edits.ts";
import { check } from "../support/check.ts";

const found = (text: string) => check(text).filter(({ code }) => code === "division-in-comment");

/** Applies all fixes in a program whose only statement this is, and returns the statement. */
function fixed(statement: string): string {
  const [before, after] = ["fuse 1\n\nblock A(x: [n, c, h], r: int = 4) {\n  ", "\n  return relu(x)\n}\n"];
  const text = before + statement + after;
  const edits = found(text).flatMap(({ helps }) => helps.flatMap((help) => help.edits ?? []));
  return applyEdits(text, edits).slice(before.length, -after.length);
}

test.each([
  ["y = c // r", "y = floor(c / r)"],
  ["y = 2 * c + c * 3 // r", "y = 2 * c + floor(c * 3 / r)"],
  ["y = c - r//2 + 1", "y = c - floor(r / 2) + 1"],
  ["y = (c + r) // (2 * r) * 3", "y = floor((c + r) / (2 * r)) * 3"],
  ["y = x.c // x.h  # a remark", "y = floor(x.c / x.h) // a remark"],
  ["y = floor(c / 2) // 2", "y = floor(floor(c / 2) / 2)"],
])("%s", (statement, want) => {
  expect(fixed(statement)).toBe(want);
});

test.each([
  "y = relu(x) // 2",
  "y = x |> linear(c: 8) @fc // 8",
  "y = c // channels",
  "y = c // c, the channels",
  "y = 3 // y",
  "y = c /// r",
  "y = c\n  // r",
])("%s is left alone", (statement) => {
  expect(fixed(statement)).toBe(statement);
});

test("no comment of the examples and the library is taken for a division", () => {
  const programs = ["examples", "library", "test/fixtures/samples"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".fuse"))
      .map((name) => `${folder}/${name}`),
  );
  expect(programs.length).toBeGreaterThan(20);
  for (const path of programs) expect(found(readFileSync(path, "utf8")), path).toEqual([]);
});
