/** @file Reads the attributes of an operator call into the values that the operator's record declares. */
import type { Initializer } from "../../contract/manifest.ts";
import type { Attribute, AxisMap, MappedAxis, Padding } from "../../ir/attribute.ts";
import type { Operator } from "../../ir/operator.ts";
import type { Arg, AxisSpec, Call, Expr } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";
import { textOf, type Span } from "../../source/source.ts";
import { didYouMean, nearest } from "../../source/suggest.ts";
import { report, type Frame } from "../frame/frame.ts";
import type { Val } from "../frame/values.ts";
import { requireAtLeast, requireBuildTime } from "../prove/obligations.ts";
import { foreignAttributes, foreignInitializers, otherAttributes } from "../text/foreign-names.ts";
import { dtypes, nearestDtype } from "../text/signature.ts";
import { branchOf, unknownChoice } from "./conditions.ts";
import { value } from "./expression.ts";
import { readFraction } from "./fractions.ts";
import { nameOf, sizeOf } from "./sizes.ts";

export interface ReadAttributes {
  readonly values: Readonly<Record<string, unknown>>;
  readonly spans: ReadonlyMap<string, Span>;
}

/** An attribute that could not be read; the error was reported. */
const failed = Symbol("failed");
type Read<T> = T | typeof failed;

/** An argument and the attribute it sets. For the `keyed` attribute, also the axis whose size it sets. */
interface Given {
  readonly attribute: string;
  readonly axis?: string;
  readonly arg: Arg;
}

/**
 * Reads the attributes of a call in the order of the record, with defaults filled in. `positional` holds the arguments
 * that are not tensors: `->` maps, and at most one attribute without its name. Undefined if an error was reported.
 */
export function readAttributes(
  frame: Frame,
  op: Operator,
  call: Call,
  positional: readonly Arg[],
  results: number,
): ReadAttributes | undefined {
  const named = (call.args ?? []).filter((arg) => arg.kind === "named");
  const given = assign(frame, op, [...positional, ...named]);
  const read = given.map((item) => (item === failed ? failed : readGiven(frame, op, item)));
  if (read.includes(failed)) return undefined;
  const sound = given.filter((item) => item !== failed);
  const values = fillDefaults(frame, op, call, sound, read, results);
  return values === undefined ? undefined : { values, spans: spansOf(sound) };
}

/** Finds the attribute that each argument sets. Reports arguments that match none, and duplicates. */
function assign(frame: Frame, op: Operator, args: readonly Arg[]): readonly Read<Given>[] {
  const nameOf = (fits: (attribute: Attribute) => boolean) =>
    Object.keys(op.attributes).find((name) => fits(op.attributes[name]!));
  const maps = nameOf(({ kind }) => kind === "maps");
  const keyed = nameOf(({ kind }) => kind === "keyed");
  const positional = nameOf((attribute) => attribute.positional);
  const seen = new Map<string, Span>();
  return args.map((arg): Read<Given> => {
    if (arg.kind === "map") return maps === undefined ? noMap(frame, op, arg) : { attribute: maps, arg };
    const name = arg.kind === "named" ? arg.name.text : positional;
    if (name === undefined) return arg.kind === "positional" ? unnamed(frame, op, arg) : failed;
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      const labels = [{ span: earlier, text: "first given here" }];
      report(frame, "duplicate-name", arg.span, { name, what: "given" }, { labels });
      return failed;
    }
    seen.set(name, arg.span);
    if (Object.hasOwn(op.attributes, name) && !isUnnamed(op.attributes[name]!)) return { attribute: name, arg };
    // `inplace: true` is not a size.
    const isForeign = otherAttributes.has(name) && arg.kind === "named" && arg.value.kind === "bool";
    if (keyed !== undefined && arg.kind === "named" && !isForeign) return { attribute: keyed, axis: name, arg };
    unknownAttribute(frame, op, arg);
    return failed;
  });
}

/**
 * Whether the attribute's name is never written: it is set by axes, by maps, or by the names on the left of the
 * statement.
 */
function isUnnamed({ kind }: Attribute): boolean {
  return kind === "keyed" || kind === "maps" || kind === "results";
}

function readGiven(frame: Frame, op: Operator, { attribute: name, axis, arg }: Given): Read<unknown> {
  const attribute = op.attributes[name]!;
  if (arg.kind === "map") return readMap(frame, arg);
  if (axis !== undefined) return readSizes(frame, axis, attribute, arg.value);
  return readOne(frame, op, name, attribute, arg.value);
}

/**
 * Returns the values of all attributes; reports the first one missing. `read` holds the values of `given`, in order.
 */
function fillDefaults(
  frame: Frame,
  op: Operator,
  call: Call,
  given: readonly Given[],
  read: readonly unknown[],
  results: number,
): Readonly<Record<string, unknown>> | undefined {
  const values: Record<string, unknown> = {};
  for (const [name, attribute] of Object.entries(op.attributes)) {
    const own = [...given.entries()].filter(([, item]) => item.attribute === name);
    if (attribute.kind === "keyed") values[name] = new Map(own.map(([i, { axis }]) => [axis, read[i]]));
    else if (attribute.kind === "maps") values[name] = own.map(([i]) => read[i]);
    else if (attribute.kind === "results") values[name] = results;
    else if (own.length > 0) values[name] = read[own[0]![0]];
    else if (attribute.default !== undefined || attribute.optional) values[name] = defaultValue(frame, attribute);
    else {
      const notes = [`\`${name}\`: ${attribute.doc}`];
      const helps = [{ text: "pass it", code: `${name}: …` }];
      report(frame, "missing-attribute", call.callee.span, { callee: op.name, name }, { notes, helps });
      return undefined;
    }
  }
  return values;
}

/** Returns where each attribute, and each axis of the `keyed` one, is set. */
function spansOf(given: readonly Given[]): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>();
  for (const { attribute, axis, arg } of given) {
    if (arg.kind === "map" || axis !== undefined) spans.set(attribute, arg.span);
    if (arg.kind !== "map") spans.set(axis ?? attribute, arg.value.span);
  }
  return spans;
}

/** Returns a default as a value: numbers in a record become sizes, and one value applies to all axes. */
function defaultValue(frame: Frame, attribute: Attribute): unknown {
  const { sizes } = frame.context;
  const given = attribute.default;
  if (given === undefined) return undefined;
  switch (attribute.kind) {
    case "size":
      return sizes.int(given as number);
    case "sizes":
      return [sizes.int(given as number)];
    case "padding":
      return typeof given === "number" ? [[sizes.int(given), sizes.int(given)]] : given;
    case "axes":
      return [given].flat();
    default:
      return given;
  }
}

function readOne(frame: Frame, op: Operator, name: string, attribute: Attribute, given: Expr): Read<unknown> {
  const expr = branchOf(frame, given);
  if (expr === undefined) return failed;
  switch (attribute.kind) {
    case "size":
      return oneSize(frame, name, attribute, expr);
    case "sizes":
      return each(expr, (item) => {
        const fraction = attribute.fractions ? readFraction(frame, name, item) : undefined;
        return fraction === undefined ? oneSize(frame, name, attribute, item) : (fraction.size ?? failed);
      });
    case "padding":
      return readPadding(frame, name, attribute, expr);
    case "number":
      return readNumber(frame, name, expr);
    case "bool": {
      const val = value(frame, expr);
      return val.kind === "bool" ? val.value : wrong(frame, name, "true or false", expr, val);
    }
    case "choice": {
      const chosen = wordOf(frame, expr);
      if (chosen !== undefined && attribute.choices.includes(chosen)) return chosen;
      unknownChoice(frame, expr.span, chosen ?? textOf(expr.span), { name, choices: attribute.choices });
      return failed;
    }
    case "axis":
      return axisName(frame, name, expr);
    case "axes":
      return each(expr, (item) => axisName(frame, name, item));
    case "like": {
      const val = value(frame, expr);
      if (val.kind === "unknown") return failed;
      return val.kind === "tensor" ? val.value.type : wrong(frame, name, "a tensor", expr, val);
    }
    case "init":
      return readInitializer(frame, expr) ?? failed;
    case "dtype": {
      const text = wordOf(frame, expr);
      if (text !== undefined && (dtypes as readonly string[]).includes(text)) return text;
      report(
        frame,
        "unknown-dtype",
        expr.span,
        { name: textOf(expr.span) },
        { helps: didYouMean(expr.span, text === undefined ? undefined : nearestDtype(text)) },
      );
      return failed;
    }
    case "keyed":
    case "maps":
    case "results":
      unknownAttribute(frame, op, { kind: "positional", value: expr, span: expr.span });
      return failed;
  }
}

/** Returns the word that an expression means: the current choice of a parameter with choices, or the name itself. */
function wordOf(frame: Frame, expr: Expr): string | undefined {
  const text = nameOf(expr);
  const given = text === undefined ? undefined : frame.names.get(text);
  return given?.kind === "choice" ? given.text : text;
}

function wrong(frame: Frame, name: string, expected: string, expr: Expr, val?: Val): typeof failed {
  if (val?.kind !== "unknown")
    report(frame, "bad-attribute", expr.span, { name, expected, found: `\`${textOf(expr.span)}\`` });
  return failed;
}

/** Reads one value or a list, always as a list. */
function each<T>(expr: Expr, read: (item: Expr) => Read<T>): Read<readonly T[]> {
  const items = (expr.kind === "list" ? expr.items : [expr]).map(read);
  return items.every((item) => item !== failed) ? (items as T[]) : failed;
}

function oneSize(frame: Frame, name: string, attribute: Attribute, expr: Expr): Read<Size> {
  const size = integer(frame, name, expr);
  if (size === failed) return failed;
  const least = frame.context.sizes.int(attribute.min);
  if (!requireAtLeast(frame, size, least, { span: expr.span, what: `\`${name}\`` })) return failed;
  if (!attribute.open) requireBuildTime(frame, size, { kind: "attribute", name }, expr.span);
  return size;
}

/** Reads a size; reports `bad-attribute` for a float. */
function integer(frame: Frame, name: string, expr: Expr): Read<Size> {
  if (expr.kind === "number" && /[.e]/i.test(expr.raw)) return wrong(frame, name, "a whole number", expr);
  if (expr.kind === "list" || expr.kind === "bool") return wrong(frame, name, "a size", expr);
  return sizeOf(frame, expr) ?? failed;
}

/** Reads the value of a key such as `h: 7` or `t: [0, 4]`. Run-time sizes are allowed. */
function readSizes(frame: Frame, name: string, attribute: Attribute, expr: Expr): Read<readonly Size[]> {
  return each(expr, (item) => {
    const size = integer(frame, name, item);
    if (size === failed || attribute.signed) return size;
    const least = frame.context.sizes.int(attribute.min);
    const at = { span: item.span, what: `\`${name}\``, note: attribute.doc };
    return requireAtLeast(frame, size, least, at) ? size : failed;
  });
}

const paddings = ["same", "same_tf"];

/** Reports `pad: valid`, the name of no padding in other frameworks. */
function noPadding(frame: Frame, name: string, expr: Expr, isChoice: boolean): void {
  const help = isChoice
    ? { text: "without padding it is 0", code: `${name}: match ${textOf(expr.span)} { valid => 0, … }` }
    : { text: "without padding, write", code: `${name}: 0`, edits: [{ span: expr.span, text: "0" }] };
  report(frame, "unknown-choice", expr.span, { name: "valid", parameter: name }, { helps: [help] });
}

function readPadding(frame: Frame, name: string, attribute: Attribute, expr: Expr): Read<Padding> {
  const word = wordOf(frame, expr);
  if (word === "same" || word === "same_tf") return word;
  const isChoice = frame.names.get(nameOf(expr) ?? "")?.kind === "choice";
  const isSize = word !== undefined && (frame.names.has(word) || frame.sizes.has(word));
  const near = word === "valid" ? word : nearest(word ?? "", paddings);
  if (word !== undefined && (isChoice || (!isSize && near !== undefined))) {
    if (word === "valid") noPadding(frame, name, expr, isChoice);
    else unknownChoice(frame, expr.span, word, { name, choices: paddings });
    return failed;
  }
  if (expr.kind !== "list") {
    const size = oneSize(frame, name, { ...attribute, min: 0 }, expr);
    return size === failed ? failed : [[size, size]];
  }
  const pads = expr.items.map((item) => {
    const pad = each(item, (part) => oneSize(frame, name, { ...attribute, min: 0 }, part));
    if (pad === failed) return failed;
    const [before, after = before, more] = item.kind === "list" && pad.length === 1 ? [] : pad;
    return before === undefined || after === undefined || more !== undefined
      ? wrong(frame, name, "a number, or a number or a pair for each axis", item)
      : ([before, after] as const);
  });
  return pads.every((pad) => pad !== failed) ? pads : failed;
}

function readNumber(frame: Frame, name: string, expr: Expr): Read<number> {
  if (expr.kind === "inf") return Infinity;
  if (expr.kind === "unary" && expr.op === "-" && expr.operand.kind === "inf") return -Infinity;
  const val = value(frame, expr);
  if (val.kind === "number") return val.value;
  if (val.kind !== "size") return wrong(frame, name, "a number", expr, val);
  requireBuildTime(frame, val.size, { kind: "attribute", name }, expr.span);
  const constant = frame.context.sizes.constant(val.size);
  return constant === undefined ? NaN : Number(constant);
}

function axisName(frame: Frame, name: string, expr: Expr): Read<string> {
  const text = wordOf(frame, expr);
  if (text !== undefined) return text;
  const helps = expr.kind === "list" ? [] : [{ text: "axes have names, not numbers", code: `${name}: c` }];
  report(
    frame,
    "bad-attribute",
    expr.span,
    { name, expected: "an axis", found: `\`${textOf(expr.span)}\`` },
    { helps },
  );
  return failed;
}

function readMap(frame: Frame, arg: Arg & { readonly kind: "map" }): Read<AxisMap> {
  const from = each(arg.from, (item) => axisName(frame, "->", item));
  const to = arg.to.axes.map((axis) => mappedAxis(frame, axis));
  return from === failed || to.includes(failed) ? failed : { from, to: to.filter((axis) => axis !== failed) };
}

function mappedAxis(frame: Frame, { name: { text: axis }, size: written, span }: AxisSpec): Read<MappedAxis> {
  if (written === undefined) return { axis, size: frame.sizes.get(axis), elided: true };
  const size = sizeOf(frame, written);
  const at = { span, what: `axis \`${axis}\` of the result` };
  return size !== undefined && requireAtLeast(frame, size, frame.context.sizes.int(1), at) ? { axis, size } : failed;
}

const initializers: Readonly<Record<string, (value: number | undefined) => Initializer | undefined>> = {
  kaiming: (value) => (value === undefined ? { kind: "kaiming" } : undefined),
  glorot: (value) => (value === undefined ? { kind: "glorot" } : undefined),
  normal: (value) => (value === undefined ? undefined : { kind: "normal", value }),
  uniform: (value) => (value === undefined ? undefined : { kind: "uniform", value }),
  zeros: (value) => (value === undefined ? { kind: "constant", value: 0 } : undefined),
  ones: (value) => (value === undefined ? { kind: "constant", value: 1 } : undefined),
};

/** Reads `normal(0.02)`, `zeros` or `0.5`. */
export function readInitializer(frame: Frame, given: Expr): Initializer | undefined {
  const expr = branchOf(frame, given);
  if (expr === undefined) return undefined;
  const chosen = wordOf(frame, expr);
  if (expr.kind !== "call" || (frame.names.has(expr.callee.text) && chosen === nameOf(expr))) {
    const number = readNumber(frame, "init", expr);
    return number === failed ? undefined : { kind: "constant", value: number };
  }
  const name = chosen ?? expr.callee.text;
  const [arg, more] = expr.args ?? [];
  const number = arg?.kind === "positional" ? readNumber(frame, name, arg.value) : undefined;
  if (number === failed) return undefined;
  const made =
    Object.hasOwn(initializers, name) && more === undefined && (arg === undefined || number !== undefined)
      ? initializers[name]?.(number)
      : undefined;
  if (made === undefined) {
    const known = Object.hasOwn(initializers, name);
    const better = known ? undefined : (foreignInitializers.get(name) ?? nearest(name, Object.keys(initializers)));
    const helps = [
      ...didYouMean(expr.callee.span, better),
      "use kaiming, glorot, normal(std), uniform(bound), zeros, ones or a number",
    ];
    report(frame, "unknown-initialiser", expr.span, { name: known ? textOf(expr.span) : name }, { helps });
  }
  return made;
}

function noMap(frame: Frame, op: Operator, arg: Arg): typeof failed {
  report(frame, "bad-attribute", arg.span, {
    name: op.name,
    expected: "called without `->`",
    found: `with \`${textOf(arg.span)}\``,
  });
  return failed;
}

function unknownAttribute(frame: Frame, op: Operator, arg: Arg): void {
  const name = arg.kind === "named" ? arg.name.text : textOf(arg.span);
  const span = arg.kind === "named" ? arg.name.span : arg.span;
  const shown = Object.entries(op.attributes)
    .filter(([, attribute]) => !isUnnamed(attribute))
    .map(([attribute]) => attribute);
  const other = arg.kind === "named" ? otherAttributes.get(name) : undefined;
  const near = foreignAttributes.get(name) ?? nearest(name, shown);
  const fix = other !== undefined ? [other] : arg.kind === "named" ? didYouMean(span, near) : [];
  const list = shown.length === 0 ? [`\`${op.name}\` has no attributes`] : [`its attributes are ${shown.join(", ")}`];
  report(frame, "unknown-attribute", span, { callee: op.name, name }, { helps: [...fix, ...list] });
}

/** Reports a stray positional argument such as `CBAM(7)`; suggests the first attribute that is not set. */
function unnamed(frame: Frame, op: Operator, arg: Arg & { readonly kind: "positional" }): typeof failed {
  const val = value(frame, arg.value);
  if (val.kind === "unknown") return failed;
  // The name of an axis, in place of `keyed`, is a guess that only the author can confirm.
  const [first] = Object.entries(op.attributes).find(([, { kind }]) => kind === "keyed" || kind !== "maps") ?? [];
  const isAxis = first !== undefined && op.attributes[first]!.kind === "keyed";
  const code = `${isAxis ? "c" : (first ?? "name")}: ${textOf(arg.span)}`;
  const edits = first === undefined || isAxis ? [] : [{ span: arg.span, text: code }];
  const notes = ["tensors are passed by position, attributes by name"];
  const text = isAxis ? "name the axis that gets this size" : "name it";
  report(frame, "unnamed-attribute", arg.span, {}, { notes, helps: [{ text, code, edits }] });
  return failed;
}
