/** @file Warns about comments that were meant as floor divisions: `mid = c // r`, where Python would divide. */
import type { Comment, Decl, Expr } from "../../parser/ast.ts";
import { isArithmetic } from "../../parser/recovery/floor-division.ts";
import { expressions, within } from "../../parser/walk.ts";
import type { Reporter } from "../../source/reporter.ts";
import { textOf, type Span } from "../../source/source.ts";
import type { Module } from "./modules.ts";
import { definitions } from "./scope.ts";
import { identifiers } from "./signature.ts";

export function lintDivisions({ ast }: Module, reporter: Reporter): void {
  for (const decl of ast.decls) {
    const { start, end } = decl.span;
    const inside = ast.comments.filter(({ span, doc }) => !doc && span.start >= start && span.end <= end);
    const divisions = inside.flatMap((comment) => divisionIn(comment) ?? []);
    if (divisions.length === 0) continue;
    const names = namesOf(decl);
    const factors = factorsOf(decl, names);
    for (const division of divisions) lintDivision(division, factors, names, reporter);
  }
}

/** A comment after code, with text that could be a divisor. */
interface Division {
  readonly span: Span;
  /** Where the code before it ends. */
  readonly codeEnd: number;
  readonly divisor: string;
  /** A second comment in it. */
  readonly remark: string;
}

function divisionIn({ text, span }: Comment): Division | undefined {
  const [, before = "", , second] = /^(.*?)((?:#|\/\/)(.*))?$/.exec(text) ?? [];
  const divisor = before.trim();
  if (!isArithmetic(divisor.replaceAll(")", ""))) return undefined;
  let codeEnd = span.start;
  while (/[ \t]/.test(span.source.text[codeEnd - 1] ?? "")) codeEnd--;
  return { span, codeEnd, divisor, remark: second === undefined ? "" : ` // ${second.trim()}` };
}

/** The names that a division may have on its left, and the sizes that it may have on its right. */
interface Names {
  readonly values: ReadonlySet<string>;
  /** Where each size is known from. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** A set of names, or a map with names as keys. */
interface Known {
  has(name: string): boolean;
}

function namesOf(decl: Decl): Names {
  const sizes = new Map<string, number>();
  const values = new Set<string>();
  for (const { name, kind } of definitions(decl)) if (kind !== "layer" && kind !== "choice") values.add(name.text);
  for (const param of decl.params) {
    if (param.kind === "attribute") {
      if (param.choices.some(({ text }) => /^(?:int|\d+)$/.test(text))) sizes.set(param.name.text, 0);
    } else
      for (const { name, size } of param.type.axes)
        for (const one of size === undefined ? [name.text] : identifiers(size)) sizes.set(one, 0);
  }
  for (const one of sizes.keys()) values.add(one);
  for (const stmt of decl.body)
    if (stmt.kind === "assign" && isTerm(stmt.value, sizes))
      for (const { text } of stmt.names) sizes.set(text, stmt.span.end);
  return { values, sizes };
}

function lintDivision(
  { span, codeEnd, divisor, remark }: Division,
  factors: ReadonlyMap<number, Expr>,
  names: Names,
  reporter: Reporter,
): void {
  const dividend = factors.get(codeEnd);
  if (dividend === undefined || !isOfSizes(divisor, dividend.span.start, names)) return;
  const text = textOf(dividend.span);
  const [operand] = /^(?:\w[\w.]*|\([^()]*\))/.exec(divisor) ?? [];
  const code = `floor(${text} / ${operand ?? "…"})${divisor.slice(operand?.length ?? divisor.length)}`;
  const edits = [{ span: { ...span, start: dividend.span.start }, text: code + remark }];
  const help = { text: "for floor division, write", code, ...(operand !== undefined && { edits }) };
  const slashes = { ...span, end: span.start + "//".length };
  reporter.report("division-in-comment", slashes, { dividend: text }, { helps: [help] });
}

/** Whether all names are sizes that are known at a place, or sizes of a value's axes. */
function isOfSizes(divisor: string, place: number, { values, sizes }: Names): boolean {
  return (divisor.match(/[A-Za-z_][\w.]*/g) ?? []).every((name) => {
    const [first = "", axis] = name.split(".");
    return axis === undefined ? (sizes.get(first) ?? Infinity) <= place : values.has(first);
  });
}

/** Returns what Python's `//` would divide, by where it ends. */
function factorsOf(decl: Decl, { values }: Names): ReadonlyMap<number, Expr> {
  const factors = new Map<number, Expr>();
  const conditions = decl.where.flatMap(({ condition, if: only }) =>
    only === undefined ? [condition] : [condition, only],
  );
  for (const expr of [...expressions(decl.body), ...conditions.flatMap((condition) => [...within(condition)])]) {
    const { start, end } = expr.span;
    if ((factors.get(end)?.span.start ?? Infinity) > start && isFactor(expr, values)) factors.set(end, expr);
  }
  return factors;
}

/** Whether an expression is a term that Python's `//` would divide as a whole. */
function isFactor(expr: Expr, names: Known): boolean {
  const sum = expr.kind === "binary" && ["+", "-"].includes(expr.op) && expr.left.span.start === expr.span.start;
  return !sum && isTerm(expr, names);
}

/** Whether an expression is arithmetic with numbers and names. */
function isTerm(expr: Expr, names: Known): boolean {
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
