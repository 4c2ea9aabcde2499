/** @file Evaluates an expression passed for a parameter: a size, a number, or a choice. */
import type { Expr } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf, type Span } from "../../source/source.ts";
import { report, sizeText, type Frame } from "../frame/frame.ts";
import { unknown, type Val } from "../frame/values.ts";
import type { Requirement } from "../frame/world.ts";
import { requireAtLeast, requireBuildTime } from "../prove/obligations.ts";
import { allowing, type Parameter, type Signature } from "../text/signature.ts";
import { branchOf, unknownChoice } from "./conditions.ts";
import { value } from "./expression.ts";
import { floatOfSize } from "./floats.ts";
import { nameOf, sizeOf } from "./sizes.ts";

function parameterValue(frame: Frame, parameter: Parameter, given: Expr): Val {
  const expr = branchOf(frame, given);
  if (expr === undefined) return unknown;
  if (parameter.kind === "choice") return choiceValue(frame, parameter, expr);
  if (parameter.kind === "int") {
    if (expr.kind === "number" && /[.e]/i.test(expr.raw)) return badArgument(frame, parameter, expr, "a whole number");
    const size = sizeOf(frame, expr);
    return size === undefined ? unknown : { kind: "size", size };
  }
  const val = value(frame, expr);
  if (val.kind === "unknown" || val.kind === parameter.kind) return val;
  if (parameter.kind === "bool") return badArgument(frame, parameter, expr, "true or false");
  if (val.kind === "number") return val;
  if (val.kind !== "size") return badArgument(frame, parameter, expr, "a number");
  requireBuildTime(frame, val.size, { kind: "attribute", name: parameter.name }, expr.span);
  return { kind: "number", ...floatOfSize(frame, val.size) };
}

/**
 * Evaluates an expression passed for a parameter, and requires what the header says about it: an `int` has a least
 * value.
 */
export function allowedValue(
  frame: Frame,
  parameter: Parameter,
  expr: Expr,
  declared: { readonly origin?: Requirement["origin"]; readonly signature: Signature },
): Val {
  const val = parameterValue(frame, parameter, expr);
  if (val.kind !== "size" || parameter.kind !== "int") return val;
  const { sizes } = frame.context;
  const constant = sizes.constant(frame.world.facts.apply(val.size));
  const helps = constant === undefined ? [] : allowing(constant, parameter, declared.signature);
  const at = { span: expr.span, what: `\`${parameter.name}\``, origin: declared.origin, helps };
  return requireAtLeast(frame, val.size, sizes.int(parameter.least), at) ? val : unknown;
}

function badArgument(frame: Frame, parameter: Parameter, expr: Expr, expected: string): Val {
  report(frame, "bad-attribute", expr.span, { name: parameter.name, expected, found: `\`${textOf(expr.span)}\`` });
  return unknown;
}

/** Suggests that an `int` parameter which is passed on declare the choices itself. */
function withChoices({ signature }: Frame, { choices }: Parameter, span: Span): Help[] {
  const own = signature.parameters.find(({ name, kind }) => kind === "int" && name === textOf(span));
  const type = own?.ast.choices[0];
  if (own === undefined || type === undefined) return [];
  const text = choices.join(" | ");
  return [{ text: "give it the same choices", code: `${own.name}: ${text}`, edits: [{ span: type.span, text }] }];
}

/** Evaluates a choice, or a parameter of the caller whose current choice is one of these. */
function choiceValue(frame: Frame, parameter: Parameter, expr: Expr): Val {
  if (!parameter.integers) {
    const text = nameOf(expr);
    const own = text === undefined ? undefined : frame.names.get(text);
    const chosen = own?.kind === "choice" && !parameter.choices.includes(text!) ? own.text : text;
    if (chosen !== undefined && parameter.choices.includes(chosen)) return { kind: "choice", text: chosen };
    unknownChoice(frame, expr.span, chosen ?? textOf(expr.span), parameter);
    return unknown;
  }
  const size = sizeOf(frame, expr);
  return size === undefined ? unknown : chosenSize(frame, parameter, size, expr.span);
}

/** Returns a size as a choice of a parameter whose choices are integers. `span` is what gives the size. */
export function chosenSize(frame: Frame, parameter: Parameter, size: Size, span: Span): Val {
  const constant = frame.context.sizes.constant(frame.world.facts.apply(size));
  if (constant === undefined) {
    const choices = parameter.choices.join(", ");
    const args = { value: `\`${sizeText(frame, size)}\``, choices };
    report(frame, "undecided-choice", span, args, { helps: withChoices(frame, parameter, span) });
    return unknown;
  }
  if (parameter.choices.includes(String(constant))) return { kind: "size", size: frame.context.sizes.int(constant) };
  unknownChoice(frame, span, String(constant), parameter);
  return unknown;
}
