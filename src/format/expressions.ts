/** @file Prints expressions, calls and tensor types. */
import type { Doc } from "prettier";
import { builders, utils } from "prettier/doc";
import type {
  Arg,
  AxisGroup,
  AxisSpec,
  BinaryExpr,
  Call,
  Choice,
  Expr,
  Label,
  Name,
  TensorExpr,
  Tensors,
  Values,
} from "../parser/ast.ts";
import { textOf, type Span } from "../source/source.ts";
import { bracketed, item, parentheses, round, square, type Item } from "./lists.ts";
import * as places from "./parentheses.ts";
import { levelOf, type Place } from "./parentheses.ts";
import { printIf, printMatch, printPipeline, printRepeat } from "./stages.ts";
import type { Trivia } from "./trivia.ts";

const { fill, group, indent, join, line } = builders;
const { removeLines } = utils;

export function printExpression(trivia: Trivia, expr: Expr, place: Place): Doc {
  const written = places.isInParentheses(expr);
  const level = levelOf(expr);
  if (level < place.least || (written && place.operand && level < places.level.primary)) return inParentheses();
  const doc = printBare(trivia, expr, place.tall);
  // A comment before the closing parenthesis keeps the parentheses.
  return written && trivia.has(expr.span.end) ? inParentheses(doc) : doc;

  function inParentheses(inner?: Doc): Doc {
    const place = { start: trivia.firstIn(expr.span), end: expr.span.end - ")".length };
    const content = item(place, () => inner ?? printBare(trivia, expr, false));
    return bracketed(trivia, parentheses, [content], place.end);
  }
}

/** Returns an expression as an item of a list. */
export function expressionItem(trivia: Trivia, expr: Expr, place: Place): Item {
  return item({ start: trivia.firstIn(expr.span), end: expr.span.end }, () => printExpression(trivia, expr, place));
}

function printBare(trivia: Trivia, expr: Expr, tall: boolean): Doc {
  if (expr.kind === "binary") return printBinary(trivia, expr);
  if (expr.kind === "pipeline") return printPipeline(trivia, expr, tall);
  if (expr.kind === "call") return printCall(trivia, expr);
  if (expr.kind === "values") return printValues(trivia, expr, tall ? places.statement : places.anything);
  const start = expr.kind === "tensors" ? expr.span.start : trivia.firstIn(expr.span);
  const comments = trivia.within(start);
  switch (expr.kind) {
    case "number":
      return [comments, expr.raw];
    case "bool":
      return [comments, String(expr.value)];
    case "inf":
      return [comments, "inf"];
    case "list":
      return [comments, printList(trivia, expr.items, start, expr.span.end)];
    case "unary":
      return expr.op === "not"
        ? [comments, "not ", printExpression(trivia, expr.operand, places.operand(places.level.comparison))]
        : [comments, "-", printExpression(trivia, expr.operand, places.operand(places.level.minus))];
    case "match":
      return [comments, printMatch(trivia, expr, tall)];
    case "if":
      return [comments, printIf(trivia, expr, tall)];
    case "repeat":
      return [comments, printRepeat(trivia, expr)];
    case "tensors":
      return [comments, printTensors(trivia, expr)];
  }
}

/** Prints the values of an arm or a branch. */
function printValues(trivia: Trivia, { items }: Values, place: Place): Doc {
  const parts = items.map((expr) => printExpression(trivia, expr, place));
  return group(indent(join([",", line], parts)));
}

/** Prints operators of equal precedence on one line, or one below the other if they do not fit. */
function printBinary(trivia: Trivia, expr: BinaryExpr): Doc {
  const level = levelOf(expr);
  const chain: BinaryExpr[] = [expr];
  for (let first = expr; continues(first.left); first = first.left) chain.unshift(first.left);
  const left = level === places.level.comparison ? level + 1 : level;
  const first = printExpression(trivia, chain[0]!.left, places.operand(left));
  const rest = chain.map(({ op, opSpan, right }) => [
    trivia.trailing(opSpan.start),
    line,
    trivia.before(opSpan.start),
    `${op} `,
    printExpression(trivia, right, places.operand(level + 1)),
  ]);
  return group([first, indent(rest)]);

  function continues(left: Expr): left is BinaryExpr {
    return left.kind === "binary" && levelOf(left) === level && !places.isInParentheses(left);
  }
}

/** Prints a list. If it does not fit on one line, numbers fill the lines; other items get a line each. */
function printList(trivia: Trivia, items: readonly Expr[], start: number, limit: number): Doc {
  const last = items.at(-1);
  const end = last === undefined ? limit : trivia.closingAfter(last.span.end);
  const parts = items.map((expr) => expressionItem(trivia, expr, places.anything));
  if (items.length < 2 || !items.every(isNumber) || trivia.has(end)) return bracketed(trivia, square, parts, end);
  const filled = parts.flatMap(({ print }, i): Doc[] => (i < parts.length - 1 ? [[print(), ","], line] : [print()]));
  return bracketed(trivia, square, [item({ start, end }, () => fill(filled))], end);
}

/** Prints the tensors that begin a pipeline. */
function printTensors(trivia: Trivia, { items, span }: Tensors): Doc {
  const parts = items.map((expr) => expressionItem(trivia, expr, places.anything));
  return bracketed(trivia, round, parts, span.end - 1);
}

function isNumber(expr: Expr): boolean {
  return expr.kind === "number" || (expr.kind === "unary" && expr.op === "-" && expr.operand.kind === "number");
}

export function printCall(trivia: Trivia, { callee, args, path, label, span }: Call): Doc {
  const last = args?.at(-1);
  const end = last === undefined ? span.end : trivia.closingAfter(last.span.end);
  return [
    printName(trivia, callee),
    args === undefined
      ? ""
      : bracketed(
          trivia,
          round,
          args.map((arg) => argItem(trivia, arg)),
          end,
        ),
    path.map((name) => [".", printName(trivia, name)]),
    label === undefined ? "" : printLabel(trivia, label),
  ];
}

/** Prints a label with a space before it. A label is one token, so it has no line breaks. */
export function printLabel(trivia: Trivia, { text, sums, span }: Label): Doc {
  const comments = trivia.within(span.start);
  const [first, ...rest] = text.split("{}");
  const parts = rest.map((part, i): Doc => ["{", printExpression(trivia, sums[i]!, places.size), "}", part]);
  return [" ", comments, "@", first!, parts.map(removeLines)];
}

function argItem(trivia: Trivia, arg: Arg): Item {
  return item({ start: trivia.firstIn(arg.span), end: arg.span.end }, () => printArg(trivia, arg));
}

function printArg(trivia: Trivia, arg: Arg): Doc {
  switch (arg.kind) {
    case "positional":
      return printExpression(trivia, arg.value, places.anything);
    case "named":
      return [printName(trivia, arg.name), ": ", printExpression(trivia, arg.value, places.anything)];
    case "map":
      return [printExpression(trivia, arg.from, places.anything), " -> ", printAxisGroup(trivia, arg.to)];
  }
}

function printAxisGroup(trivia: Trivia, { axes, list, span }: AxisGroup): Doc {
  const items = axes.map((axis) => axisItem(trivia, axis));
  if (!list) return items.map(({ print }) => print());
  return [trivia.within(span.start), bracketed(trivia, square, items, span.end - 1)];
}

/** Prints a tensor type such as `f32[n, c: 64, ...rest]`. */
export function printTensor(trivia: Trivia, { dtype, axes, open, span }: TensorExpr): Doc {
  const items = axes.map((axis) => axisItem(trivia, axis));
  if (open !== undefined) {
    const { name, index } = open;
    items.splice(
      index,
      0,
      item(open.span, () => ["...", name === undefined ? "" : printName(trivia, name)]),
    );
  }
  const prefix = dtype === undefined ? trivia.within(span.start) : printName(trivia, dtype);
  return [prefix, bracketed(trivia, square, items, span.end - 1)];
}

function axisItem(trivia: Trivia, { name, size, span }: AxisSpec): Item {
  return item(span, () => [
    printName(trivia, name),
    size === undefined ? "" : [": ", printExpression(trivia, size, places.size)],
  ]);
}

/** Prints choices: `a | b | c`. */
export function printChoices(trivia: Trivia, choices: readonly Choice[]): Doc {
  const names = choices.map(({ text, span }): Doc => [trivia.within(span.start), text]);
  return group(indent(join([line, "| "], names)));
}

export function printName(trivia: Trivia, { text, span }: Name): Doc {
  return [trivia.within(span.start), text];
}

/** Prints source text unchanged. */
export function printRaw(trivia: Trivia, span: Span): Doc {
  return [trivia.within(span.start), textOf(span)];
}
