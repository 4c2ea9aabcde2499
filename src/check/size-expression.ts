/** @file Expressions in size positions: what `c / r` or `ceil(h / 2)` stands for in a frame, with the obligations it puts. */
import type { Size } from "../ir/size.ts";
import type { BinaryExpr, Call, Expr } from "../parser/ast.ts";
import { textOf } from "../source/source.ts";
import { nearest } from "../source/suggest.ts";
import { decideCondition, inBranch } from "./condition.ts";
import { plainName, report, type Frame } from "./frame.ts";
import { requireAtLeast, requireDivides } from "./obligations.ts";
import { kindOf } from "./values.ts";

/** Undefined if something was reported. */
export function sizeOf(frame: Frame, expr: Expr): Size | undefined {
  const { sizes } = frame.context;
  switch (expr.kind) {
    case "number":
      if (Number.isInteger(expr.value) && !/[.e]/i.test(expr.raw)) return sizes.int(BigInt(expr.raw));
      report(frame, "not-a-size", expr.span, { what: `\`${expr.raw}\`` }, { helps: ["sizes are whole numbers"] });
      return undefined;
    case "call":
      return expr.args === undefined ? named(frame, expr) : rounded(frame, expr);
    case "unary": {
      const operand = expr.op === "-" ? sizeOf(frame, expr.operand) : notASize(frame, expr);
      return operand && sizes.neg(operand);
    }
    case "binary":
      return arithmetic(frame, expr);
    case "if": {
      const decided = decideCondition(frame, expr.condition);
      return decided === undefined ? undefined : sizeOf(frame, decided ? expr.then : expr.else);
    }
    case "match":
      return inBranch(frame, expr, (value) => sizeOf(frame, value));
    default:
      return notASize(frame, expr);
  }
}

function notASize(frame: Frame, expr: Expr): undefined {
  report(frame, "not-a-size", expr.span, { what: `\`${textOf(expr.span)}\`` });
}

/** `c`, or `y.c`: the size of an axis of a tensor. */
function named(frame: Frame, expr: Call): Size | undefined {
  const { text, span } = expr.callee;
  const axis = expr.path[0];
  if (axis !== undefined) return sizeOfAxis(frame, expr);
  const size = frame.sizes.get(text);
  if (size !== undefined) return size;
  const val = frame.names.get(text);
  if (val === undefined) {
    const near = nearest(text, [...frame.sizes.keys()]);
    const help = near === undefined ? [] : [{ text: "did you mean", code: near, edits: [{ span, text: near }] }];
    report(frame, "unknown-size", span, { name: text }, { helps: help });
    return undefined;
  }
  if (val.kind === "size") return val.size;
  if (val.kind === "unknown") return undefined;
  const helps = val.kind === "tensor" ? [`the size of one of its axes is \`${text}.c\``] : [];
  report(frame, "not-a-size", expr.span, { what: `\`${text}\` is ${kindOf(val)}, which` }, { helps });
  return undefined;
}

function sizeOfAxis(frame: Frame, expr: Call): Size | undefined {
  const [axis, further] = expr.path;
  const val = frame.names.get(expr.callee.text);
  if (val?.kind === "unknown") return undefined;
  if (val?.kind !== "tensor" || further !== undefined) {
    if (val === undefined) report(frame, "unknown-name", expr.callee.span, { name: expr.callee.text });
    else notASize(frame, expr);
    return undefined;
  }
  const size = val.value.type.axes.get(axis!.text);
  if (size === undefined) {
    const type = [...val.value.type.axes.keys()].join(", ");
    report(frame, "missing-axis", axis!.span, {
      callee: `.${axis!.text}`,
      axis: axis!.text,
      type: `[${type}]`,
    });
  }
  return size;
}

/** `floor(a / b)`, `ceil(a / b)`: the division directly below is not exact. `min`, `max` fold numbers. */
function rounded(frame: Frame, expr: Call): Size | undefined {
  const { sizes } = frame.context;
  const name = expr.callee.text;
  const args = (expr.args ?? []).flatMap((arg) => (arg.kind === "positional" ? [arg.value] : []));
  const plain = args.length === expr.args?.length && expr.path.length === 0;
  if ((name === "floor" || name === "ceil") && plain && args.length === 1) {
    const [inner] = args;
    if (inner!.kind !== "binary" || inner.op !== "/") return sizeOf(frame, inner!);
    const dividend = sizeOf(frame, inner.left);
    const divisor = sizeOf(frame, inner.right);
    if (dividend === undefined || divisor === undefined) return undefined;
    requireAtLeast(frame, divisor, sizes.int(1), { span: inner.right.span, what: "the divisor" });
    return name === "floor" ? sizes.floor(dividend, divisor) : sizes.ceil(dividend, divisor);
  }
  if ((name === "min" || name === "max") && plain && args.length >= 2) {
    const values = args.map((arg) => sizeOf(frame, arg));
    const numbers = values.map((value) => value && sizes.constant(value));
    if (numbers.some((value) => value === undefined)) {
      if (values.every((value) => value !== undefined))
        report(frame, "not-a-size", expr.span, { what: `\`${name}\` of sizes that are not known` });
      return undefined;
    }
    const sorted = (numbers as bigint[]).sort((a, b) => (a < b ? -1 : 1));
    return sizes.int(name === "min" ? sorted[0]! : sorted.at(-1)!);
  }
  return notASize(frame, expr);
}

function arithmetic(frame: Frame, expr: BinaryExpr): Size | undefined {
  const { sizes } = frame.context;
  if (!["+", "-", "*", "/", "%"].includes(expr.op)) return notASize(frame, expr);
  const a = sizeOf(frame, expr.left);
  const b = sizeOf(frame, expr.right);
  if (a === undefined || b === undefined) return undefined;
  switch (expr.op) {
    case "+":
      return sizes.add(a, b);
    case "-":
      return sizes.sub(a, b);
    case "*":
      return sizes.mul(a, b);
    case "/":
      return exactQuotient(frame, expr, a, b);
    default:
      requireAtLeast(frame, b, sizes.int(1), { span: expr.right.span, what: "the divisor" });
      return sizes.mod(a, b);
  }
}

/** `a / b` between sizes. */
export function exactQuotient(frame: Frame, expr: BinaryExpr, a: Size, b: Size): Size | undefined {
  const sound = requireDivides(frame, b, a, {
    span: expr.span,
    what: `\`${textOf(expr.span)}\``,
    divisor: textOf(expr.right.span),
    dividend: textOf(expr.left.span),
  });
  return sound ? frame.context.sizes.divide(a, b) : undefined;
}

/** The name of a plain reference, for positions that want an axis or a choice. */
export function nameOf(expr: Expr): string | undefined {
  return plainName(expr)?.text;
}
