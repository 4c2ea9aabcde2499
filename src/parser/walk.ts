/** @file Traverses the syntax tree. */
import type { Expr, Stmt } from "./ast.ts";

/** Yields every expression in a body, outer ones first. */
export function* expressions(body: readonly Stmt[]): Generator<Expr> {
  for (const stmt of body) for (const expr of stmt.kind === "return" ? stmt.values : [stmt.value]) yield* within(expr);
}

/** Yields an expression and all its subexpressions. */
export function* within(expr: Expr): Generator<Expr> {
  yield expr;
  switch (expr.kind) {
    case "call":
      for (const arg of expr.args ?? []) {
        if (arg.kind !== "map") yield* within(arg.value);
        else {
          yield* within(arg.from);
          for (const { size } of arg.to.axes) if (size !== undefined) yield* within(size);
        }
      }
      for (const sum of expr.label?.sums ?? []) yield* within(sum);
      return;
    case "pipeline":
      yield* within(expr.head);
      for (const stage of expr.stages) yield* within(stage);
      return;
    case "repeat":
      yield* within(expr.count);
      yield* within(expr.step);
      for (const sum of expr.label?.sums ?? []) yield* within(sum);
      return;
    case "match":
      yield* within(expr.subject);
      for (const arm of expr.arms) yield* within(arm.value);
      return;
    case "if":
      yield* within(expr.condition);
      yield* within(expr.then);
      yield* within(expr.else);
      return;
    case "binary":
      yield* within(expr.left);
      yield* within(expr.right);
      return;
    case "unary":
      yield* within(expr.operand);
      return;
    case "list":
    case "values":
    case "tensors":
      for (const item of expr.items) yield* within(item);
      return;
    default:
      return;
  }
}
