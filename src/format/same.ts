/** @file Compares two programs: equal trees except for spans, and equal comments. */
import type { Ast } from "../parser/ast.ts";
import { printComment } from "./trivia.ts";

export function isSameProgram(a: Ast, b: Ast): boolean {
  // The formatter drops blanks at the end of a comment.
  const [left, right] = [a, b].map((ast) => ({ ...ast, comments: ast.comments.map(printComment) }));
  return isSame(left, right);
}

const places: ReadonlySet<string> = new Set(["span", "opSpan", "header"]);

function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  const [left, right] = [a, b].map((node) => Object.entries(node).filter(([key]) => !places.has(key)));
  return (
    left!.length === right!.length &&
    left!.every(([key, value], i) => key === right![i]![0] && isSame(value, right![i]![1]))
  );
}
