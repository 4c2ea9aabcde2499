/** @file Warns about comments that were meant as floor divisions: `mid = c // r`, where Python would divide. */
import type { Comment, Decl, Expr } from "../../parser/ast.ts";
import { isArithmetic } from "../../parser/lex.ts";
import { expressions, within } from "../../parser/walk.ts";
import type { Reporter } from "../../source/reporter.ts";
import { textOf, type SourceFile } from "../../source/source.ts";
import type { Module } from "./modules.ts";
import { definitions } from "./scope.ts";
import { identifiers } from "./signature.ts";

export function lintDivisions({ ast }: Module, reporter: Reporter): void {
  for (const decl of ast.decls) {
    const { source, start, end } = decl.span;
    const inside = ast.comments.filter(({ span, doc }) => !doc && span.start >= start && span.end <= end);
    if (inside.length === 0) continue;
    const names = namesOf(decl);
    for (const comment of inside) lintComment(source, decl, comment, names, reporter);
  }
}

/** The names of a declaration that a division may have on its left, and those it may have on its right. */
interface Names {
  readonly values: ReadonlySet<string>;
  readonly sizes: ReadonlySet<string>;
}

function namesOf(decl: Decl): Names {
  const sizes = new Set<string>();
  const values = new Set<string>();
  for (const { name, kind } of definitions(decl)) if (kind !== "layer" && kind !== "choice") values.add(name.text);
  for (const param of decl.params) {
    if (param.kind === "attribute") {
      if (param.choices.some(({ text }) => /^(?:int|\d+)$/.test(text))) sizes.add(param.name.text);
    } else
      for (const { name, size } of param.type.axes)
        for (const one of size === undefined ? [name.text] : identifiers(size)) sizes.add(one);
  }
  for (const one of sizes) values.add(one);
  for (const stmt of decl.body)
    if (stmt.kind === "assign" && isTerm(stmt.value, sizes)) for (const { text } of stmt.names) sizes.add(text);
  return { values, sizes };
}

function lintComment(source: SourceFile, decl: Decl, { text, span }: Comment, names: Names, reporter: Reporter): void {
  const [divisor, remark] = split(text);
  if (!isArithmetic(divisor.replaceAll(")", "")) || !isOfSizes(divisor, names)) return;
  const before = source.text.slice(0, span.start).trimEnd();
  if (source.text.slice(before.length, span.start).includes("\n")) return;
  const dividend = dividendAt(decl, before.length, names);
  if (dividend === undefined) return;
  const [operand] = /^(?:\w[\w.]*|\([^()]*\))/.exec(divisor) ?? [];
  const quotient = `floor(${textOf(dividend.span)} / ${operand ?? "…"})`;
  const code = operand === undefined ? quotient : `${quotient}${divisor.slice(operand.length)}`;
  const edits = [{ span: { ...span, start: dividend.span.start }, text: code + remark }];
  const help = { text: "for floor division, write", code, ...(operand !== undefined && { edits }) };
  reporter.report(
    "division-in-comment",
    { ...span, end: span.start + 2 },
    { dividend: textOf(dividend.span) },
    { helps: [help] },
  );
}

/** Splits a comment at a second one, which is a remark of Python or of Fuse. */
function split(text: string): readonly [divisor: string, remark: string] {
  const [, divisor, remark] = /^(.*?)(?:(?:#|\/\/)(.*))?$/.exec(text) ?? [];
  return [(divisor ?? "").trim(), remark === undefined ? "" : ` // ${remark.trim()}`];
}

/** Whether all names are sizes, or sizes of a value's axes. */
function isOfSizes(divisor: string, { values, sizes }: Names): boolean {
  return (divisor.match(/[A-Za-z_][\w.]*/g) ?? []).every((name) => {
    const [first, axis] = name.split(".");
    return axis === undefined ? sizes.has(first!) : values.has(first!);
  });
}

/** Returns the longest factor that ends at an offset, which Python's `//` would divide. */
function dividendAt(decl: Decl, end: number, { values }: Names): Expr | undefined {
  const conditions = decl.where.flatMap(({ condition, if: only }) => [condition, ...(only ? [only] : [])]);
  let longest: Expr | undefined;
  for (const expr of [...expressions(decl.body), ...conditions.flatMap((condition) => [...within(condition)])])
    if (
      expr.span.end === end &&
      isFactor(expr, values) &&
      !(longest !== undefined && longest.span.start <= expr.span.start)
    )
      longest = expr;
  return longest;
}

/** Whether an expression is a term that Python's `//` would divide as a whole. */
function isFactor(expr: Expr, names: ReadonlySet<string>): boolean {
  const sum = expr.kind === "binary" && ["+", "-"].includes(expr.op) && expr.left.span.start === expr.span.start;
  return !sum && isTerm(expr, names);
}

/** Whether an expression is arithmetic with numbers and names. */
function isTerm(expr: Expr, names: ReadonlySet<string>): boolean {
  switch (expr.kind) {
    case "number":
      return true;
    case "unary":
      return expr.op === "-" && isTerm(expr.operand, names);
    case "binary":
      return ["+", "-", "*", "/", "%"].includes(expr.op) && isTerm(expr.left, names) && isTerm(expr.right, names);
    case "call":
      if (expr.args === undefined) return expr.label === undefined && names.has(expr.callee.text);
      return (
        ["floor", "ceil", "min", "max"].includes(expr.callee.text) &&
        expr.args.every((arg) => arg.kind === "positional" && isTerm(arg.value, names))
      );
    case "match":
      return expr.arms.every(({ value }) => isTerm(value, names));
    case "if":
      return isTerm(expr.then, names) && isTerm(expr.else, names);
    default:
      return false;
  }
}
