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
    [body("  # a comment", "  relu(x)"), body("  // a comment", "  return relu(x)")],
    [body("  return f(a // b, c: .5, d: 1_000, e: 0x10)"), body("  return f(a / b, c: 0.5, d: 1000, e: 16)")],
    ["block small(match: int) { return x }", "block small(match_: int) { return x }"],
    ["block small(x: [n]) { return x }", "block Small(x: [n]) { return x }"],
    ["fuse 2\nimport { A } from 'x'", 'fuse 1\nimport { A } from "x"'],
  ])("%s", (text, better) => {
    expect(repaired(text)).toBe(better);
  });
});

test("a comment at the end of a line does not divide", () => {
  const fine = ["conv(", "  x, // half", "  c: 2 // of the channels", "  // 1x1", ")"];
  expect(codes(body("  z = x // half", `  return ${fine.join("\n")}`))).toEqual([]);
});
