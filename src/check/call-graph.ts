/** @file Which blocks call which: circles among them, and what is read from the text of a body alone. */
import type { Decl, Expr, Stmt } from "../parser/ast.ts";
import type { Reporter } from "../source/reporter.ts";
import type { Block, Module } from "./modules.ts";

/** Every expression of a body, outer ones first. */
export function* expressions(body: readonly Stmt[]): Generator<Expr> {
  for (const stmt of body) for (const expr of stmt.kind === "return" ? stmt.values : [stmt.value]) yield* within(expr);
}

/** An expression and all that it holds. */
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
      return;
    case "pipeline":
      yield* within(expr.head);
      for (const stage of expr.stages) {
        if (stage.kind !== "stage") yield* within(stage);
        else {
          if (stage.repeat !== undefined) yield* within(stage.repeat.count);
          yield* within(stage.call);
        }
      }
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
      for (const item of expr.items) yield* within(item);
      return;
    default:
      return;
  }
}

/** The blocks that a body may call. */
export function callees(block: Block): Block[] {
  const found = new Set<Block>();
  for (const expr of expressions(block.decl.body)) {
    const callee = expr.kind === "call" ? block.module.visible.get(expr.callee.text) : undefined;
    if (callee !== undefined) found.add(callee);
  }
  return [...found];
}

/** Blocks that reach themselves; each circle is reported once. */
export function recursiveBlocks(modules: readonly Module[], reporter: Reporter): ReadonlySet<Block> {
  const found = new Set<Block>();
  const done = new Set<Block>();
  const path: Block[] = [];
  const visit = (block: Block): void => {
    const start = path.indexOf(block);
    if (start >= 0) {
      const circle = path.slice(start);
      if (circle.some((member) => found.has(member))) return;
      for (const member of circle) found.add(member);
      const names = [...circle, block].map((member) => member.decl.name.text).join(" → ");
      reporter.report("recursive-block", block.decl.name.span, { block: block.decl.name.text, path: names });
      return;
    }
    if (done.has(block)) return;
    path.push(block);
    for (const callee of callees(block)) visit(callee);
    path.pop();
    done.add(block);
  };
  for (const module of modules) for (const block of module.blocks.values()) visit(block);
  return found;
}

/** Names that a declaration's body assigns, with tensors of the header. */
export function valueNames(decl: Decl): ReadonlySet<string> {
  const names = new Set<string>();
  for (const param of decl.params)
    if (param.kind === "tensor" || param.choices.length === 1) names.add(param.name.text);
  for (const stmt of decl.body) {
    if (stmt.kind === "assign") for (const name of stmt.names) names.add(name.text);
    if (stmt.kind === "weight" || stmt.kind === "const") names.add(stmt.name.text);
  }
  return names;
}
