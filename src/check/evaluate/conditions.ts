/** @file Conditions. Choices and sizes decide them at check time; one that stays open forks the world. */
import type { Arm, BinaryExpr, Expr, Match } from "../../parser/ast.ts";
import { readRelation, type Comparison } from "../../sizes/relation.ts";
import { textOf, type Span } from "../../source/source.ts";
import { didYouMean, nearest } from "../../source/suggest.ts";
import { plainName, report, sizeText, type Frame } from "../frame/frame.ts";
import { requireBuildTime } from "../prove/obligations.ts";
import { foreignChoice } from "../text/foreign-names.ts";
import { indexHelp } from "../text/repeats.ts";
import type { Parameter } from "../text/signature.ts";
import { sizeOf } from "./sizes.ts";

const elementwise = [{ text: "to choose between two tensors element by element", code: "where(condition, a, b)" }];

const comparisons: readonly string[] = ["==", "!=", "<", "<=", ">", ">="];

export function isComparison(op: string): op is Comparison {
  return comparisons.includes(op);
}

/**
 * Decides a condition; undefined if an error was reported. If the signature leaves it open, the world takes one side.
 */
export function decideCondition(frame: Frame, expr: Expr): boolean | undefined {
  switch (expr.kind) {
    case "bool":
      return expr.value;
    case "unary": {
      const operand = expr.op === "not" ? decideCondition(frame, expr.operand) : notACondition(frame, expr);
      return operand === undefined ? undefined : !operand;
    }
    case "binary": {
      if (isComparison(expr.op)) return compare(frame, expr, expr.op);
      if (expr.op !== "and" && expr.op !== "or") return notACondition(frame, expr);
      // If choices alone decide one side, the other side need not be considered.
      if (onlyChoices(frame, expr.right)) {
        const right = decideCondition(frame, expr.right);
        if (right === undefined || right === (expr.op === "or")) return right;
      }
      const left = decideCondition(frame, expr.left);
      if (left === undefined || left === (expr.op === "or")) return left;
      return decideCondition(frame, expr.right);
    }
    case "call": {
      const val = plainName(expr) && frame.names.get(expr.callee.text);
      if (val?.kind === "bool") return val.value;
      if (val?.kind === "unknown") return undefined;
      return notACondition(frame, expr);
    }
    default:
      return notACondition(frame, expr);
  }
}

function notACondition(frame: Frame, expr: Expr): undefined {
  const name = plainName(expr);
  const val = name && frame.names.get(name.text);
  if (val?.kind === "tensor") report(frame, "tensor-condition", expr.span, {}, { helps: elementwise });
  else if (name !== undefined && val === undefined && !frame.sizes.has(name.text))
    report(
      frame,
      "unknown-name",
      name.span,
      { name: name.text },
      { helps: indexHelp(frame.signature.decl, name.text, name.span) },
    );
  else
    report(frame, "bad-attribute", expr.span, {
      name: textOf(expr.span),
      expected: "true or false in a condition",
      found: "something else",
    });
}

/** Returns the parameter that a plain name refers to, if it has choices. */
export function choiceParameter(frame: Frame, expr: Expr): Parameter | undefined {
  const name = plainName(expr)?.text;
  return frame.signature.parameters.find((parameter) => parameter.name === name && parameter.kind === "choice");
}

/** Whether choices and bools alone decide a condition, without any size. */
export function onlyChoices(frame: Frame, expr: Expr): boolean {
  switch (expr.kind) {
    case "bool":
      return true;
    case "unary":
      return expr.op === "not" && onlyChoices(frame, expr.operand);
    case "binary":
      if (isComparison(expr.op))
        return (
          [expr.left, expr.right].some((side) => choiceParameter(frame, side) !== undefined) &&
          [expr.left, expr.right].every(
            (side) => choiceParameter(frame, side) !== undefined || side.kind === "number" || isChoiceName(frame, side),
          )
        );
      return onlyChoices(frame, expr.left) && onlyChoices(frame, expr.right);
    case "call":
      return frame.names.get(expr.callee.text)?.kind === "bool";
    default:
      return false;
  }
}

function isChoiceName(frame: Frame, expr: Expr): boolean {
  if (expr.kind !== "call" || expr.args !== undefined) return false;
  return frame.signature.parameters.some((parameter) => parameter.choices.includes(expr.callee.text));
}

function compare(frame: Frame, expr: BinaryExpr, op: Comparison): boolean | undefined {
  for (const [side, other] of [
    [expr.left, expr.right],
    [expr.right, expr.left],
  ] as const) {
    const parameter = choiceParameter(frame, side);
    if (parameter !== undefined && !parameter.integers) return compareChoice(frame, parameter, other, expr, op);
    if (isMisspeltChoice(frame, side)) return undefined;
  }
  for (const side of [expr.left, expr.right]) {
    const val = plainName(side) && frame.names.get(plainName(side)!.text);
    if (val?.kind === "tensor") {
      report(frame, "tensor-condition", expr.span, {}, { helps: elementwise });
      return undefined;
    }
  }
  const a = sizeOf(frame, expr.left);
  const b = sizeOf(frame, expr.right);
  if (a === undefined || b === undefined) return undefined;
  const condition = readRelation(frame.context.sizes, op, a, b);
  const { verdict } = frame.world.facts.decide(condition);
  if (verdict !== "unknown") return verdict === "yes";
  const before = frame.world.diagnostics.length;
  requireBuildTime(frame, a, { kind: "condition" }, expr.span);
  requireBuildTime(frame, b, { kind: "condition" }, expr.span);
  if (frame.world.diagnostics.length > before) return undefined;
  return frame.world.fork(frame.context.sizes, condition);
}

/** Reports a name in a comparison that nothing has, if it looks like that of a parameter with choices. */
export function isMisspeltChoice(frame: Frame, side: Expr): boolean {
  const name = plainName(side);
  if (name === undefined || frame.names.has(name.text) || frame.sizes.has(name.text)) return false;
  const choices = frame.signature.parameters.filter(({ kind }) => kind === "choice");
  const near = nearest(
    name.text,
    choices.map((parameter) => parameter.name),
  );
  if (near !== undefined)
    report(frame, "unknown-name", name.span, { name: name.text }, { helps: didYouMean(name.span, near) });
  return near !== undefined;
}

function compareChoice(
  frame: Frame,
  parameter: Parameter,
  other: Expr,
  expr: BinaryExpr,
  op: Comparison,
): boolean | undefined {
  const name = plainName(other);
  const val = frame.names.get(parameter.name);
  if (val?.kind !== "choice") return undefined;
  if (name === undefined || !parameter.choices.includes(name.text)) {
    unknownChoice(frame, other.span, textOf(other.span), parameter);
    return undefined;
  }
  if (op !== "==" && op !== "!=") return notACondition(frame, expr);
  return (val.text === name.text) === (op === "==");
}

export function unknownChoice(
  frame: Frame,
  span: Span,
  name: string,
  parameter: Pick<Parameter, "name" | "choices">,
): void {
  const foreign = foreignChoice(name, parameter.choices, span);
  const helps = [
    ...(foreign.length > 0 ? foreign : didYouMean(span, nearest(name, parameter.choices))),
    `its choices are ${parameter.choices.join(", ")}`,
  ];
  report(frame, "unknown-choice", span, { name, parameter: parameter.name }, { helps });
}

/** Returns the arm that this world takes. Reports errors in the arms as a whole. */
export function armOf(frame: Frame, expr: Match): Arm | undefined {
  const subject = plainName(expr.subject)?.text;
  const parameter = frame.signature.parameters.find(({ name, choices }) => name === subject && choices.length > 0);
  if (parameter === undefined) {
    notFinite(frame, expr.subject);
    return undefined;
  }
  const seen = new Map<string, Span>();
  for (const { text, span } of expr.arms.flatMap((arm) => arm.choices)) {
    const earlier = seen.get(text);
    if (!parameter.choices.includes(text)) unknownChoice(frame, span, text, parameter);
    else if (earlier !== undefined)
      report(
        frame,
        "duplicate-choice",
        span,
        { name: text },
        { labels: [{ span: earlier, text: "first declared here" }] },
      );
    if (earlier === undefined) seen.set(text, span);
  }
  const missing = parameter.choices.filter((choice) => !seen.has(choice));
  if (missing.length > 0) {
    const helps = [{ text: "add", code: missing.map((choice) => `${choice} => …`).join("\n") }];
    const choices = missing.map((choice) => `\`${choice}\``).join(" and ");
    const span = { ...expr.span, end: expr.span.start + "match".length };
    report(frame, "match-not-exhaustive", span, { choices }, { helps });
  }
  // Not the choice of the world: an inlined block is in the world of its model, which may have a parameter of this name.
  const chosen = choiceText(frame, parameter.name);
  return expr.arms.find((arm) => arm.choices.some((choice) => choice.text === chosen));
}

function choiceText(frame: Frame, name: string): string | undefined {
  const val = frame.names.get(name);
  if (val?.kind === "choice") return val.text;
  if (val?.kind === "bool") return String(val.value);
  return val?.kind === "size" ? sizeText(frame, val.size) : undefined;
}

function notFinite(frame: Frame, subject: Expr): void {
  const val = plainName(subject) && frame.names.get(plainName(subject)!.text);
  if (val?.kind === "unknown") return;
  if (val?.kind === "tensor") report(frame, "tensor-condition", subject.span, {}, { helps: elementwise });
  else if (plainName(subject) !== undefined && val === undefined && !frame.sizes.has(plainName(subject)!.text))
    report(frame, "unknown-name", subject.span, { name: plainName(subject)!.text });
  else {
    const text = textOf(subject.span);
    const condition = subject.kind === "binary" && isComparison(subject.op) ? text : `${text} == 1`;
    const helps = [
      { text: "distinguish the cases with", code: `if ${condition} { … } else { … }` },
      ...(plainName(subject) === undefined ? [] : [{ text: "or list its values", code: `${text}: 1 | 2 | 4` }]),
    ];
    report(frame, "match-not-finite", subject.span, { subject: text }, { helps });
  }
}

/** Evaluates the arm that this world takes. */
export function inBranch<T>(frame: Frame, expr: Match, evaluate: (value: Expr) => T): T | undefined {
  const arm = armOf(frame, expr);
  return arm === undefined ? undefined : evaluate(arm.value);
}

/** Returns an expression, or the branch that this world takes if it is a `match` or `if`; undefined if an error was reported. */
export function branchOf(frame: Frame, expr: Expr): Expr | undefined {
  if (expr.kind === "match") return inBranch(frame, expr, (value) => branchOf(frame, value));
  if (expr.kind !== "if") return expr;
  const decided = decideCondition(frame, expr.condition);
  return decided === undefined ? undefined : branchOf(frame, decided ? expr.then : expr.else);
}
