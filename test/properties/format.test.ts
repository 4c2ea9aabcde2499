/** @file Formatting random programs keeps the tree and the comments, and is idempotent. */
import { expect, test } from "vitest";
import { format } from "../../src/format/format.ts";
import type { Ast } from "../../src/parser/ast.ts";
import { parse } from "../../src/parser/parse.ts";
import { Reporter } from "../../src/source/reporter.ts";
import { sourceFile } from "../../src/source/source.ts";
import { programText } from "../support/format-programs.ts";
import { assertProperty } from "../support/properties.ts";

const seed = 6;

function parsed(text: string): Ast {
  const reporter = new Reporter();
  const ast = parse(sourceFile("x.fuse", text), reporter);
  expect(reporter.diagnostics.map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
  return ast;
}

function formatted(text: string): string {
  const result = format(sourceFile("x.fuse", text), new Reporter());
  if (result === undefined) throw new Error("not formatted");
  return result;
}

/** Prints the tree without spans and comments. */
function tree({ comments: _, ...ast }: Ast): string {
  return JSON.stringify(ast, (key, value: unknown) => (/^(?:span|opSpan|header)$/.test(key) ? undefined : value));
}

/** Returns every comment as written, without trailing spaces. */
function comments(ast: Ast): string[] {
  return ast.comments.map(({ span }) => span.source.text.slice(span.start, span.end).trimEnd());
}

function check(text: string): void {
  const before = parsed(text);
  const result = formatted(text);
  const after = parsed(result);
  expect(tree(after)).toBe(tree(before));
  expect(comments(after)).toEqual(comments(before));
  expect(formatted(result)).toBe(result);
  const lines = result.replaceAll("\r\n", "\n");
  expect(lines).not.toMatch(/[ \t]\n|\n\n\n|^\n|\t|\n\n$/);
}

test.each([
  ["without comments", 0, 150],
  ["with comments between some tokens", 5, 200],
  ["with comments between many tokens", 40, 100],
  ["with comments between all tokens", 100, 50],
])("random programs %s", async (_, density, runs) => {
  await assertProperty(programText(density), check, { seed, runs, least: 5, endOnFailure: true });
});
