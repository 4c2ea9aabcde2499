/** @file Runs the statements of a block in a frame, in order. */
import type { Value } from "../../ir/graph.ts";
import type { Assign, Expr, Layer, Name, Pipeline, Return, Stmt } from "../../parser/ast.ts";
import { expressions } from "../../parser/walk.ts";
import { SizeTooLarge } from "../../sizes/pool.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf } from "../../source/source.ts";
import { nameValue, report, type Frame } from "../frame/frame.ts";
import { within } from "../frame/too-long.ts";
import { kindOf, unknown, type Val } from "../frame/values.ts";
import { definitions, isParameter } from "../text/scope.ts";
import { toTensor, value } from "./expression.ts";
import { ownTensor } from "./own-tensor.ts";

export interface Returned {
  readonly value: Value | undefined;
  readonly expr: Expr;
}

/**
 * Runs the body and returns its results. A value of unknown type is undefined; so is the whole result without a
 * `return`.
 */
export function runBody(frame: Frame): readonly Returned[] | undefined {
  const { body, name, broken } = frame.signature.decl;
  for (const lost of broken) if (!frame.names.has(lost.text)) frame.names.set(lost.text, unknown);
  for (const [i, stmt] of body.entries()) {
    const returned = guarded(frame, stmt);
    if (returned === undefined) continue;
    const next = body[i + 1];
    if (next !== undefined) {
      const labels = [
        { span: { ...stmt.span, end: stmt.span.start + "return".length }, text: "nothing after this is evaluated" },
      ];
      report(frame, "unreachable-statement", next.span, {}, { labels });
    }
    return returned;
  }
  if (broken.length === 0)
    report(frame, "missing-return", name.span, { block: name.text }, { helps: returnLast(frame) });
  return undefined;
}

function guarded(frame: Frame, stmt: Stmt): readonly Returned[] | undefined {
  try {
    return within(frame, stmt.span, () => run(frame, stmt));
  } catch (error) {
    if (!(error instanceof SizeTooLarge)) throw error;
    report(frame, "too-large", stmt.span, { what: error.message });
    for (const name of stmt.kind === "assign" ? stmt.names : []) frame.names.set(name.text, unknown);
    return stmt.kind === "return" ? stmt.values.map((expr) => ({ value: undefined, expr })) : undefined;
  }
}

function run(frame: Frame, stmt: Stmt): readonly Returned[] | undefined {
  switch (stmt.kind) {
    case "return":
      return returned(frame, stmt);
    case "assign":
      assign(frame, stmt);
      return undefined;
    case "layer":
      if (Object.hasOwn(frame.context.operators, stmt.name.text))
        report(frame, "shadows-operator", stmt.name.span, { name: stmt.name.text }, { helps: ["choose another name"] });
      define(frame, stmt.name, layer(frame, stmt));
      return undefined;
    case "weight":
    case "const":
      define(frame, stmt.name, ownTensor(frame, stmt));
      return undefined;
  }
}

function returned(frame: Frame, stmt: Return): readonly Returned[] {
  return stmt.values.flatMap((expr) => {
    const val = value(frame, expr, frame.signature.results?.length ?? 1);
    // `return F(x)` passes on several results.
    if (val.kind === "tensors" && stmt.values.length === 1) return val.values.map((value) => ({ value, expr }));
    return [{ value: toTensor(frame, val, expr, []), expr }];
  });
}

function assign(frame: Frame, stmt: Assign): void {
  const { names } = stmt;
  const val = value(frame, stmt.value, names.length);
  if (names.length === 1) {
    const several = val.kind === "tensors" && (val.names.length === 0 || !isTakenApart(frame, names[0]!));
    if (several) wrongCount(frame, stmt, val);
    define(frame, names[0]!, several ? unknown : val);
    return;
  }
  const values = val.kind === "tensors" ? val.values : undefined;
  if (values?.length !== names.length && val.kind !== "unknown") wrongCount(frame, stmt, val);
  for (const [i, name] of names.entries()) {
    const item = values?.length === names.length ? values[i] : undefined;
    define(frame, name, item === undefined ? unknown : { kind: "tensor", value: item });
  }
}

/** Whether a body reads single results of a name (`y.p3`), or returns all of them. */
function isTakenApart({ signature: { decl } }: Frame, name: Name): boolean {
  const isName = (expr: Expr): boolean => expr.kind === "call" && expr.callee.text === name.text;
  const isReturned = (stmt: Stmt): boolean => stmt.kind === "return" && stmt.values.some(isName);
  const isPicked = (expr: Expr): boolean => isName(expr) && expr.kind === "call" && expr.path.length > 0;
  return decl.broken.length > 0 || decl.body.some(isReturned) || [...expressions(decl.body)].some(isPicked);
}

function wrongCount(frame: Frame, stmt: Assign, val: Val): void {
  const expected = stmt.names.length === 1 ? "1 value is" : `${stmt.names.length} values are`;
  report(frame, "wrong-result-count", stmt.names[0]!.span, {
    what: `\`${textOf(stmt.value.span).split("\n")[0]}\``,
    found: kindOf(val),
    expected,
  });
}

/** Defines a name. Each name is defined once, parameters included. */
function define(frame: Frame, name: Name, val: Val): void {
  // `_` discards a value and may be reused.
  if (name.text === "_") return;
  if (frame.names.has(name.text)) {
    const earlier = definedBefore(frame, name);
    const what = earlier === undefined ? "given" : earlier.what;
    report(
      frame,
      "duplicate-name",
      name.span,
      { name: name.text, what },
      {
        labels: earlier === undefined ? [] : [{ span: earlier.name.span, text: "first declared here" }],
        helps: ["give this value another name, or write the steps as one pipeline: `y = x |> relu |> …`"],
      },
    );
    return;
  }
  frame.names.set(name.text, val);
  if (val.kind === "tensor") nameValue(frame, val.value, name);
}

/** Suggests a `return` of the name that the last statement defines. */
function returnLast({ signature: { decl } }: Frame): Help[] {
  const last = decl.body.at(-1);
  if (last?.kind !== "assign") return [];
  const { source, end } = last.span;
  const line = source.text.slice(source.text.lastIndexOf("\n", last.span.start) + 1);
  const indent = /^[ \t]*/.exec(line)![0];
  const code = `return ${last.names.map(({ text }) => text).join(", ")}`;
  return [
    { text: "return the last value", code, edits: [{ span: { source, start: end, end }, text: `\n${indent}${code}` }] },
  ];
}

/** Returns what already defined this name, in words, and where. */
function definedBefore({ signature: { decl } }: Frame, name: Name): { name: Name; what: string } | undefined {
  const earlier = definitions(decl).find((one) => one.name.text === name.text && one.name.span.start < name.span.start);
  return earlier && { name: earlier.name, what: isParameter(earlier) ? "a parameter" : `a ${earlier.kind}` };
}

/** Evaluates a layer: a chain of stages without a tensor. */
function layer(frame: Frame, stmt: Layer): Val {
  const head = stmt.value.kind === "pipeline" ? stmt.value.head : stmt.value;
  const val = head.kind === "call" && head.args === undefined ? frame.names.get(head.callee.text) : undefined;
  if (val === undefined || val.kind === "choice" || val.kind === "layer")
    return { kind: "layer", name: stmt.name, chain: stmt.value };
  const what = `layer \`${stmt.name.text}\` starts with ${kindOf(val)}, but a layer gets its tensor where it is used`;
  const tensor = { text: "to compute a tensor once, remove `layer`", code: `${stmt.name.text} = …` };
  const helps = stmt.value.kind === "pipeline" && val.kind === "tensor" ? [withoutHead(stmt.value), tensor] : [tensor];
  if (val.kind !== "unknown") report(frame, "layer-misuse", head.span, { what }, { helps });
  return unknown;
}

/** Suggests the chain without its head. */
function withoutHead({ head, stages, span }: Pipeline): Help {
  const first = stages[0]!;
  const { start } = first.span;
  const code = textOf({ ...span, start });
  return { text: "remove the tensor", code, edits: [{ span: { ...head.span, end: start }, text: "" }] };
}
