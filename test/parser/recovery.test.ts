/** @file Programs that are unfinished or wrong in several places: what the parser and the checker report. */
import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openProgram } from "../../src/graphs.ts";
import type { Ast } from "../../src/parser/ast.ts";
import { lex } from "../../src/parser/lex.ts";
import { parse } from "../../src/parser/parse.ts";
import type { Diagnostic } from "../../src/source/diagnostic.ts";
import { Reporter } from "../../src/source/reporter.ts";
import { position, sourceFile } from "../../src/source/source.ts";
import { check } from "../support/check.ts";
import { byTier } from "../support/tier.ts";

/** Returns `code line:column` of every diagnostic. */
function found(text: string): string[] {
  return check(text).map(({ code, span }) => {
    const { line, column } = position(span!.source, span!.start);
    return `${code} ${line}:${column}`;
  });
}

describe("five independent errors give five messages, in order", () => {
  test("in the statements of one block", () => {
    const text = `fuse 1

block Main(x: [n, c, h, w], gain: float = 0.5) -> [n, c: 8] {
  a = x |> conv(c: 8, kernel: ) @a
  b = rleu(x) * gain
  d = x[0]
  e = conv(b, c = 8) @e
  return mean(x |> conv(c: 8, kernal: 3) @f, axis: [h, w])
}
`;
    expect(found(text)).toEqual([
      "syntax-error 4:31",
      "unknown-operator 5:7",
      "no-indexing 6:8",
      "single-equals 7:17",
      "unknown-attribute 8:31",
    ]);
  });

  test("in headers, imports, bodies and between declarations", () => {
    const text = `fuse 1
import { SE } from "fuse/atention"

block First(x: [n, c) -> [n, c] {
  return relu(x)
}

y = 3

block Second(x: [n, c], r: floot) -> [n, c] {
  return x * r
}

model Third(x: [n, c: 4]) -> [n, c: 5] {
  return First(x) + x
}

model Fourth(x: [n, c: 4]) -> [n, c: 5] {
  y = SE(x) |> Second(r: 1)
  return rleu(x |> linear(c: 5) @fc) + y
}
`;
    expect(found(text)).toEqual([
      "unknown-module 2:20",
      "unclosed-bracket 4:16",
      "syntax-error 8:1",
      "unknown-type 10:28",
      "unknown-operator 20:10",
    ]);
  });

  test("from the lexer, the parser and the checker, each in its own block", () => {
    const block = (name: string, body: string) => `\nblock ${name}(x: [n, c, h, w]) {\n  ${body}\n}\n`;
    const text = `fuse 1\n${[
      block("A", "return x * .5"),
      block("B", "return x |> 3"),
      block("C", "return mean(x, axis: t)"),
      block("D", "return x |> conv(c: c // 2) @conv"),
      block("E", "return x + mean(x, axis: c) + mean(x, axis: c |> relu)"),
      block("F", "return A(x) + D(x)"),
    ].join("")}`;
    expect(found(text)).toEqual([
      "bad-number 4:14",
      "not-a-stage 8:15",
      "missing-axis 12:10",
      "floor-division 16:25",
      "bad-attribute 20:47",
    ]);
  });

  test("and consequences of an error are not reported", () => {
    const text = `fuse 1

block Main(x: [n, c]) -> [n, d] {
  a = nothing + x
  b = a + x
  e = linear(b, c: 4) @e
  return relu(e) + b * a
}
`;
    // A result of unknown type is not compared with its declaration either.
    expect(found(text)).toEqual(["unknown-size 3:30", "unknown-name 4:7"]);
    expect(found(text.replace("-> [n, d] ", ""))).toEqual(["unknown-name 4:7"]);
  });
});

const folders = ["library/fuse", ...readdirSync("examples").map((name) => `examples/${name}`)];
const files = folders
  .filter((folder) => !folder.endsWith(".md"))
  .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
  .filter((path) => path.endsWith(".fuse"));
const host = { read: () => undefined };

/**
 * Returns the text up to the end of each token, and without each token. `near` keeps only the declaration with the
 * token and the next one, which is as far as an error can reach.
 */
function halfWritten(text: string, near: boolean): string[] {
  const { tokens } = lex(sourceFile("main.fuse", text));
  const starts = [0, ...parsed(text).ast.decls.map(({ span }) => span.start), text.length, text.length];
  return tokens.flatMap(({ startOffset, image }) => {
    const end = startOffset + image.length;
    const at = starts.findLastIndex((start) => start <= startOffset && start < text.length);
    const [from, to] = near ? [starts[at]!, starts[at + 2]!] : [0, text.length];
    return [text.slice(from, end), text.slice(from, startOffset) + text.slice(end, to)];
  });
}

function parsed(text: string): { ast: Ast; diagnostics: readonly Diagnostic[] } {
  const reporter = new Reporter();
  const ast = parse(sourceFile("main.fuse", text), reporter);
  return { ast, diagnostics: reporter.diagnostics };
}

describe.each(files)("%s, half-written", (path) => {
  const whole = readFileSync(path, "utf8");

  test("parses, with missing parts reported at their place", () => {
    for (const text of halfWritten(whole, true).filter((_, i) => i % byTier({ quick: 23, full: 1 }) === 0)) {
      const { ast, diagnostics } = parsed(text);
      for (const { span } of [...diagnostics, ...ast.decls]) {
        if (!(span!.start >= 0 && span!.start <= span!.end && span!.end <= text.length))
          expect.fail(`${span!.start} to ${span!.end} of ${text.length}: ${text.slice(-80)}`);
      }
    }
  });

  test("checks, in a sample of all the variations", () => {
    const sample = fc.sample(fc.constantFrom(...halfWritten(whole, false)), {
      numRuns: byTier({ quick: 3, full: 20 }),
      seed: 6,
    });
    for (const text of sample) {
      const diagnostics = openProgram(path, text, host).check();
      for (const { message, span } of diagnostics) {
        if (/undefined|NaN|\[object|__/.test(message)) expect.fail(`${message}: ${text.slice(-80)}`);
        if (span!.end > span!.source.text.length) expect.fail(`${message}: ${text.slice(-80)}`);
      }
    }
  });
});
