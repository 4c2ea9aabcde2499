/** @file Expressions: syntax tree → Ast. Applies operator precedence. */
import type { CstNode, IToken } from "chevrotain";
import { invariant } from "../../source/internal-error.ts";
import { cover, textOf, type Span } from "../../source/source.ts";
import type {
  Arg,
  Arm,
  AxisGroup,
  AxisSpec,
  BinaryOp,
  Call,
  Choice,
  Expr,
  If,
  Label,
  Match,
  Repeat,
  Stage,
} from "../ast.ts";
import {
  nameOf,
  node,
  nodes,
  nodeSpan,
  optionalNode,
  optionalToken,
  token,
  tokens,
  tokenSpan,
} from "../grammar/cst.ts";
import { parseTokens } from "../grammar/parse-tokens.ts";
import * as t from "../grammar/tokens.ts";
import { mistake, quoted } from "../mistake.ts";
import type { Reading } from "./cst-reader.ts";

/** Operator precedence: a higher number binds tighter. */
const precedence: Readonly<Record<BinaryOp, number>> = {
  ...{ or: 1, and: 2 },
  ...{ "==": 4, "!=": 4, "<": 4, "<=": 4, ">": 4, ">=": 4 },
  ...{ "+": 5, "-": 5 },
  ...{ "*": 6, "/": 6, "%": 6 },
};
const negation = 3;
const comparison = precedence["=="];

/** operation { "|>" stage } */
export function readExpression(reading: Reading, cst: CstNode): Expr {
  const head = readOperation(reading, cst);
  const stages = nodes(cst, "stage").map((stage) => readStage(reading, stage));
  const last = stages.at(-1);
  if (last === undefined) return head;
  return reading.grown({ kind: "pipeline", head, stages, span: cover(head.span, last.span) }, [head, ...stages]);
}

/** or: operands with operators between them. */
export function readOperation(reading: Reading, cst: CstNode): Expr {
  return readRow(reading, cst, precedence.or);
}

/** sum: operands with arithmetic operators only. */
function readSum(reading: Reading, cst: CstNode): Expr {
  return readRow(reading, cst, precedence["+"]);
}

function readRow(reading: Reading, cst: CstNode, loosest: number): Expr {
  const operands = nodes(cst, "operand");
  const operators = tokens(cst, t.BinaryOperator);
  let next = 0;
  const result = row(loosest);
  const odd = operands.length > 1 ? operands.find((operand) => optionalNode(operand, "tensors")) : undefined;
  if (odd !== undefined) refuseTensors(reading, odd);
  const rest = operators[next - 1];
  if (rest !== undefined) reading.refuse(rest, "the end of the size");
  return result;

  /** Reads the next operand and continues while operators bind at least as tightly as `loosest`. */
  function row(loosest: number): Expr {
    const operand = operands[next++]!;
    const first = readOperand(reading, operand);
    const not = optionalToken(operand, t.Not);
    if (not === undefined) return climb(first, loosest);
    if (loosest > negation) reading.refuse(not, "an operand", "put `not` and its operand in parentheses here");
    const negated = climb(first, comparison);
    const span = cover(tokenSpan(reading.source, not), negated.span);
    return climb(reading.grown({ kind: "unary", op: "not", operand: negated, span }, [negated]), loosest);
  }

  function climb(first: Expr, loosest: number): Expr {
    let left = first;
    let compared = false;
    for (;;) {
      const operator = operators[next - 1];
      if (operator === undefined || precedence[operation(operator)] < loosest) return left;
      const op = operation(operator);
      if (precedence[op] === comparison) {
        if (compared) reading.refuse(operator, "`and` or `or`", "join two comparisons with `and`: `a < b and b < c`");
        compared = true;
      }
      const right = row(precedence[op] + 1);
      const opSpan = tokenSpan(reading.source, operator);
      const span = cover(left.span, right.span);
      left = reading.grown({ kind: "binary", op, left, right, opSpan, span }, [left, right], opSpan);
    }
  }
}

function operation({ image }: IToken): BinaryOp {
  invariant(isOperation(image), `no precedence of ${image}`);
  return image;
}

function isOperation(image: string): image is BinaryOp {
  return Object.hasOwn(precedence, image);
}

/** { "-" } primary */
function readOperand(reading: Reading, cst: CstNode): Expr {
  return tokens(cst, t.Minus).reduceRight<Expr>(
    (operand, minus) => {
      const span = cover(tokenSpan(reading.source, minus), operand.span);
      return reading.grown({ kind: "unary", op: "-", operand, span }, [operand], span);
    },
    readPrimary(reading, cst),
  );
}

function readPrimary(reading: Reading, cst: CstNode): Expr {
  const literal = readLiteral(reading, cst);
  if (literal !== undefined) return reading.grown(literal, []);
  const call = optionalNode(cst, "call");
  if (call !== undefined) return readCall(reading, call);
  const repeat = optionalNode(cst, "repeat");
  if (repeat !== undefined) return readRepeat(reading, repeat);
  const tensors = optionalNode(cst, "tensors");
  if (tensors !== undefined) return readTensors(reading, cst, tensors);
  const match = optionalNode(cst, "match");
  if (match !== undefined) return readMatch(reading, match);
  const choice = optionalNode(cst, "if");
  if (choice !== undefined) return readIf(reading, choice);
  const list = optionalNode(cst, "list");
  if (list !== undefined) {
    const items = nodes(list, "expression").map((item) => readExpression(reading, item));
    return reading.grown({ kind: "list", items, span: nodeSpan(reading.source, list) }, items);
  }
  return readInParentheses(reading, cst);
}

/** "(" expr ")", the last brackets of a node. */
function readInParentheses(reading: Reading, cst: CstNode): Expr {
  const open = tokenSpan(reading.source, tokens(cst, t.LParen).at(-1)!);
  const close = tokenSpan(reading.source, tokens(cst, t.RParen).at(-1)!);
  return reading.wrapped(readExpression(reading, node(cst, "expression")), cover(open, close));
}

/** "(" expr "," expr { "," expr } [ "," ] ")" */
function readTensors(reading: Reading, operand: CstNode, cst: CstNode): Expr {
  const items = nodes(cst, "expression").map((item) => readExpression(reading, item));
  if (items.length < 2 || operand.children["Minus"] !== undefined || operand.children["Not"] !== undefined)
    refuseTensors(reading, cst);
  return reading.grown({ kind: "tensors", items, span: nodeSpan(reading.source, cst) }, items);
}

/** Complains about a list in parentheses that is not the whole head of a pipeline. */
function refuseTensors(reading: Reading, cst: CstNode): void {
  const helps = [{ text: "several tensors only begin a pipeline", code: "(a, b) |> F" }];
  const where = "an expression in parentheses";
  reading.complain(mistake("several-values", nodeSpan(reading.source, cst), { where }, { helps }));
}

function readLiteral({ source }: Reading, cst: CstNode): Expr | undefined {
  const number = optionalToken(cst, t.NumberLiteral);
  if (number !== undefined)
    return { kind: "number", value: Number(number.image), raw: number.image, span: tokenSpan(source, number) };
  const bool = optionalToken(cst, t.BoolLiteral);
  if (bool !== undefined) return { kind: "bool", value: bool.image === "true", span: tokenSpan(source, bool) };
  const inf = optionalToken(cst, t.Inf);
  return inf && { kind: "inf", span: tokenSpan(source, inf) };
}

function readCall(reading: Reading, cst: CstNode): Call {
  const { source } = reading;
  const [callee, ...path] = tokens(cst, t.Identifier).map((name) => nameOf(source, name));
  invariant(callee !== undefined, "a call without a callee");
  const label = optionalToken(cst, t.Label);
  const args = nodes(cst, "arg").map((arg) => readArg(reading, arg));
  const call: Call = {
    kind: "call",
    callee,
    args: optionalToken(cst, t.LParen) && args,
    path,
    label: label && readLabel(reading, label),
    span: nodeSpan(source, cst),
  };
  return reading.grown(call, [...args.flatMap(partsOf), ...(call.label?.sums ?? [])]);
}

/** Reads a label, whose braces contain sums. */
function readLabel(reading: Reading, label: IToken): Label {
  const { source } = reading;
  const span = tokenSpan(source, label);
  const sums: Expr[] = [];
  for (const { 0: braces, index } of label.image.matchAll(/\{[^{}]*\}/g)) {
    const start = span.start + index;
    const found = readPart(reading, { ...span, start, end: start + braces.length });
    if (found !== undefined) sums.push(found);
  }
  const text = label.image.slice(1).replace(/\{[^{}]*\}/g, "{}");
  if (/[\d}]\{|\}\d/.test(text)) {
    const notes = ["otherwise two labels with different numbers could be the same"];
    const expected = "a letter, `_` or `.` between two numbers of a label";
    reading.complain(mistake("syntax-error", span, { found: quoted(label.image), expected }, { notes }));
  }
  return { text, sums, span };
}

/** Reads the sum in the braces of a label. */
function readPart(reading: Reading, braces: Span): Expr | undefined {
  const start = braces.start + 1;
  const { tokens: found, errors, groups } = t.lexer.tokenize(braces.source.text.slice(start, braces.end - 1));
  for (const token of found) {
    token.startOffset += start;
    token.endOffset = token.startOffset + token.image.length - 1;
  }
  const hasComment = Object.values(groups).some((group) => group.length > 0);
  const parsed = errors.length === 0 && !hasComment && found.length > 0 ? parseTokens("operation", found) : undefined;
  if (parsed !== undefined && parsed !== "too-deep" && "cst" in parsed) return readSum(reading, parsed.cst);
  const helps = /\/\//.test(textOf(braces))
    ? [{ text: "round a quotient down with", code: "@layers.{floor(i / 2)}" }]
    : [{ text: "a label contains sums of sizes", code: "@layers.{i + 1}" }];
  const expected = "a size in the braces of a label";
  reading.complain(mistake("syntax-error", braces, { found: quoted(textOf(braces)), expected }, { helps }));
  return undefined;
}

function partsOf(arg: Arg): Expr[] {
  return arg.kind === "map" ? [arg.from, ...arg.to.axes.flatMap(({ size }) => size ?? [])] : [arg.value];
}

function readArg(reading: Reading, cst: CstNode): Arg {
  const span = nodeSpan(reading.source, cst);
  const value = readExpression(reading, node(cst, "expression"));
  const name = optionalToken(cst, t.Identifier);
  if (name !== undefined) return { kind: "named", name: nameOf(reading.source, name), value, span };
  const group = optionalNode(cst, "axisGroup");
  if (group === undefined) return { kind: "positional", value, span };
  return { kind: "map", from: value, to: readAxisGroup(reading, group), span };
}

function readAxisGroup(reading: Reading, cst: CstNode): AxisGroup {
  const axes = nodes(cst, "axisSpec").map((axis) => readAxisSpec(reading, axis));
  return { axes, list: optionalToken(cst, t.LSquare) !== undefined, span: nodeSpan(reading.source, cst) };
}

/** ID [ ":" sum ] */
export function readAxisSpec(reading: Reading, cst: CstNode): AxisSpec {
  const size = optionalNode(cst, "operation");
  return {
    name: nameOf(reading.source, token(cst, t.Identifier)),
    size: size && readSum(reading, size),
    span: nodeSpan(reading.source, cst),
  };
}

export function readChoices(reading: Reading, cst: CstNode): Choice[] {
  return nodes(node(cst, "choices"), "choice").map((choice) => {
    const span = nodeSpan(reading.source, choice);
    return { text: textOf(span), span };
  });
}

function readMatch(reading: Reading, cst: CstNode): Match {
  if (reading.inWhere) reading.refuse(token(cst, t.Match), "a comparison", "a constraint must be true or false");
  const subject = readOperation(reading, node(cst, "operation"));
  const arms = nodes(cst, "arm").map((arm): Arm => {
    const choices = readChoices(reading, arm);
    const value = readValues(reading, arm);
    return { choices, value, span: cover(choices[0]!.span, value.span) };
  });
  const match: Match = { kind: "match", subject, arms, span: nodeSpan(reading.source, cst) };
  return reading.grown(match, [subject, ...arms.map(({ value }) => value)]);
}

/** Reads an `if`. An `else if` becomes an `If` in the `else`. */
function readIf(reading: Reading, cst: CstNode): If {
  const [first] = tokens(cst, t.If);
  if (reading.inWhere && first !== undefined)
    reading.refuse(first, "a comparison", "the condition of a constraint comes after it: `where a == b if c == d`");
  const end = nodeSpan(reading.source, cst);
  const branches = nodes(cst, "branch");
  const last = readValues(reading, cst);
  const chain = tokens(cst, t.If).reduceRight<Expr>((otherwise, word, i) => {
    const condition = readOperation(reading, node(branches[i]!, "operation"));
    const then = readValues(reading, branches[i]!);
    const span = { ...end, start: word.startOffset };
    return reading.grown({ kind: "if", condition, then, else: otherwise, span }, [condition, then, otherwise]);
  }, last);
  invariant(chain.kind === "if", "an `if` without a branch");
  return chain;
}

/** expr { "," expr } */
function readValues(reading: Reading, cst: CstNode): Expr {
  const items = nodes(node(cst, "values"), "expression").map((item) => readExpression(reading, item));
  const [first, last] = [items[0]!, items.at(-1)!];
  if (first === last) return first;
  return reading.grown({ kind: "values", items, span: cover(first.span, last.span) }, items);
}

function readStage(reading: Reading, cst: CstNode): Stage {
  const repeat = optionalNode(cst, "repeat");
  if (repeat !== undefined) return readRepeat(reading, repeat);
  const call = optionalNode(cst, "call");
  if (call !== undefined) return readCall(reading, call);
  const match = optionalNode(cst, "match");
  const stage = match !== undefined ? readMatch(reading, match) : readIf(reading, node(cst, "if"));
  requireStages(reading, stage);
  return stage;
}

function readRepeat(reading: Reading, cst: CstNode): Repeat {
  const { source } = reading;
  const index = optionalToken(cst, t.Identifier);
  const count = readSum(reading, node(cst, "operation"));
  const call = optionalNode(cst, "call");
  const step = call !== undefined ? readCall(reading, call) : readInParentheses(reading, cst);
  requireStages(reading, step);
  const label = optionalToken(cst, t.Label);
  const repeat: Repeat = {
    kind: "repeat",
    index: index && nameOf(source, index),
    count,
    step,
    label: label && readLabel(reading, label),
    span: nodeSpan(source, cst),
  };
  return reading.grown(repeat, [count, step, ...(repeat.label?.sums ?? [])]);
}

/** Complains unless a value is a chain of stages, as it must be in a `layer` and in the branches of a piped `match` or `if`. */
export function requireStages(reading: Reading, value: Expr): void {
  const wrong = reading.mistake === undefined ? notAStage(value) : undefined;
  if (wrong === undefined) return;
  const notes = ["a stage is a call that omits the piped tensor"];
  reading.complain(mistake("not-a-stage", wrong.span, { found: quoted(textOf(wrong.span)) }, { notes }));
}

function notAStage(value: Expr): Expr | undefined {
  switch (value.kind) {
    case "call":
    case "repeat":
      return undefined;
    case "pipeline":
      return notAStage(value.head);
    case "match":
      return value.arms.map((arm) => notAStage(arm.value)).find((wrong) => wrong !== undefined);
    case "if":
      return notAStage(value.then) ?? notAStage(value.else);
    default:
      return value;
  }
}
