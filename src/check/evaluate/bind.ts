/** @file Binds a call to a signature: axes by name, sizes by unification, parameters, `where` clauses. */
import { tensorType, type Axis } from "../../ir/type.ts";
import type { AxisSpec, Call, Expr, TensorExpr } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";
import type { Details } from "../../source/diagnostic.ts";
import { textOf, type Span } from "../../source/source.ts";
import { nearest } from "../../source/suggest.ts";
import { refineAxis } from "../advice/header-edits.ts";
import { oneLine, originOf, report, sizeText, typeText, type Binding, type Frame } from "../frame/frame.ts";
import { quiet } from "../frame/quiet.ts";
import type { Val } from "../frame/values.ts";
import { exampleNotes, requireAtLeast, requireBuildTime } from "../prove/obligations.ts";
import type { Block } from "../text/modules.ts";
import { identifiers, type Parameter } from "../text/signature.ts";
import { namedArguments, tensorArguments, type TensorArgument } from "./arguments.ts";
import { allowedValue, chosenSize } from "./parameters.ts";
import { nameOf, sizeOf } from "./sizes.ts";
import { requireWhere } from "./where.ts";

/** Binds a call; undefined if an error was reported. */
export function bindCall(
  frame: Frame,
  block: Block,
  call: Call,
  piped: readonly Val[],
  path: readonly string[],
): Binding | undefined {
  const signature = frame.context.signature(block);
  const given = signature.broken ? undefined : namedArguments(frame, signature, call);
  const tensors = given && tensorArguments(frame, signature, call, piped);
  if (given === undefined || tensors === undefined) return undefined;
  const names = new Map<string, Val>();
  const sizes = new Map<string, Size>();
  const inner: Frame = {
    ...frame,
    block,
    signature,
    names,
    sizes,
    scope: path,
    repetitions: [],
    caller: { frame, call },
    calls: [...frame.calls, call.callee.span],
  };
  for (const parameter of signature.parameters) {
    const arg = given.get(parameter.name);
    if (arg !== undefined && !setParameter(frame, inner, parameter, arg)) return undefined;
  }
  const open = new Map<string, readonly (readonly [Axis, Size])[]>();
  for (const [i, tensor] of tensors.entries()) {
    const param = signature.tensors[i]!;
    if (!matchAxes(frame, call, param.type, tensor, open)) return undefined;
    names.set(param.name.text, tensor.val);
  }
  if (!unify(frame, inner, call, tensors)) return undefined;
  for (const parameter of signature.parameters)
    if (!given.has(parameter.name) && !setDefault(frame, inner, parameter, call)) return undefined;
  if (!requireWhere(frame, inner, call)) return undefined;
  const choices = new Map<string, string>();
  for (const parameter of signature.parameters) {
    const choice = choiceOf(frame, parameter, names.get(parameter.name));
    if (choice !== undefined) choices.set(parameter.name, choice);
  }
  return { block, signature, frame: inner, choices, open };
}

function choiceOf(frame: Frame, parameter: Parameter, val: Val | undefined): string | undefined {
  if (val?.kind === "choice") return val.text;
  if (val?.kind === "bool") return String(val.value);
  return parameter.kind === "choice" && val?.kind === "size" ? sizeText(frame, val.size) : undefined;
}

/** Evaluates a parameter's value in `from` and stores it in the block's frame. */
function setParameter(
  from: Frame,
  inner: Frame,
  parameter: Parameter,
  arg: { name: { span: Span }; value: Expr },
): boolean {
  const val = allowedValue(from, parameter, arg.value, {
    origin: originOf(parameter.ast.span),
    signature: inner.signature,
  });
  if (val.kind === "unknown") return false;
  if (val.kind === "size") {
    requireBuildTime(from, val.size, { kind: "attribute", name: parameter.name }, arg.value.span);
    inner.sizes.set(parameter.name, val.size);
  }
  inner.names.set(parameter.name, val);
  return true;
}

function setDefault(frame: Frame, inner: Frame, parameter: Parameter, call: Call): boolean {
  // A parameter with the name of a size variable is that variable.
  const bound = parameter.kind === "int" || parameter.integers ? inner.sizes.get(parameter.name) : undefined;
  if (bound !== undefined) {
    const val = parameter.integers
      ? chosenSize(frame, parameter, bound, call.callee.span)
      : ({ kind: "size", size: bound } as const);
    inner.names.set(parameter.name, val);
    return val.kind !== "unknown";
  }
  const expr = parameter.ast.default;
  if (expr === undefined) {
    const helps = [{ text: "pass it", code: `${parameter.name}: …` }];
    const notes = [{ text: `\`${oneLine(textOf(parameter.ast.span))}\` has no default`, span: parameter.ast.span }];
    const args = { callee: call.callee.text, name: parameter.name };
    report(frame, "missing-attribute", call.callee.span, args, { notes, helps });
    return false;
  }
  return setParameter(inner, inner, parameter, { name: parameter.ast.name, value: expr });
}

/** Checks that the argument has the axes that the parameter names, and extra axes only if the parameter has `...`. */
function matchAxes(
  frame: Frame,
  call: Call,
  expected: TensorExpr,
  argument: TensorArgument,
  open: Map<string, readonly (readonly [Axis, Size])[]>,
): boolean {
  const { type, span } = argument;
  const callee = call.callee.text;
  const dtype = expected.dtype?.text ?? "f32";
  if (type.dtype !== dtype) {
    report(frame, "dtype-mismatch", span, { what: `\`${callee}\``, expected: dtype, found: type.dtype });
    return false;
  }
  const wanted = expected.axes.map((axis) => axis.name.text);
  for (const axis of wanted) {
    if (type.axes.has(axis)) continue;
    const near = nearest(
      axis,
      [...type.axes.keys()].filter((name) => !wanted.includes(name)),
    );
    const code = `rename(${near ?? ""} -> ${axis})`;
    const helps = near === undefined ? [] : [{ text: "if they are the same axis", code }];
    const notes = [{ text: `it takes \`${oneLine(textOf(expected.span))}\``, span: expected.span }];
    report(frame, "missing-axis", span, { callee, axis, type: typeText(frame, type) }, { notes, helps });
    return false;
  }
  const rest = [...type.axes].filter(([axis]) => !wanted.includes(axis));
  if (rest.length > 0 && expected.open === undefined) {
    const axis = rest[0]![0];
    const notes = [
      `its input is ${typeText(frame, type)}`,
      { text: `it takes \`${oneLine(textOf(expected.span))}\``, span: expected.span },
    ];
    const helps = [
      { text: "reduce the axis first", code: `mean(axis: ${axis})` },
      { text: "or let the block accept any other axes", code: `[..., ${wanted.join(", ")}]` },
    ];
    report(frame, "unexpected-axis", span, { callee, axis }, { notes, helps });
    return false;
  }
  if (expected.open === undefined) return true;
  const name = expected.open.name?.text ?? "";
  const earlier = open.get(name);
  if (earlier === undefined) {
    open.set(name, rest);
    return true;
  }
  const others = new Map(earlier);
  const same =
    rest.length === earlier.length &&
    rest.every(
      ([axis, size]) =>
        others.has(axis) && frame.world.facts.decide({ op: "==", a: size, b: others.get(axis)! }).verdict === "yes",
    );
  if (!same) {
    const text = (axes: readonly (readonly [Axis, Size])[]) => typeText(frame, tensorType("f32", axes));
    const found = `${text(earlier)} and ${text(rest)}`;
    report(frame, "argument-size-mismatch", span, {
      callee: call.callee.text,
      expected: `the same axes for \`...${name}\``,
      found,
    });
  }
  return same;
}

interface AxisPair {
  readonly spec: AxisSpec;
  readonly actual: Size;
  readonly span: Span;
  readonly tensor: string;
}

/** Unifies sizes: plain variables of all tensors first, then patterns with one unbound variable, then comparisons. */
function unify(frame: Frame, inner: Frame, call: Call, tensors: readonly TensorArgument[]): boolean {
  const pairs = tensors.flatMap(({ span, type }, i) => {
    const { name, type: expected } = inner.signature.tensors[i]!;
    return expected.axes.map((spec) => ({ spec, actual: type.axes.get(spec.name.text)!, span, tensor: name.text }));
  });
  const rest: AxisPair[] = [];
  for (const pair of pairs) {
    const variable = pair.spec.size === undefined ? pair.spec.name.text : nameOf(pair.spec.size);
    if (variable === undefined || inner.sizes.has(variable)) rest.push(pair);
    else inner.sizes.set(variable, pair.actual);
  }
  const solved = rest.filter((pair) => solve(frame, inner, pair));
  return solved.every((pair) => agrees(frame, inner, call, pair)) && solved.length === rest.length;
}

/**
 * Binds the unbound variable of `k*v + m`, if there is one. Returns false if it has no solution, which is then
 * reported.
 */
function solve(frame: Frame, inner: Frame, pair: AxisPair): boolean {
  const { sizes } = frame.context;
  const { size: declared, span: place } = pair.spec;
  if (declared === undefined) return true;
  const [name, ...others] = new Set(
    identifiers(declared).filter((name) => !inner.sizes.has(name) && inner.names.get(name)?.kind !== "number"),
  );
  if (name === undefined) return true;
  const variable = sizes.variable(freeName(frame, name), { time: "build" });
  const pattern = others.length > 0 ? undefined : silently(inner, declared, name, sizes.of(variable));
  const linear = pattern && sizes.linear(pattern, variable);
  if (pattern === undefined || linear === undefined) {
    const open = [name, ...others];
    const given = open.filter((one) => inner.signature.parameters.some((parameter) => parameter.name === one));
    mismatch(frame, inner, pair, {
      notes: [`${open.map((one) => `\`${one}\``).join(" and ")} cannot be inferred from it`],
      helps: given.map((one) => ({ text: "pass it", code: `${one}: …` })),
    });
    return false;
  }
  const multiple = sizes.sub(pair.actual, linear.offset);
  const { verdict, example } = frame.world.facts.decide({ op: "divides", a: linear.factor, b: multiple });
  if (verdict !== "yes") {
    const notes = exampleNotes(example && { ...example, left: example.right, right: example.left });
    mismatch(frame, inner, pair, {
      notes,
      helps: refineAxis(frame, sizeText(frame, pair.actual), sizeText(frame, pattern)),
    });
    return false;
  }
  const value = sizes.divide(multiple, linear.factor);
  const least = inner.signature.parameters.find((parameter) => parameter.name === name)?.least ?? 1;
  const what = `\`${name}\` of \`${inner.signature.decl.name.text}\``;
  requireAtLeast(frame, value, sizes.int(least), { span: pair.span, what, origin: originOf(place) });
  inner.sizes.set(name, value);
  return true;
}

/** Evaluates a size of the header with `name` set to `value`, without reporting errors or adding obligations. */
function silently(inner: Frame, expr: Expr, name: string, value: Size): Size | undefined {
  return sizeOf({ ...quiet(inner), sizes: new Map(inner.sizes).set(name, value) }, expr);
}

/** Returns `name`, or another name if `name` is taken at the call site. */
function freeName({ names, sizes }: Frame, name: string): string {
  const isFree = (one: string) => !names.has(one) && !sizes.has(one);
  return [name, ..."ijkmpqrs"].find(isFree) ?? `${name}_`;
}

function agrees(frame: Frame, inner: Frame, call: Call, pair: AxisPair): boolean {
  const expected = pair.spec.size === undefined ? inner.sizes.get(pair.spec.name.text) : sizeOf(inner, pair.spec.size);
  if (expected === undefined) return false;
  const { verdict, example } = frame.world.facts.decide({ op: "==", a: expected, b: pair.actual });
  if (verdict === "yes") return true;
  const shown = exampleNotes(example?.values.size === 0 ? undefined : example);
  mismatch(
    frame,
    inner,
    { ...pair, span: call.callee.span },
    { notes: [`here, that is ${sizeText(frame, expected)}`, ...shown] },
  );
  return false;
}

function mismatch(frame: Frame, inner: Frame, pair: AxisPair, details: Details): void {
  const axis = pair.spec.name.text;
  const callee = inner.signature.decl.name.text;
  const declared = { text: `\`${callee}\` declares \`${axis}: ${declaredSize(pair)}\``, span: pair.spec.span };
  const args = {
    callee,
    expected: `${pair.tensor}.${axis} = ${declaredSize(pair)}`,
    found: sizeText(frame, pair.actual),
  };
  report(frame, "argument-size-mismatch", pair.span, args, { ...details, notes: [declared, ...(details.notes ?? [])] });
}

/** Returns the size as the callee's author wrote it. */
function declaredSize({ spec }: AxisPair): string {
  return spec.size === undefined ? spec.name.text : oneLine(textOf(spec.size.span));
}
