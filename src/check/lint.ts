/** @file Warnings that the text of a module gives: names never used, results swapped, no edition. */
import type { Decl, Expr, Param } from "../parser/ast.ts";
import type { Reporter } from "../source/reporter.ts";
import { expressions, within } from "./call-graph.ts";
import type { Module } from "./modules.ts";

export function lint(module: Module, reporter: Reporter): void {
  const { ast } = module;
  if (ast.edition === undefined) {
    const start = { ...ast.span, end: ast.span.start };
    const edits = [{ span: start, text: "fuse 1\n" }];
    reporter.report("missing-edition", start, {}, { helps: [{ text: "begin with", code: "fuse 1", edits }] });
  }
  const called = new Set(ast.decls.flatMap((decl) => [...mentioned(decl)]));
  for (const { names } of ast.imports)
    for (const { name, as } of names) {
      const local = as ?? name;
      if (!called.has(local.text)) reporter.report("unused-import", local.span, { name: local.text });
    }
  for (const decl of ast.decls) lintDecl(decl, reporter);
}

function lintDecl(decl: Decl, reporter: Reporter): void {
  const used = mentioned(decl);
  // Of a body without its end nothing is known to be unused.
  const lost = decl.broken.length > 0 || !decl.body.some(({ kind }) => kind === "return");
  for (const param of decl.params)
    if (!used.has(param.name.text) && !lost && !param.name.text.startsWith("_"))
      reporter.report("unused-parameter", param.name.span, { name: param.name.text });
  for (const stmt of decl.body) {
    const names = stmt.kind === "return" ? [] : stmt.kind === "assign" ? stmt.names : [stmt.name];
    for (const name of names)
      if (!used.has(name.text) && !lost && !name.text.startsWith("_"))
        reporter.report("unused-name", name.span, { name: name.text });
  }
  nameIsAlsoSize(decl, reporter);
  swappedResults(decl, reporter);
}

/** Names that the header and the body refer to. */
function mentioned(decl: Decl): Set<string> {
  const names = new Set<string>();
  const read = (expr: Expr): void => {
    for (const part of within(expr)) if (part.kind === "call") names.add(part.callee.text);
  };
  for (const expr of expressions(decl.body)) if (expr.kind === "call") names.add(expr.callee.text);
  for (const stmt of decl.body)
    if (stmt.kind === "weight" || stmt.kind === "const")
      for (const { name, size } of stmt.type.axes) {
        if (size === undefined) names.add(name.text);
        else read(size);
      }
  const types = decl.params.flatMap((param) => (param.kind === "tensor" ? [param.type] : []));
  const results =
    decl.result === undefined
      ? []
      : decl.result.kind === "single"
        ? [decl.result.type]
        : decl.result.items.map(({ type }) => type);
  for (const { name, size } of [...types, ...results].flatMap(({ axes }) => axes)) {
    if (size === undefined) names.add(name.text);
    else read(size);
  }
  for (const param of decl.params) if (param.kind === "attribute" && param.default !== undefined) read(param.default);
  for (const { condition, if: only } of decl.where) {
    read(condition);
    if (only !== undefined) read(only);
  }
  // An elided size in `->` is the variable of that name.
  for (const expr of expressions(decl.body))
    if (expr.kind === "call")
      for (const arg of expr.args ?? [])
        if (arg.kind === "map") for (const { name } of arg.to.axes) names.add(name.text);
  tensorsByName(decl.params, names, decl);
  return names;
}

/** A tensor parameter called like an axis is not mentioned by that axis. */
function tensorsByName(params: readonly Param[], names: Set<string>, decl: Decl): void {
  const inBody = new Set<string>();
  for (const expr of expressions(decl.body)) if (expr.kind === "call") inBody.add(expr.callee.text);
  for (const param of params)
    if (param.kind === "tensor" && !inBody.has(param.name.text)) names.delete(param.name.text);
}

function nameIsAlsoSize(decl: Decl, reporter: Reporter): void {
  const sizes = new Set<string>();
  for (const param of decl.params)
    if (param.kind === "tensor")
      for (const { name, size } of param.type.axes)
        for (const part of size === undefined
          ? [name.text]
          : [...within(size)].flatMap((e) => (e.kind === "call" ? [e.callee.text] : [])))
          sizes.add(part);
  const tensors = decl.params.flatMap((param) => (param.kind === "tensor" ? [param.name] : []));
  const assigned = decl.body.flatMap((stmt) => (stmt.kind === "assign" ? stmt.names : []));
  for (const name of [...tensors, ...assigned])
    if (sizes.has(name.text)) reporter.report("name-is-also-size", name.span, { name: name.text });
}

/** Results returned under each other's names. */
function swappedResults(decl: Decl, reporter: Reporter): void {
  if (decl.result?.kind !== "named") return;
  const declared = decl.result.items.map(({ name }) => name.text);
  for (const stmt of decl.body) {
    if (stmt.kind !== "return" || stmt.values.length !== declared.length) continue;
    const returned = stmt.values.map((value) =>
      value.kind === "call" && value.args === undefined ? value.callee.text : "",
    );
    const permuted = [...returned].sort().join() === [...declared].sort().join();
    if (permuted && returned.some((name, i) => name !== declared[i]))
      reporter.report("swapped-results", stmt.span, { declared: declared.join(", "), returned: returned.join(", ") });
  }
}
