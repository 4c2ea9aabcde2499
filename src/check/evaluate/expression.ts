/** @file Expressions in value positions. A name is looked up as a tensor, then as a parameter, then as a size. */
import { isI32 } from "../../contract/ndarray.ts";
import type { Value } from "../../ir/graph.ts";
import type { BinaryExpr, Call, Expr, ListExpr, Pipeline, UnaryExpr } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";
import type { Help } from "../../source/diagnostic.ts";
import { InternalError } from "../../source/internal-error.ts";
import { cover, textOf } from "../../source/source.ts";
import { didYouMean, nearest } from "../../source/suggest.ts";
import { report, type Frame } from "../frame/frame.ts";
import { kindOf, unknown, type Float, type Val } from "../frame/values.ts";
import { foreignValues } from "../../source/words/python.ts";
import { valueHelp } from "../../source/words/word.ts";
import { indexHelp } from "../text/repeats.ts";
import { definitions } from "../text/scope.ts";
import { applyOperator } from "./apply.ts";
import { evaluateCall } from "./call.ts";
import { decideCondition, inBranch, isComparison } from "./conditions.ts";
import { combined, floatOfSize, isOperation, negated } from "./floats.ts";
import { applyStages } from "./pipeline.ts";
import { exactQuotient, nameOf, sizeOf } from "./sizes.ts";

/** Evaluates an expression; `unknown` if an error was reported. `results` is the number of names it is assigned to. */
export function value(frame: Frame, expr: Expr, results = 1): Val {
  switch (expr.kind) {
    case "number":
      return /[.e]/i.test(expr.raw)
        ? { kind: "number", value: expr.value }
        : { kind: "size", size: frame.context.sizes.int(BigInt(expr.raw)) };
    case "bool":
      return { kind: "bool", value: expr.value };
    case "inf":
      return { kind: "number", value: Infinity };
    case "list":
      report(frame, "not-a-tensor", expr.span, { what: "a list" }, { helps: listHelp(frame, expr) });
      return unknown;
    case "unary":
      return unary(frame, expr);
    case "binary":
      return binary(frame, expr);
    case "call":
      return expr.args === undefined && expr.label === undefined
        ? reference(frame, expr)
        : evaluateCall(frame, expr, [], results);
    case "match":
      return inBranch(frame, expr, (arm) => value(frame, arm, results)) ?? unknown;
    case "if": {
      const decided = decideCondition(frame, expr.condition);
      return decided === undefined ? unknown : value(frame, decided ? expr.then : expr.else, results);
    }
    case "pipeline":
      return pipeline(frame, expr, results);
    case "values": {
      const vals = expr.items.map((item) => toTensor(frame, value(frame, item), item, []));
      return { kind: "tensors", values: vals, names: [] };
    }
    case "repeat":
      report(
        frame,
        "repeat-first",
        expr.span,
        {},
        { helps: [{ text: "pipe a tensor into it", code: "x |> repeat(…) …" }] },
      );
      return unknown;
    case "tensors":
      throw new InternalError("several tensors outside of a pipeline");
  }
}

/** Suggests what PyTorch's `mean([2, 3])` and `cat([a, b])` are here. */
function listHelp(frame: Frame, { items, span }: ListExpr): Help[] {
  const isAxis = (name: string | undefined) => name !== undefined && frame.names.get(name)?.kind !== "tensor";
  if (items.map(nameOf).every(isAxis))
    return [{ text: "if these are axes, name the attribute", code: `axis: ${textOf(span)}` }];
  const [first, last] = [items[0], items.at(-1)];
  const isArgument = /[(,]\s*$/.test(span.source.text.slice(0, span.start));
  if (first === undefined || last === undefined || !isArgument) return [];
  const code = textOf(cover(first.span, last.span));
  return [{ text: "pass several tensors one by one", code, edits: [{ span, text: code }] }];
}

function pipeline(frame: Frame, expr: Pipeline, results: number): Val {
  const { head, stages } = expr;
  if (head.kind !== "tensors")
    return applyStages(frame, stages, { vals: [value(frame, head)], several: false }, results);
  const given = head.items.map((item) => value(frame, item));
  const vals = given.map((val, i): Val => {
    const tensor = toTensor(frame, val, head.items[i]!, given);
    return tensor === undefined ? unknown : { kind: "tensor", value: tensor };
  });
  return applyStages(frame, stages, { vals, several: true }, results);
}

/** Evaluates a name, the size of a tensor's axis, or one of several results. */
function reference(frame: Frame, expr: Call): Val {
  const name = expr.callee.text;
  const val = frame.names.get(name);
  if (expr.path.length > 0) {
    if (val?.kind === "tensors") return pickResult(frame, val, expr);
    const size = sizeOf(frame, expr);
    return size === undefined ? unknown : { kind: "size", size };
  }
  if (val !== undefined) return val;
  const size = frame.sizes.get(name);
  if (size !== undefined) return { kind: "size", size };
  // A block without tensor parameters, or an operator that needs no arguments, may be called without parentheses.
  if (Object.hasOwn(frame.context.operators, name) || frame.block.module.visible.has(name))
    return evaluateCall(frame, expr, [], 1);
  if (frame.block.module.lost.has(name)) return unknown;
  const { span } = expr.callee;
  const later = definitions(frame.signature.decl).find(
    (given) => given.name.text === name && given.name.span.start > span.start,
  );
  const labels = later === undefined ? [] : [{ span: later.name.span, text: "it is assigned only here" }];
  const word = foreignValues.get(name);
  const isKnown = later !== undefined || word !== undefined;
  const near = isKnown ? undefined : nearest(name, [...frame.names.keys(), ...frame.sizes.keys()]);
  const helps = [
    ...(word === undefined ? didYouMean(span, near) : [valueHelp(word, span)]),
    ...indexHelp(frame.signature.decl, name, span),
  ];
  report(frame, "unknown-name", span, { name }, { labels, helps });
  return unknown;
}

/** Picks one result by name: `F(x).p3`. */
export function pickResult(frame: Frame, val: Val, expr: Call): Val {
  const [name, further] = expr.path;
  if (name === undefined || val.kind === "unknown") return val;
  if (val.kind === "tensors" && further === undefined) {
    const index = val.names.indexOf(name.text);
    const picked = val.values[index];
    if (index >= 0) return picked === undefined ? unknown : { kind: "tensor", value: picked };
    const names = val.values.map((_, i) => String.fromCharCode("a".charCodeAt(0) + i)).join(", ");
    const helps =
      val.names.length > 0
        ? [...didYouMean(name.span, nearest(name.text, val.names)), `its results are ${val.names.join(", ")}`]
        : [{ text: "its results have no names: give them some", code: `${names} = ${expr.callee.text}(…)` }];
    report(frame, "unknown-name", name.span, { name: name.text }, { helps });
    return unknown;
  }
  report(frame, "wrong-result-count", name.span, {
    what: `\`${expr.callee.text}\``,
    found: kindOf(val),
    expected: "several results are",
  });
  return unknown;
}

function unary(frame: Frame, expr: UnaryExpr): Val {
  if (expr.op === "not") {
    if (!mayBeTensor(frame, expr.operand)) return condition(frame, expr);
    const operand = value(frame, expr.operand);
    if (operand.kind !== "tensor") return operand.kind === "unknown" ? unknown : condition(frame, expr);
    return symbol(frame, "not", expr, [{ expr: expr.operand, val: operand }]);
  }
  const operand = value(frame, expr.operand);
  if (operand.kind === "number") return { kind: "number", ...negated(operand) };
  if (operand.kind === "size") return { kind: "size", size: frame.context.sizes.neg(operand.size) };
  return symbol(frame, "neg", expr, [{ expr: expr.operand, val: operand }]);
}

function binary(frame: Frame, expr: BinaryExpr): Val {
  const logical = expr.op === "and" || expr.op === "or";
  if ((logical || isComparison(expr.op)) && !mayBeTensor(frame, expr.left) && !mayBeTensor(frame, expr.right))
    return condition(frame, expr);
  const left = value(frame, expr.left);
  const right = value(frame, expr.right);
  if (left.kind === "unknown" || right.kind === "unknown") return unknown;
  if (left.kind !== "tensor" && right.kind !== "tensor") {
    if (logical || isComparison(expr.op)) return condition(frame, expr);
    const scalar = scalarArithmetic(frame, expr, left, right);
    if (scalar !== undefined) return scalar;
  }
  return symbol(frame, expr.op, expr, [
    { expr: expr.left, val: left },
    { expr: expr.right, val: right },
  ]);
}

/** Whether the expression may be evaluated as a value. Choices are not values. */
function mayBeTensor(frame: Frame, expr: Expr): boolean {
  if (expr.kind === "number" || expr.kind === "bool" || expr.kind === "inf") return false;
  if (expr.kind !== "call" || expr.args !== undefined) return expr.kind !== "list";
  const val = frame.names.get(expr.callee.text);
  return expr.path.length === 0 && val?.kind === "tensor";
}

function condition(frame: Frame, expr: Expr): Val {
  const decided = decideCondition(frame, expr);
  return decided === undefined ? unknown : { kind: "bool", value: decided };
}

/** Computes with known numbers and sizes; undefined if the result is a tensor. */
function scalarArithmetic(frame: Frame, expr: BinaryExpr, left: Val, right: Val): Val | undefined {
  const { sizes } = frame.context;
  if (left.kind === "size" && right.kind === "size") {
    if (expr.op === "/") {
      const size = exactQuotient(frame, expr, left.size, right.size);
      return size === undefined ? unknown : { kind: "size", size };
    }
    const size = sizeOf(frame, expr);
    return size === undefined ? unknown : { kind: "size", size };
  }
  const numberOf = (val: Val): Float | undefined => {
    if (val.kind === "number") return val;
    if (val.kind !== "size") return undefined;
    const isKnown = sizes.constant(val.size) !== undefined || isSetting(frame, val.size);
    return isKnown ? floatOfSize(frame, val.size) : undefined;
  };
  const a = numberOf(left);
  const b = numberOf(right);
  if (a === undefined || b === undefined || !isOperation(expr.op)) return undefined;
  if (b.value === 0 && (expr.op === "/" || expr.op === "%")) {
    report(frame, "zero-divisor", expr.opSpan, { callee: expr.op });
    return unknown;
  }
  return { kind: "number", ...combined(expr.op, a, b) };
}

/** Whether `int` parameters and indices of repetitions decide a size: then it is a number when the model is built. */
function isSetting({ context: { sizes }, names }: Frame, size: Size): boolean {
  const given = new Set(
    [...names.values()].flatMap((val) => (val.kind === "size" ? [...sizes.variables(val.size)] : [])),
  );
  return [...sizes.variables(size)].every((variable) => given.has(variable));
}

/** Applies an operator that is written as a symbol. */
function symbol(
  frame: Frame,
  name: string,
  expr: BinaryExpr | UnaryExpr,
  operands: readonly { readonly expr: Expr; readonly val: Val }[],
): Val {
  const values = operands.map(({ val }) => val);
  const inputs = operands.map(({ expr, val }) => ({ span: expr.span, value: toTensor(frame, val, expr, values) }));
  if (inputs.some((input) => input.value === undefined)) return unknown;
  for (const { expr: operand, val } of operands)
    if (val.kind === "size" && operand.kind === "binary" && operand.op === "/")
      report(
        frame,
        "exact-division-in-arithmetic",
        operand.span,
        { division: textOf(operand.span) },
        { helps: multiplyFirst(expr, operand) },
      );
  const span = expr.kind === "binary" ? expr.opSpan : { ...expr.span, end: expr.span.start + expr.op.length };
  return applyOperator(
    {
      frame,
      span,
      whole: expr.span,
      callee: expr.op,
      inputs: inputs as { span: typeof span; value: Value }[],
      attributes: new Map(),
    },
    frame.context.symbols[name]!,
    {},
    "",
  );
}

/**
 * Converts a value to a tensor operand. Numbers and sizes become rank-0 tensors; whole ones that fit take the type of an i32
 * operand next to them. A bool operand does not affect the type: it is the condition of a `where`.
 */
export function toTensor(frame: Frame, val: Val, expr: Expr, beside: readonly Val[]): Value | undefined {
  switch (val.kind) {
    case "tensor":
      return val.value;
    case "number":
      return frame.context.builder.scalar(val.value);
    case "size": {
      const dtypes = beside.flatMap((other) => (other.kind === "tensor" ? [other.value.type.dtype] : []));
      const numbers = dtypes.filter((dtype) => dtype !== "bool");
      const size = frame.world.facts.apply(val.size);
      const adapted = numbers.length > 0 && numbers.every((dtype) => dtype === "i32") ? "i32" : "f32";
      const constant = frame.context.sizes.constant(size) ?? 0n;
      if (adapted === "i32" && !isI32(Number(constant))) {
        report(frame, "too-large", expr.span, {
          what: `\`${textOf(expr.span)}\` is ${constant}, which an i32 does not hold`,
        });
        return undefined;
      }
      return frame.context.builder.scalar(size, adapted);
    }
    case "unknown":
      return undefined;
    case "tensors":
      report(frame, "wrong-result-count", expr.span, {
        what: `\`${textOf(expr.span)}\``,
        found: kindOf(val),
        expected: "one is",
      });
      return undefined;
    case "layer":
      report(
        frame,
        "layer-misuse",
        expr.span,
        { what: `layer \`${val.name.text}\` is not a tensor: call it with one` },
        { helps: [{ text: "call it", code: `${val.name.text}(x)` }] },
      );
      return undefined;
    default:
      report(frame, "not-a-tensor", expr.span, { what: kindOf(val) }, { helps: useOf(frame, val, expr) });
      return undefined;
  }
}

/** Suggests how to use a value that is not a tensor. */
function useOf(frame: Frame, val: Val, expr: Expr): Help[] {
  const text = textOf(expr.span);
  if (val.kind !== "choice") return [];
  if (Object.hasOwn(frame.context.operators, val.text)) return [{ text: "call it with a tensor", code: `${text}(x)` }];
  return [{ text: "match on its choices", code: `match ${text} { ${val.text} => … }` }];
}

/** Writes `k / 2` with a float: `0.5 * k`. */
function asFloat({ left, right }: BinaryExpr): string {
  const number = right.kind === "number" ? 1 / right.value : NaN;
  const isShort = String(number).length <= 6;
  return isShort ? `${number} * ${textOf(left.span)}` : `${textOf(left.span)} / ${textOf(right.span)}.0`;
}

/** Suggests `x * h / 2` for `x * (h / 2)`, which divides the tensor instead of the size. */
function multiplyFirst(expr: UnaryExpr | BinaryExpr, operand: BinaryExpr): Help[] {
  const text = textOf(operand.span);
  const inner = /^\(([^()]*)\)$/.exec(text)?.[1];
  if (expr.kind !== "binary" || expr.op !== "*" || expr.right !== operand || inner === undefined)
    return [{ text: "for a number that may be a fraction, write a float", code: asFloat(operand) }];
  const code = inner.trim();
  return [
    {
      text: "multiply first, to divide a tensor",
      code: `… * ${code}`,
      edits: [{ span: operand.span, text: code }],
    },
  ];
}
