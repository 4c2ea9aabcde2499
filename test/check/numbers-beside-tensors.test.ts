/** @file Numbers next to tensors: their dtype, and float parameters whose value is known only at build time. */
import { describe, expect, test } from "vitest";
import { buildGraphs } from "../../src/graphs.ts";
import { check, programOf } from "../support/check.ts";

const codes = (text: string) => check(`fuse 1\n\n${text}`).map(({ code, message }) => `${code}: ${message}`);

describe("a whole number takes the dtype of the numbers next to it, whatever a condition is", () => {
  test.each(["where(m, 1, x)", "where(m, x, 0)", "where(m and x > 2, x, n)", "where(m, 1, x) + x"])("%s", (code) => {
    expect(codes(`block F(m: bool[n], x: i32[n]) -> i32[n] {\n  return ${code}\n}\n`)).toEqual([]);
  });

  test("f32 if all tensors are conditions, or there is a float", () => {
    expect(codes("block F(m: bool[n]) -> [n] {\n  return where(m, 1, 0)\n}\n")).toEqual([]);
    expect(codes("block F(m: bool[n], x: [n]) -> [n] {\n  return where(m, 1, x)\n}\n")).toEqual([]);
    expect(codes("block F(m: bool[n], x: i32[n]) {\n  return where(m, 1.0, x)\n}\n")).toEqual([
      "dtype-mismatch: `where` needs equal dtypes, got f32 and i32",
    ]);
  });
});

/** A call with a float parameter `p`, the tensor's type, a value that fits and one that does not. */
const rows: readonly (readonly [string, string, string, string])[] = [
  ["clamp(x, min: p)", "i32[n, c, h, w]", "2.0", "0.5"],
  ["clamp(x, max: p)", "i32[n, c, h, w]", "2.0", "0.5"],
  ["pad(x, h: 1, value: p)", "i32[n, c, h, w]", "2.0", "0.5"],
  ["pad(x, h: 1, value: p)", "bool[n, c, h, w]", "1.0", "2.0"],
  ["lppool(x, norm_type: p, kernel: 1)", "[n, c, h, w]", "3.0", "0.0"],
  ["celu(x, alpha: p)", "[n, c, h, w]", "0.5", "0.0"],
  ["normalize(x, axis: c, p: p)", "[n, c, h, w]", "3.0", "0.0"],
  ["dropout(x, p)", "[n, c, h, w]", "0.5", "1.5"],
];

describe.each(rows)("%s of %s", (call, type, fits, fails) => {
  const program = (value: string) =>
    programOf(
      `fuse 1\n\nblock F(x: ${type}, p: float) {\n  return ${call}\n}\n\nmodel M(x: ${type.replace("[n, c, h, w]", "[n, c: 2, h, w]")}) -> (y: ${type.startsWith("[") ? "" : type.split("[")[0]}[n, c: 2, h: ${call.startsWith("pad") ? "h + 2" : "h"}, w]) {\n  return F(x, p: ${value})\n}\n`,
    );

  test("a parameter is not an error in the block", () => {
    const { value, diagnostics } = buildGraphs(program(fits));
    expect(diagnostics.map(({ message }) => message)).toEqual([]);
    expect(value).toHaveLength(1);
  });

  test("its value is an error when a model is built", () => {
    const { value, diagnostics } = buildGraphs(program(fails));
    expect(diagnostics.map(({ code }) => code)).toEqual(["bad-attribute"]);
    expect(value).toBeUndefined();
  });
});
