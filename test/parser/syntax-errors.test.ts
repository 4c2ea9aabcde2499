/** @file Syntax errors: the catalogue's programs, and their fixes. `test/fixtures/parser` has the terminal output. */
import { describe, expect, test } from "vitest";
import { parse } from "../../src/parser/parse.ts";
import { lexical } from "../../src/source/catalogue/lexical.ts";
import { limits } from "../../src/source/catalogue/limits.ts";
import { syntax } from "../../src/source/catalogue/syntax.ts";
import type { Diagnostic, ProgramEntry } from "../../src/source/diagnostic.ts";
import { Reporter } from "../../src/source/reporter.ts";
import { sourceFile } from "../../src/source/source.ts";

function diagnose(text: string): Diagnostic[] {
  const reporter = new Reporter();
  parse(sourceFile("net.fuse", text), reporter);
  return reporter.diagnostics;
}

const codes = (text: string): string[] => diagnose(text).map(({ code }) => code);
/** Wraps statements in a block. */
const body = (...lines: string[]): string => `block A(x: [n, c], y: [n, c]) {\n${lines.join("\n")}\n}`;

/** Applies the edits of the first help of each diagnostic. */
function repaired(text: string): string {
  const edits = diagnose(text).flatMap(({ helps }) => helps[0]?.edits ?? []);
  return edits
    .toSorted((a, b) => b.span.start - a.span.start)
    .reduce((result, { span, text }) => result.slice(0, span.start) + text + result.slice(span.end), text);
}

const entries: [string, ProgramEntry][] = Object.entries({ ...lexical, ...syntax, ...limits });

describe.each(entries)("%s", (code, { bad, good }) => {
  test("its wrong program is reported once and nothing else", () => {
    expect(codes(bad)).toEqual([code]);
  });
  test("its fixed program has no errors", () => {
    expect(codes(good)).toEqual([]);
  });
});

test("six independent errors are reported in order", () => {
  const text = `fuse 1
import { SE } "fuse/attention"
block A(x: [n, c], k = 3) {
  a = conv(x c: 64)
  b = x[0]
  return a + b;
}
block B(x: [n]) {
  c = if x { x }
  return c
}`;
  expect(diagnose(text).map(({ code, span }) => [code, span?.start])).toEqual(
    [
      ["syntax-error", '"fuse'],
      ["single-equals", "= 3"],
      ["syntax-error", "c: 64"],
      ["no-indexing", "[0]"],
      ["unexpected-character", ";"],
      ["missing-else", "if x"],
    ].map(([code, where]) => [code, text.indexOf(where!)]),
  );
});

test("a file of nothing but errors reports a hundred of them", () => {
  expect(diagnose("; ".repeat(5000)).length).toBe(100);
});

describe("edits of the first help repair the program", () => {
  test.each([
    [body("  return x |> relu + y"), body("  return (x |> relu) + y")],
    [body("  z = f(a: x", "    |> relu * 2)", "  return z"), body("  z = f(a: (x", "    |> relu) * 2)", "  return z")],
    [body("  return linear(x, c = 64);"), body("  return linear(x, c: 64)")],
    [body("  z = if c = 2 && n != 3 { x } else { y }"), body("  z = if c = 2 and n != 3 { x } else { y }")],
    [body("  (a, b) = f(x)", "  return a"), body("  a, b = f(x)", "  return a")],
    [body("  let z = x.mean(axis: c)", "  return z"), body("  z = x.mean(axis: c)", "  return z")],
    [body("  return x.mean(axis: c) + y.exp()"), body("  return mean(x, axis: c) + y.exp()")],
    [body("  return self.conv(x, c: 2h)"), body("  return self.conv(x, c: 2 * h)")],
    [body("  return nn.conv(x, c: 2)"), body("  return conv(x, c: 2)")],
    [body('  return resize(x, mode: "bilinear")'), body("  return resize(x, mode: bilinear)")],
    [body("  // a comment", "  relu(x)"), body("  # a comment", "  return relu(x)")],
    [
      body("  return f(a // a.b, c: .5, d: 1_000, e: 0x10)"),
      body("  return f(floor(a / a.b), c: 0.5, d: 1000, e: 16)"),
    ],
    ["block small(match: int) { return x }", "block small(match_: int) { return x }"],
    ["block small(x: [n]) { return x }", "block Small(x: [n]) { return x }"],
    ["fuse 2\nimport { A } from 'x'", 'fuse 1\nimport { A } from "x"'],
  ])("%s", (text, better) => {
    expect(repaired(text)).toBe(better);
  });
});

describe("//", () => {
  test.each([
    ["y = c // r", "y = floor(c / r)"],
    ["y = 2 * c + c * 3 // r", "y = 2 * c + floor(c * 3 / r)"],
    ["y = c - r//2 + 1", "y = c - floor(r / 2) + 1"],
    ["y = -c // 2", "y = floor(-c / 2)"],
    ["y = (c + r) // (2 * r) * 3", "y = floor((c + r) / (2 * r)) * 3"],
    ["y = x.c // x.h  # a remark", "y = floor(x.c / x.h)  # a remark"],
    ["y = c // 2 // the half", "y = floor(c / 2) # the half"],
    ["y = c // 2 // 2", "y = floor(c / 2) // 2"],
    ["y = floor(c / 2) // 2", "y = floor(floor(c / 2) / 2)"],
    ["y = conv(x, c: max(c // 2, 8))", "y = conv(x, c: max(floor(c / 2), 8))"],
    ["y = if c // 2 > 8 { c // r } else { c }", "y = if floor(c / 2) > 8 { floor(c / r) } else { c }"],
    ["y = c // min(r, 4)", "y = floor(c / min(r, 4))"],
  ])("divides and rounds down: %s", (statement, better) => {
    expect(repaired(divided(statement))).toBe(divided(better));
  });

  test.each([
    ["y = relu(x) // half the size", "y = relu(x) # half the size"],
    ["y = x |> linear(c: 8) @fc // 8", "y = x |> linear(c: 8) @fc # 8"],
    ["y = c\n  // r\n  /// said of it\n  //// four", "y = c\n  # r\n  ## said of it\n  ### four"],
    [
      "y = conv(\n  x, // half\n  c: 2 // of the channels\n  // 1x1\n)",
      "y = conv(\n  x, # half\n  c: 2 # of the channels\n  # 1x1\n)",
    ],
  ])("begins a comment: %s", (statement, better) => {
    expect(repaired(divided(statement))).toBe(divided(better));
  });

  test.each(["y = relu(x) // done", "y = 3 // y", "y = c // self.r"])(
    "may be either, so nothing is changed: %s",
    (statement) => {
      expect(repaired(divided(statement))).toBe(divided(statement));
      expect(codes(divided(statement))).toEqual(["floor-division"]);
    },
  );

  test("all comments of a file are one error", () => {
    const lines = Array.from({ length: 300 }, (_, i) => `// comment ${i}`).join("\n");
    expect(codes(`${lines}\n${body("  return x")}`)).toEqual(["slash-comment"]);
  });

  const divided = (statement: string) => `block A(x: [n, c, h], r: int) {\n  ${statement}\n  return x\n}\n`;
});
