/** @file Floats among sizes: `floor(32 * width_mult)`, which is a number when the model is built and an unknown size until then. */
import { roundHalfToEven } from "../../contract/prepare-functions.ts";
import type { Expr } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";
import { textOf } from "../../source/source.ts";
import { plainName, report, type Frame } from "../frame/frame.ts";
import type { Float } from "../frame/values.ts";
import { requireBuildTime } from "../prove/obligations.ts";
import { branchOf } from "./conditions.ts";
import { sizeOf } from "./sizes.ts";

/** How a float becomes a size, as in Python: `round` takes halves to the even number. */
export const roundings = { floor: Math.floor, ceil: Math.ceil, round: roundHalfToEven } as const;

/** Whether an expression of numbers and names contains a float. */
export function isFloat(frame: Frame, expr: Expr): boolean {
  switch (expr.kind) {
    case "number":
      return /[.e]/i.test(expr.raw);
    case "unary":
      return isFloat(frame, expr.operand);
    case "binary":
      return isFloat(frame, expr.left) || isFloat(frame, expr.right);
    case "if":
      return isFloat(frame, expr.then) || isFloat(frame, expr.else);
    case "match":
      return expr.arms.some((arm) => isFloat(frame, arm.value));
    default:
      return frame.names.get(plainName(expr)?.text ?? "")?.kind === "number";
  }
}

/** Returns a float rounded to a size; undefined if an error was reported. Equal roundings of equal unknown floats are one size. */
export function roundedFloat(frame: Frame, name: keyof typeof roundings, expr: Expr, whole: Expr): Size | undefined {
  const float = floatOf(frame, expr);
  if (float === undefined) return undefined;
  const { context } = frame;
  const what = `\`${textOf(whole.span)}\``;
  if (float.unknown !== undefined)
    return context.unknownSize(`${name} ${float.unknown.key}`, `${name}(${float.unknown.text})`, 0n, "rounded");
  const rounded = roundings[name](float.value);
  if (!Number.isSafeInteger(rounded)) {
    report(frame, "not-a-size", whole.span, { what: `${what} is ${rounded}, which` });
    return undefined;
  }
  return context.sizes.int(BigInt(rounded));
}

/** Evaluates an expression in float64, as Python does: a size in it is a float. */
function floatOf(frame: Frame, given: Expr): Float | undefined {
  const expr = branchOf(frame, given);
  if (expr === undefined) return undefined;
  if (expr.kind === "number") return { value: expr.value };
  if (expr.kind === "unary" && expr.op === "-") {
    const operand = floatOf(frame, expr.operand);
    return operand && negated(operand);
  }
  if (expr.kind === "binary" && isOperation(expr.op)) {
    const [a, b] = [floatOf(frame, expr.left), floatOf(frame, expr.right)];
    if (a === undefined || b === undefined) return undefined;
    if (expr.op !== "/" || b.value !== 0) return combined(expr.op, a, b);
    report(frame, "zero-divisor", expr.opSpan, { callee: expr.op });
    return undefined;
  }
  const named = frame.names.get(plainName(expr)?.text ?? "");
  if (named?.kind === "number") return named;
  const size = sizeOf(frame, expr);
  if (size === undefined) return undefined;
  requireBuildTime(frame, size, { kind: "attribute", name: textOf(expr.span) }, expr.span);
  return floatOfSize(frame, size);
}

const operations = {
  "+": (a: number, b: number) => a + b,
  "-": (a: number, b: number) => a - b,
  "*": (a: number, b: number) => a * b,
  "/": (a: number, b: number) => a / b,
  "%": (a: number, b: number) => a - b * Math.floor(a / b),
} as const;

/** Whether two floats can be combined by this operator. */
export const isOperation = (op: string): op is keyof typeof operations => Object.hasOwn(operations, op);

/** Returns a size as a float. */
export function floatOfSize({ context: { sizes }, world }: Frame, size: Size): Float {
  const applied = world.facts.apply(size);
  const constant = sizes.constant(applied);
  if (constant !== undefined) return { value: Number(constant) };
  return { value: NaN, unknown: { key: `#${applied.id}`, text: sizes.print(applied) } };
}

/** Computes with two floats, of which either may be unknown. */
export function combined(op: keyof typeof operations, a: Float, b: Float): Float {
  const value = operations[op](a.value, b.value);
  if (a.unknown === undefined && b.unknown === undefined) return { value };
  const [left, right] = [partOf(a), partOf(b)];
  const inBrackets = (text: string) => (/\s/.test(text) ? `(${text})` : text);
  // A sum or product is the same in either order.
  const keys = op === "+" || op === "*" ? [left.key, right.key].sort() : [left.key, right.key];
  const text = `${op === "+" ? left.text : inBrackets(left.text)} ${op} ${inBrackets(right.text)}`;
  return { value, unknown: { key: `(${keys.join(` ${op} `)})`, text } };
}

export function negated({ value, unknown }: Float): Float {
  if (unknown === undefined) return { value: -value };
  return { value: -value, unknown: { key: `-${unknown.key}`, text: `-(${unknown.text})` } };
}

const partOf = ({ value, unknown }: Float) => unknown ?? { key: String(value), text: String(value) };
