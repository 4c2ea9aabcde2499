/** @file Decides which expressions get parentheses. */
import type { BinaryOp, Expr } from "../parser/ast.ts";

/** How tightly expressions bind, from pipelines to those that never need parentheses. */
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

/** The context of an expression. */
export interface Place {
  /** Expressions that bind less tightly need parentheses. */
  readonly least: number;
  /** Whether this is an operand. Parentheses that the author wrote around an operator are kept there, for clarity. */
  readonly operand: boolean;
  /** Whether a `match` gets one arm per line: as the value of a statement, not in brackets or as an operand. */
  readonly tall: boolean;
}

/** A delimited value, such as an argument or a list item. */
export const anything: Place = { least: level.pipeline, operand: false, tall: false };
/** The value of a statement. */
export const statement: Place = { ...anything, tall: true };
/** Stages that are always in parentheses. */
export const group: Place = { ...anything, least: level.primary + 1 };
/** A condition, or the subject of a `match`. */
export const condition: Place = { ...anything, least: level.or };
/** A size. */
export const size: Place = { ...anything, least: level.sum };

export const operand = (least: number): Place => ({ least, operand: true, tall: false });

/** Whether the expression was written in parentheses. Then its span begins before its first token. */
export function isInParentheses(expr: Expr): boolean {
  if (expr.kind === "values") return false;
  const { source, start } = expr.span;
  if (expr.kind === "binary") return expr.left.span.start !== start;
  if (expr.kind === "pipeline") return expr.head.span.start !== start;
  if (expr.kind === "tensors") return false;
  return source.text[start] === "(";
}
