/** @file Expressions in size positions: evaluates `c / r` or `ceil(h / 2)` in a frame and adds their obligations. */
import type { BinaryExpr, Call, Expr } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf, type Span } from "../../source/source.ts";
import { didYouMean, nearest } from "../../source/suggest.ts";
import { foreignProperties, foreignTypeNames, foreignValues } from "../../source/words/python.ts";
import { helpOf, helpOfCall, valueHelp } from "../../source/words/word.ts";
import { addParameter } from "../advice/header-edits.ts";
import { plainName, report, type Frame } from "../frame/frame.ts";
import { kindOf, type Val } from "../frame/values.ts";
import { requireAtLeast, requireBuildTime, requireDivides } from "../prove/obligations.ts";
import { indexHelp } from "../text/repeats.ts";
import { decideCondition, inBranch } from "./conditions.ts";
import { isFloat, roundedFloat, roundings } from "./floats.ts";

/** Evaluates a size; undefined if an error was reported. */
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
  const helps = expr.kind === "list" ? [helpOf(foreignTypeNames.get("list")!)] : [];
  report(frame, "not-a-size", expr.span, { what: `\`${textOf(expr.span)}\`` }, { helps });
}

const sizeOfAxisHelp = (code: string, span: Span): Help[] => [
  { text: "the size of the axis is", code, edits: [{ span, text: code }] },
];

/** Evaluates `c`, or `y.c`, the size of a tensor's axis. */
function named(frame: Frame, expr: Call): Size | undefined {
  const { text, span } = expr.callee;
  const axis = expr.path[0];
  if (axis !== undefined) return sizeOfAxis(frame, expr);
  const size = frame.sizes.get(text);
  if (size !== undefined) return size;
  const val = frame.names.get(text);
  if (val === undefined) {
    const word = foreignValues.get(text);
    const fix = word === undefined ? didYouMean(span, nearest(text, [...frame.sizes.keys()])) : [valueHelp(word, span)];
    const { decl } = frame.signature;
    const owner = frame.signature.tensors.find(({ type }) => type.axes.some((axis) => axis.name.text === text));
    const [help = addParameter(decl, `${text}: int`, "make it a parameter")] = [
      // `x: [c: 24]` has no size `c`.
      ...(owner === undefined ? [] : sizeOfAxisHelp(`${owner.name.text}.${text}`, span)),
      ...fix,
      ...indexHelp(decl, text, span),
    ];
    report(frame, "unknown-size", span, { name: text }, { helps: [help] });
    return undefined;
  }
  if (val.kind === "size") return val.size;
  if (val.kind === "unknown") return undefined;
  const helps = val.kind === "tensor" ? [axisSize(text, val)] : val.kind === "number" ? floatHelps(frame, text) : [];
  report(frame, "not-a-size", expr.span, { what: `\`${text}\` is ${kindOf(val)}, which` }, { helps });
  return undefined;
}

function sizeOfAxis(frame: Frame, expr: Call): Size | undefined {
  const [axis, further] = expr.path;
  const val = frame.names.get(expr.callee.text);
  if (val?.kind === "unknown") return undefined;
  if (val?.kind !== "tensor" || further !== undefined) {
    if (val === undefined) {
      const tensors = [...frame.names].flatMap(([name, { kind }]) => (kind === "tensor" ? [name] : []));
      const helps = didYouMean(expr.callee.span, nearest(expr.callee.text, tensors));
      report(frame, "unknown-name", expr.callee.span, { name: expr.callee.text }, { helps });
    } else notASize(frame, expr);
    return undefined;
  }
  const size = val.value.type.axes.get(axis!.text);
  if (size === undefined) {
    const axes = [...val.value.type.axes.keys()];
    const args = { callee: `.${axis!.text}`, axis: axis!.text, type: `[${axes.join(", ")}]` };
    const word = foreignProperties.get(axis!.text);
    const helps =
      word === undefined
        ? didYouMean(axis!.span, nearest(axis!.text, axes))
        : [helpOfCall(word, { args: [expr.callee.text] })];
    report(frame, "missing-axis", axis!.span, args, { helps });
  }
  return size;
}

/** Evaluates `floor(a / b)` or `ceil(a / b)`, where the division need not be exact, `pow`, and `min` or `max` of numbers. */
function rounded(frame: Frame, expr: Call): Size | undefined {
  const { sizes } = frame.context;
  const name = expr.callee.text;
  const args = (expr.args ?? []).flatMap((arg) => (arg.kind === "positional" ? [arg.value] : []));
  const plain = args.length === expr.args?.length && expr.path.length === 0;
  if (Object.hasOwn(roundings, name) && plain && args.length === 1) {
    const [inner] = args;
    if (name === "round" || isFloat(frame, inner!))
      return roundedFloat(frame, name as keyof typeof roundings, inner!, expr);
    if (inner!.kind !== "binary" || inner.op !== "/") return sizeOf(frame, inner!);
    const dividend = sizeOf(frame, inner.left);
    const divisor = sizeOf(frame, inner.right);
    if (dividend === undefined || divisor === undefined) return undefined;
    if (!requireAtLeast(frame, divisor, sizes.int(1), { span: inner.right.span, what: "the divisor" }))
      return undefined;
    return name === "floor" ? sizes.floor(dividend, divisor) : sizes.ceil(dividend, divisor);
  }
  if (name === "pow" && plain && args.length === 2) return power(frame, args[0]!, args[1]!);
  if ((name === "min" || name === "max") && plain && args.length >= 2) return extreme(frame, name, args);
  return notASize(frame, expr);
}

/** Evaluates `min(…)` or `max(…)`. Until all sizes are known, it is an unknown size between the bounds of its arguments. */
function extreme(frame: Frame, name: "min" | "max", args: readonly Expr[]): Size | undefined {
  const { sizes } = frame.context;
  const values: Size[] = [];
  for (const arg of args) {
    const size = sizeOf(frame, arg);
    if (size === undefined) return undefined;
    requireBuildTime(frame, size, { kind: "attribute", name }, arg.span);
    values.push(frame.world.facts.apply(size));
  }
  if (values.some((value) => isOfRunTime(frame, value))) return undefined;
  const pick = (numbers: readonly bigint[]): bigint =>
    numbers.reduce((best, next) => ((name === "min" ? next < best : next > best) ? next : best));
  const numbers = values.map((value) => sizes.constant(value));
  if (numbers.every((number) => number !== undefined)) return sizes.int(pick(numbers));
  const text = `${name}(${values.map((value) => sizes.print(value)).join(", ")})`;
  const least = pick(values.map((value) => sizes.lower(value) ?? 0n));
  const key = `${name} ${values.map(({ id }) => id).join(" ")}`;
  const value = (numbers: readonly number[]): number => Math[name](...numbers);
  return frame.context.unknownSize(key, text, least, { of: values, value });
}

/** Whether a size depends on an input of a model, which was reported where it must be known when the model is built. */
const isOfRunTime = ({ context, world }: Frame, size: Size): boolean =>
  [...context.sizes.variables(world.facts.apply(size))].some(({ time }) => time === "run");

/** The largest exponent of a power of sizes: beyond it, sizes have too many digits for any tensor. */
const exponentLimit = 64n;

/** The largest exponent of an unknown size that is written out as a product. */
const longestProduct = 8n;

/** Evaluates `pow(2, i)`. Until both sizes are known, the power is an unknown size of at least 1. */
function power(frame: Frame, base: Expr, exponent: Expr): Size | undefined {
  const { sizes } = frame.context;
  const [of, to] = [sizeOf(frame, base), sizeOf(frame, exponent)];
  if (of === undefined || to === undefined) return undefined;
  if (!requireAtLeast(frame, of, sizes.int(1), { span: base.span, what: "the base" })) return undefined;
  if (!requireAtLeast(frame, to, sizes.int(0), { span: exponent.span, what: "the exponent" })) return undefined;
  for (const [size, { span }] of [
    [of, base],
    [to, exponent],
  ] as const)
    requireBuildTime(frame, size, { kind: "attribute", name: "pow" }, span);
  if (isOfRunTime(frame, of) || isOfRunTime(frame, to)) return undefined;
  const [a, b] = [of, to].map((size) => sizes.constant(frame.world.facts.apply(size)));
  // A product is known to the prover; `pow(k, 2)` is `k * k`.
  if (b !== undefined && b <= longestProduct && a === undefined)
    return Array.from({ length: Number(b) }, () => of).reduce(
      (product, size) => sizes.mul(product, size),
      sizes.int(1),
    );
  if (a === undefined || b === undefined) {
    const text = `pow(${sizes.print(of)}, ${sizes.print(to)})`;
    const value = ([base, exponent]: readonly number[]): number => base! ** exponent!;
    return frame.context.unknownSize(`pow ${of.id} ${to.id}`, text, 1n, { of: [of, to], value });
  }
  if (b <= exponentLimit) return sizes.int(a ** b);
  report(frame, "too-large", exponent.span, { what: `the exponent ${b} is more than ${exponentLimit}` });
  return undefined;
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
      return exactQuotient(frame, expr, a, b, isNumber(expr.left) && isNumber(expr.right));
    default:
      return requireAtLeast(frame, b, sizes.int(1), { span: expr.right.span, what: "the divisor" })
        ? sizes.mod(a, b)
        : undefined;
  }
}

const isNumber = (expr: Expr): boolean => expr.kind === "number";

/**
 * Divides sizes exactly. With `rounds`, suggests rounding numbers that do not divide, because a float would not help.
 */
export function exactQuotient(frame: Frame, expr: BinaryExpr, a: Size, b: Size, rounds = false): Size | undefined {
  const help = () => ({ text: "round it", code: `floor(${textOf(expr.span)})` });
  const sound = requireDivides(frame, b, a, {
    span: expr.span,
    what: `\`${textOf(expr.span)}\``,
    divisor: textOf(expr.right.span),
    dividend: textOf(expr.left.span),
    ...(rounds && { help }),
  });
  return sound ? frame.context.sizes.divide(a, b) : undefined;
}

/** Returns the name of a plain reference, for positions that take an axis or a choice. */
export function nameOf(expr: Expr): string | undefined {
  return plainName(expr)?.text;
}

/** Suggests `y.c`, with an axis that the tensor has. */
function axisSize(name: string, val: Val & { readonly kind: "tensor" }): Help {
  const axes = [...val.value.type.axes.keys()];
  return {
    text: "for the size of one of its axes, write",
    code: `${name}.${axes.includes("c") ? "c" : (axes.at(-1) ?? "c")}`,
  };
}

/** Suggests declaring a float parameter as `int` if it is used as a size. */
function floatHelps({ signature }: Frame, name: string): Help[] {
  const type = signature.parameters.find((parameter) => parameter.name === name)?.ast.choices[0];
  if (type === undefined) return [];
  return [
    { text: "declare it as a whole number", code: `${name}: int`, edits: [{ span: type.span, text: "int" }] },
    { text: "or round what it is multiplied by", code: `floor(c * ${name})` },
  ];
}
