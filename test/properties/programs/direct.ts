/** @file Whether shapes fit the signature of a model, computed from its text alone: no algebra, no guard. */
import type { Decl, Expr, TensorExpr } from "../../../src/parser/ast.ts";
import { parse } from "../../../src/parser/parse.ts";
import { Reporter } from "../../../src/source/reporter.ts";
import { sourceFile, textOf } from "../../../src/source/source.ts";
import type { Shapes } from "../../support/shapes.ts";
import { namesIn } from "./templates.ts";

type Value = number | boolean | string;
export type Env = ReadonlyMap<string, Value>;

/** Returns the model of a program. */
export function modelDecl(text: string): Decl {
  return parse(sourceFile("main.fuse", text), new Reporter()).decls.find(({ kind }) => kind === "model")!;
}

/** Returns the values of the variables and settings at these shapes, or why the shapes do not fit. */
export function bind(decl: Decl, shapes: Shapes, settings: Env): Env | string {
  const env = new Map<string, Value>(settings);
  const axes = decl.params.flatMap((param) =>
    param.kind !== "tensor"
      ? []
      : param.type.axes.map(({ name, size }, i) => ({ axis: name.text, size, given: shapes[param.name.text]![i]! })),
  );
  // An axis with one unknown variable gives its value; plain ones come first.
  const plain = ({ size }: { size: Expr | undefined }): boolean => size === undefined || size.kind === "call";
  const ordered = [...axes.filter(plain), ...axes.filter((axis) => !plain(axis))];
  for (let before = -1; before !== env.size;) {
    before = env.size;
    for (const { axis, size, given } of ordered) {
      const unknown = [...new Set(namesIn(axis, size))].filter((name) => !env.has(name));
      if (unknown.length !== 1) continue;
      const solution = Array.from({ length: given + 20 }, (_, i) => i + 1).find(
        (value) => sizeOf(axis, size, new Map(env).set(unknown[0]!, value)) === given,
      );
      if (solution === undefined) return `${axis} cannot be ${given}`;
      env.set(unknown[0]!, solution);
    }
  }
  for (const { axis, size, given } of axes)
    if (sizeOf(axis, size, env) !== given) return `${axis} is ${given}, not ${String(sizeOf(axis, size, env))}`;
  for (const where of decl.where)
    if (compute(where.if, env) !== false && compute(where.condition, env) !== true) return textOf(where.span);
  return env;
}

/** Returns the declared shapes of the results. */
export function declaredShapes({ result }: Decl, env: Env): readonly (readonly number[])[] {
  const types: readonly TensorExpr[] =
    result === undefined ? [] : result.kind === "single" ? [result.type] : result.items.map(({ type }) => type);
  return types.map(({ axes }) => axes.map(({ name, size }) => Number(sizeOf(name.text, size, env))));
}

const sizeOf = (axis: string, size: Expr | undefined, env: Env): Value | undefined =>
  size === undefined ? env.get(axis) : compute(size, env);

/** Returns the value of an expression; undefined for what has none. A name that is not known is a choice. */
export function compute(expr: Expr | undefined, env: Env): Value | undefined {
  switch (expr?.kind) {
    case "number":
    case "bool":
      return expr.value;
    case "unary": {
      const value = compute(expr.operand, env);
      return expr.op === "not" ? !value : -Number(value);
    }
    case "call": {
      if (expr.args === undefined) return env.get(expr.callee.text) ?? expr.callee.text;
      const [argument] = expr.args;
      const value = argument?.kind === "positional" ? Number(compute(argument.value, env)) : NaN;
      // Quotients are inexact, so an integer may be missed by a little.
      const slack = 1e-9;
      return expr.callee.text === "ceil" ? Math.ceil(value - slack) : Math.floor(value + slack);
    }
    case "binary": {
      const [a, b] = [compute(expr.left, env), compute(expr.right, env)];
      if (expr.op === "==") return a === b;
      if (expr.op === "!=") return a !== b;
      if (expr.op === "and") return a === true && b === true;
      if (expr.op === "or") return a === true || b === true;
      return arithmetic[expr.op](Number(a), Number(b));
    }
    default:
      return undefined;
  }
}

const arithmetic = {
  "+": (a: number, b: number) => a + b,
  "-": (a: number, b: number) => a - b,
  "*": (a: number, b: number) => a * b,
  "/": (a: number, b: number) => a / b,
  "%": (a: number, b: number) => a % b,
  "<": (a: number, b: number) => a < b,
  "<=": (a: number, b: number) => a <= b,
  ">": (a: number, b: number) => a > b,
  ">=": (a: number, b: number) => a >= b,
};
