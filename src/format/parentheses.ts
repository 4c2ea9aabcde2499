/** @file Which expressions stand in parentheses. */
import type { BinaryOp, Expr } from "../parser/ast.ts";

/** How tightly expressions hold together, from a pipeline to what is never put in parentheses. */
export const level = { pipeline: 0, or: 1, and: 2, not: 3, comparison: 4, sum: 5, product: 6, minus: 7, primary: 8 };

const levels: Readonly<Record<BinaryOp, number>> = {
  ...{ or: level.or, and: level.and },
  ...{ "==": level.comparison, "!=": level.comparison, "<": level.comparison },
  ...{ "<=": level.comparison, ">": level.comparison, ">=": level.comparison },
  ...{ "+": level.sum, "-": level.sum },
  ...{ "*": level.product, "/": level.product, "%": level.product },
};

export function levelOf(expr: Expr): number {
  switch (expr.kind) {
    case "pipeline":
      return level.pipeline;
    case "binary":
      return levels[expr.op];
    case "unary":
      return expr.op === "not" ? level.not : level.minus;
    default:
      return level.primary;
  }
}

/** Where an expression stands. */
export interface Place {
  /** What holds together less tightly needs parentheses. */
  readonly least: number;
  /** Beside an operator, parentheses that someone wrote around another operator are kept: they make it clear what is meant. */
  readonly operand: boolean;
  /** Where a `match` has one arm a line: as the value of a statement, not within brackets or beside an operator. */
  readonly tall: boolean;
}

/** A value that something else ends: an argument, an item of a list. */
export const anything: Place = { least: level.pipeline, operand: false, tall: false };
/** The value of a statement. */
export const statement: Place = { ...anything, tall: true };
/** A condition, or what a `match` is about. */
export const condition: Place = { ...anything, least: level.or };
/** A size. */
export const size: Place = { ...anything, least: level.sum };

export const operand = (least: number): Place => ({ least, operand: true, tall: false });

/** Whether the expression itself begins behind its span, because it was written in parentheses. */
export function isInParentheses(expr: Expr): boolean {
  const { source, start } = expr.span;
  if (expr.kind === "binary") return expr.left.span.start !== start;
  if (expr.kind === "pipeline") return expr.head.span.start !== start;
  return source.text[start] === "(";
}
