/** @file Warnings that need only the text of a module: unused names, swapped results, a missing edition. */
import type { Decl, Expr, Import, Param } from "../../parser/ast.ts";
import { expressions, within } from "../../parser/walk.ts";
import type { Help } from "../../source/diagnostic.ts";
import type { Reporter } from "../../source/reporter.ts";
import { cover, type SourceFile, type Span } from "../../source/source.ts";
import type { Module } from "./modules.ts";
import { definitions, isParameter } from "./scope.ts";

export function lint(module: Module, reporter: Reporter): void {
  const { ast } = module;
  if (ast.edition === undefined) {
    // After a byte order mark.
    const first = ast.span.source.text.startsWith("\uFEFF") ? 1 : 0;
    const start = { ...ast.span, start: first, end: first };
    const edits = [{ span: start, text: "fuse 1\n" }];
    reporter.report("missing-edition", start, {}, { helps: [{ text: "add", code: "fuse 1", edits }] });
  }
  const called = new Set(ast.decls.flatMap((decl) => [...mentioned(decl)]));
  for (const item of ast.imports)
    for (const { name, as } of item.names) {
      const local = as ?? name;
      if (called.has(local.text)) continue;
      const helps = [removeImport(item, ast.span.source, (as ?? name).span)];
      reporter.report("unused-import", local.span, { name: local.text }, { helps });
    }
  for (const decl of ast.decls) lintDecl(decl, reporter);
}

/** Suggests removing a name from an import, or the whole import if it is the only name. */
function removeImport({ names, span }: Import, source: SourceFile, local: Span): Help {
  const at = names.findIndex(({ name, as }) => (as ?? name).span === local);
  const [before, { name }, after] = [names[at - 1], names[at]!, names[at + 1]];
  const whole = { ...span, end: span.end + (/^[ \t]*\r?\n/.exec(source.text.slice(span.end))?.[0].length ?? 0) };
  const part =
    after !== undefined
      ? { source, start: name.span.start, end: after.name.span.start }
      : { source, start: (before?.as ?? before?.name ?? name).span.end, end: local.end };
  return { text: "remove it", edits: [{ span: names.length === 1 ? whole : part, text: "" }] };
}

function lintDecl(decl: Decl, reporter: Reporter): void {
  const used = mentioned(decl);
  // In an incomplete body, any name may be used in the missing part.
  const lost = decl.broken.length > 0 || !decl.body.some(({ kind }) => kind === "return");
  for (const definition of lost ? [] : definitions(decl)) {
    const { text, span } = definition.name;
    if (used.has(text) || text.startsWith("_")) continue;
    const code = isParameter(definition) ? "unused-parameter" : "unused-name";
    reporter.report(code, span, { name: text }, { helps: [meant(text)] });
  }
  if (!lost) unusedIndices(decl, reporter);
  nameIsAlsoSize(decl, reporter);
  swappedResults(decl, reporter);
}

/** Warns about indices of repetitions that the step and its label do not use. */
function unusedIndices({ body }: Decl, reporter: Reporter): void {
  for (const expr of expressions(body)) {
    if (expr.kind !== "repeat" || expr.index === undefined) continue;
    const { text, span } = expr.index;
    const parts = [expr.step, ...(expr.label?.sums ?? [])].flatMap((part) => [...within(part)]);
    if (text.startsWith("_") || parts.some((part) => part.kind === "call" && part.callee.text === text)) continue;
    const edits = [{ span: { ...span, end: expr.count.span.start }, text: "" }];
    reporter.report("unused-name", span, { name: text }, { helps: [{ text: "remove it", edits }] });
  }
}

const meant = (name: string): Help => ({ text: "remove it, or mark it as unused", code: `_${name}` });

/** Returns the names that the header and the body refer to. */
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
  // An omitted size in `->` is the variable with the axis's name.
  for (const expr of expressions(decl.body))
    if (expr.kind === "call")
      for (const arg of expr.args ?? [])
        if (arg.kind === "map") for (const { name } of arg.to.axes) names.add(name.text);
  tensorsByName(decl.params, names, decl);
  return names;
}

/** Removes tensor parameters that only an axis of the same name mentions. */
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
  for (const { name, kind } of definitions(decl))
    if ((kind === "input" || kind === "tensor") && sizes.has(name.text)) {
      const helps = ["it is the size in size positions and the tensor elsewhere: another name is clearer"];
      reporter.report("name-is-also-size", name.span, { name: name.text }, { helps });
    }
}

/** Warns about results that are returned under each other's names. */
function swappedResults(decl: Decl, reporter: Reporter): void {
  if (decl.result?.kind !== "named") return;
  const declared = decl.result.items.map(({ name }) => name.text);
  for (const stmt of decl.body) {
    if (stmt.kind !== "return" || stmt.values.length !== declared.length) continue;
    const returned = stmt.values.map((value) =>
      value.kind === "call" && value.args === undefined ? value.callee.text : "",
    );
    const permuted = [...returned].sort().join() === [...declared].sort().join();
    if (permuted && returned.some((name, i) => name !== declared[i])) {
      const [first, last] = [stmt.values[0]!.span, stmt.values.at(-1)!.span];
      const code = declared.join(", ");
      const helps = [
        { text: "return them in the declared order", code, edits: [{ span: cover(first, last), text: code }] },
      ];
      reporter.report("swapped-results", stmt.span, { declared: code, returned: returned.join(", ") }, { helps });
    }
  }
}
