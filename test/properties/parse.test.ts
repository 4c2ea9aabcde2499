/** @file Any text parses: no crash, at most one syntax error per statement, and all spans inside the text. */
import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Ast } from "../../src/parser/ast.ts";
import { lex } from "../../src/parser/lex.ts";
import { parse } from "../../src/parser/parse.ts";
import { outline } from "../../src/parser/recovery/outline.ts";
import { limits } from "../../src/source/catalogue/limits.ts";
import { syntax } from "../../src/source/catalogue/syntax.ts";
import type { Diagnostic } from "../../src/source/diagnostic.ts";
import { renderDiagnostics } from "../../src/source/render.ts";
import { Reporter } from "../../src/source/reporter.ts";
import { sourceFile } from "../../src/source/source.ts";
import { assertProperty } from "../support/properties.ts";
import { byTier } from "../support/tier.ts";

const folder = new URL("../fixtures/samples/", import.meta.url);
const samples = readdirSync(folder)
  .filter((name) => name.endsWith(".fuse"))
  .map((name) => readFileSync(new URL(name, folder), "utf8"));
const seed = 20;

function parsed(text: string): { ast: Ast; diagnostics: readonly Diagnostic[] } {
  const reporter = new Reporter();
  const ast = parse(sourceFile("x.fuse", text), reporter);
  return { ast, diagnostics: reporter.diagnostics };
}

/** Checks the properties of every text. */
function check(text: string): readonly Diagnostic[] {
  const { ast, diagnostics } = parsed(text);
  for (const { text: name, span } of [...ast.broken, ...ast.decls.flatMap(({ broken }) => broken)])
    expect(name === "return" || text.slice(span.start, span.end) === name).toBe(true);
  for (const { message, span } of diagnostics) {
    expect(span!.start >= 0 && span!.start <= span!.end && span!.end <= text.length).toBe(true);
    // Quotations are the user's. The words of a message are not names of tokens or rules.
    expect(message.replace(/`[^`]*`/g, "")).not.toMatch(/[a-z][A-Z]|EOF|undefined|NaN/);
  }
  expect(renderDiagnostics(diagnostics, { color: false }).length).toBeGreaterThanOrEqual(diagnostics.length);
  const starts = startsOfPieces(text);
  const perPiece = new Map<number, number>();
  for (const { code, span } of diagnostics) {
    if (!(code in syntax) && !(code in limits)) continue;
    const piece = starts.findLastIndex((start) => start <= span!.start);
    perPiece.set(piece, (perPiece.get(piece) ?? 0) + 1);
  }
  for (const [piece, count] of perPiece) if (count > 1) throw new Error(`${count} errors in piece ${piece} of ${text}`);
  return diagnostics;
}

/** Returns where headers, braces of bodies, statements and the text after bodies begin. */
function startsOfPieces(text: string): number[] {
  const source = sourceFile("x.fuse", text);
  const { tokens } = lex(source);
  const { edition, imports, decls, strays } = outline({ source, tokens });
  const indices = [
    ...[edition, ...imports, ...strays].map((piece) => piece?.from ?? 0),
    ...decls.flatMap(({ header, open, statements, to }) => [
      ...[header.from, open ?? header.from, to],
      // The closing brace of a body is the place of a statement that ends too early.
      ...statements.map(({ from }) => from),
    ]),
  ];
  return indices.map((index) => tokens[index]?.startOffset ?? text.length).sort((a, b) => a - b);
}

const words = [
  ..."fuse import from as block model layer weight const where repeat return if else match and or not true false inf".split(
    " ",
  ),
  ..."( ) [ ] { } |> | -> => == != <= < >= > + - * / % = : , . ...".split(" "),
  ...'x y conv relu A B 1 2 0.5 @a.0 @1x1 "m" @a{i} @l.{2*i+1} @b{ repeat(2) repeat(i:n) (x,y) # ## // /// \n'.split(
    " ",
  ),
  ..."; # ' \" .5 2h _ = = x x ( ) { } \n \n".split(" "),
];

/** All tokens, or every eleventh. */
const someTokens = (text: string) =>
  lex(sourceFile("x.fuse", text)).tokens.filter((_, i) => i % byTier({ quick: 23, full: 1 }) === 0);

describe("any text parses", () => {
  test("random characters", async () => {
    await assertProperty(fc.string({ unit: "binary", maxLength: 60 }), check, { seed, runs: 500, least: 20 });
  });

  test("the language's tokens in any order", async () => {
    const soup = fc.array(fc.constantFrom(...words), { maxLength: 80 }).map((tokens) => tokens.join(" "));
    await assertProperty(soup, check, { seed, runs: 1000, least: 20 });
  });

  test("the same inside a block", async () => {
    const soup = fc.array(fc.constantFrom(...words), { maxLength: 30 }).map((tokens) => tokens.join(" "));
    const block = ([a, b]: readonly string[]) => check(`block A(x: [n]) {\n  y = ${a}\n  ${b}\n  return x\n}`);
    await assertProperty(fc.tuple(soup, soup), block, { seed, runs: 1000, least: 20 });
  });

  test("samples that end after any token", () => {
    for (const text of samples)
      for (const { startOffset, image } of someTokens(text)) check(text.slice(0, startOffset + image.length));
  });

  test("samples without any one token", () => {
    let most = 0;
    for (const text of samples)
      for (const { startOffset, image } of someTokens(text)) {
        const found = check(text.slice(0, startOffset) + text.slice(startOffset + image.length));
        most = Math.max(most, found.length);
      }
    expect(most).toBe(1);
  });

  test("samples with an extra token", async () => {
    const change = fc.record({ sample: fc.constantFrom(...samples), at: fc.nat(), word: fc.constantFrom(...words) });
    await assertProperty(
      change,
      ({ sample, at, word }) => {
        const { tokens } = lex(sourceFile("x.fuse", sample));
        const { startOffset } = tokens[at % tokens.length]!;
        check(`${sample.slice(0, startOffset)} ${word} ${sample.slice(startOffset)}`);
      },
      { seed, runs: 500, least: 20 },
    );
  });
});

describe("nesting", () => {
  const codes = (text: string): string[] =>
    parsed(`block A(x: [n]) {\n  return ${text}\n}`).diagnostics.map(({ code }) => code);
  const nested = (n: number, open: string, close: string): string => open.repeat(n) + "x" + close.repeat(n);

  test.each([
    ["(", ")"],
    ["f(", ")"],
    ["[", "]"],
    ["f(a: ", ")"],
    ["x |> f(", ")"],
    ["-(", ")"],
    ["if a { x } else { ", " }"],
    ["if a { ", " } else { x }"],
    ["match a { b => ", " }"],
  ])("of %s is parsed up to two hundred", (open, close) => {
    expect(codes(nested(199, open, close))).toEqual([]);
    expect(codes(nested(300, open, close))).toEqual(["too-large"]);
    expect(codes(nested(10_000, open, close))).toEqual(["too-large"]);
  });

  test("ten thousand opening brackets, operators and branches", () => {
    expect(codes("(".repeat(10_000))).toEqual(["too-large"]);
    expect(codes("{[(".repeat(10_000))).toEqual(["too-large"]);
    expect(codes(`x${" + x".repeat(10_000)}`)).toEqual(["too-large"]);
    expect(codes(`${"-".repeat(10_000)}x`)).toEqual(["too-large"]);
    expect(codes(`${"if a { x } else ".repeat(10_000)}{ x }`)).toEqual(["too-large"]);
    expect(codes(`x |> match a { b => ${"if a { f } else ".repeat(10_000)}{ f } }`)).toEqual(["too-large"]);
  });

  test("with little stack left, it is too large rather than a crash", () => {
    const text = nested(199, "f(a: ", ")");
    const atDepth = (depth: number): string[] => (depth === 0 ? codes(text) : atDepth(depth - 1));
    const outcomes = new Set<string>();
    for (let depth = 0; ; depth += 250) {
      try {
        outcomes.add(atDepth(depth).join());
      } catch (error) {
        // There is not even enough stack for the lexer.
        expect(error).toBeInstanceOf(RangeError);
        break;
      }
    }
    expect([...outcomes]).toEqual(["", "too-large"]);
  });
});
