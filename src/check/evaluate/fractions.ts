/** @file Fractions, for attributes that take them: exact decimals, and sizes divided by a number. */
import type { Expr } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";
import { textOf } from "../../source/source.ts";
import { plainName, report, type Frame } from "../frame/frame.ts";
import { requireAtLeast, requireBuildTime } from "../prove/obligations.ts";
import { sizeOf } from "./sizes.ts";

/** A decimal with more zeros than this is not a sensible factor. */
const greatestPower = 30;

/**
 * Reads a positive fraction such as `1.5` or `r / 4`. Undefined if the expression is neither form; without `size` if an
 * error was reported.
 */
export function readFraction(frame: Frame, name: string, expr: Expr): { readonly size?: Size } | undefined {
  if (expr.kind === "number") return decimal(frame, name, expr);
  if (expr.kind === "binary" && expr.op === "/" && expr.right.kind === "number") {
    const size = quotient(frame, name, expr.left, expr.right);
    return size === undefined ? {} : { size };
  }
  const own = frame.names.get(plainName(expr)?.text ?? "");
  if (own?.kind !== "number") return undefined;
  // The float's value may come from the settings, long after sizes are checked.
  const expected = "a literal number, or a size divided by one (`r / 4`)";
  report(frame, "bad-attribute", expr.span, { name, expected, found: `the float \`${textOf(expr.span)}\`` });
  return {};
}

function decimal(
  frame: Frame,
  name: string,
  { raw, span }: Expr & { readonly kind: "number" },
): { readonly size?: Size } | undefined {
  const { sizes } = frame.context;
  const [, whole, part = "", exponent = "0"] = /^(\d+)(?:\.(\d+))?(?:e([-+]?\d+))?$/i.exec(raw) ?? [];
  if (whole === undefined || whole === raw) return undefined;
  const digits = BigInt(whole + part);
  const power = Number(exponent) - part.length;
  if (digits === 0n || Math.abs(power) > greatestPower) {
    report(frame, "bad-attribute", span, { name, expected: "a positive number", found: `\`${textOf(span)}\`` });
    return {};
  }
  const scale = sizes.int(10n ** BigInt(Math.abs(power)));
  return { size: power < 0 ? sizes.divide(sizes.int(digits), scale) : sizes.mul(sizes.int(digits), scale) };
}

/** Reads a quotient, which need not be a whole number here. */
function quotient(frame: Frame, name: string, left: Expr, right: Expr): Size | undefined {
  const { sizes } = frame.context;
  const [numerator, denominator] = [sizeOf(frame, left), sizeOf(frame, right)];
  if (numerator === undefined || denominator === undefined) return undefined;
  const one = sizes.int(1);
  if (!requireAtLeast(frame, denominator, one, { span: right.span, what: "the divisor" })) return undefined;
  if (!requireAtLeast(frame, numerator, one, { span: left.span, what: `\`${name}\`` })) return undefined;
  requireBuildTime(frame, numerator, { kind: "attribute", name }, left.span);
  return sizes.divide(numerator, denominator);
}
