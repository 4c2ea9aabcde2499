/** @file Runs the statements of a block in a frame, in order. */
import type { Initializer } from "../../contract/manifest.ts";
import { isI32, type DType, type NdArray } from "../../contract/ndarray.ts";
import type { Value } from "../../ir/graph.ts";
import type { TensorType } from "../../ir/type.ts";
import type { Assign, AxisSpec, Expr, Layer, Name, Pipeline, Return, Stmt, WeightStmt } from "../../parser/ast.ts";
import { expressions } from "../../parser/walk.ts";
import { SizeTooLarge } from "../../sizes/pool.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf } from "../../source/source.ts";
import { nameValue, report, type Frame } from "../frame/frame.ts";
import { within } from "../frame/too-long.ts";
import { kindOf, unknown, type Val } from "../frame/values.ts";
import { requireAtLeast } from "../prove/obligations.ts";
import { definitions, isParameter } from "../text/scope.ts";
import { checkOwnTensor } from "../text/signature.ts";
import { claim } from "./apply.ts";
import { readInitializer } from "./attributes.ts";
import { toTensor, value } from "./expression.ts";
import { typeOf } from "./types.ts";

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

/** Requires at least one element along every axis. */
function hasElements(frame: Frame, { kind, name, type: written }: WeightStmt, type: TensorType): boolean {
  const one = frame.context.sizes.int(1);
  return written.axes.every(({ name: axis, span }) =>
    requireAtLeast(frame, type.axes.get(axis.text)!, one, {
      span,
      what: `axis \`${axis.text}\` of ${kind} \`${name.text}\``,
    }),
  );
}

/** Evaluates a `weight` or `const` statement. */
function ownTensor(frame: Frame, stmt: WeightStmt): Val {
  const { builder, sizes, reservedAxes } = frame.context;
  const { errors } = frame.world.reporter;
  checkOwnTensor(stmt, reservedAxes, frame.world.reporter);
  const type = typeOf(frame, stmt.type, new Map());
  if (type === undefined || frame.world.reporter.errors > errors || !hasElements(frame, stmt, type)) return unknown;
  if (stmt.kind === "const") {
    const shape = shapeOf(frame, stmt, type);
    const data = shape && literal(frame, stmt, shape);
    return data === undefined ? unknown : { kind: "tensor", value: builder.constant(type, data) };
  }
  const init = initializerOf(frame, stmt, type);
  if (init === undefined) return unknown;
  const axes = [...type.axes];
  const one = sizes.int(1);
  const weight = builder.weight([...frame.scope, stmt.name.text].join("."), {
    name: stmt.name.text,
    dtype: type.dtype,
    groups: [axes],
    init,
    fan: { out: axes[0]?.[1] ?? one, in: axes.slice(1).reduce((product, [, size]) => sizes.mul(product, size), one) },
  });
  return claim(frame, weight, stmt) ? { kind: "tensor", value: weight } : unknown;
}

/** Reads the initial value of a weight, which its dtype must hold. */
function initializerOf(frame: Frame, stmt: WeightStmt, { dtype }: TensorType): Initializer | undefined {
  const { value: given } = stmt;
  if (dtype === "bool" && given.kind === "bool") return { kind: "constant", value: Number(given.value) };
  const init = readInitializer(frame, given);
  if (init === undefined || dtype === "f32") return init;
  // A value that depends on a parameter is unknown until the model is built.
  if (init.kind === "constant" && Number.isNaN(init.value)) return init;
  if (init.kind === "constant" && (dtype === "i32" ? isI32(init.value) : [0, 1].includes(init.value))) return init;
  const [expected, help] =
    dtype === "i32"
      ? ["whole numbers from -2147483648 to 2147483647", "use zeros, ones or a whole number"]
      : ["true or false", "use zeros, ones, true or false"];
  const what = `${dtype} weight \`${stmt.name.text}\``;
  report(
    frame,
    "dtype-mismatch",
    given.span,
    { what, expected, found: `\`${textOf(given.span)}\`` },
    { helps: [help] },
  );
  return undefined;
}

/** Returns the shape of a constant, whose sizes are numbers; undefined if one is not, which is then reported. */
function shapeOf(frame: Frame, stmt: WeightStmt, { axes }: TensorType): number[] | undefined {
  const sizes = [...axes.values()].map((size) => frame.context.sizes.constant(frame.world.facts.apply(size)));
  const open = sizes.indexOf(undefined);
  if (open < 0) return sizes.map(Number);
  const spec = stmt.type.axes[open]!;
  report(frame, "const-size", spec.span, { name: stmt.name.text, size: sizeWritten(spec) }, { helps: [filled(stmt)] });
  return undefined;
}

/** Suggests how to fill a tensor with one number. */
function filled({ name, type: { axes, dtype }, value }: WeightStmt): Help {
  const sizes = axes.map((axis) => `${axis.name.text}: ${sizeWritten(axis)}`);
  const number = value.kind === "list" ? "0" : value.kind === "bool" ? String(Number(value.value)) : textOf(value.span);
  const tensor = `expand(${number}, ${sizes.join(", ")})`;
  const isFloat = dtype === undefined || dtype.text === "f32";
  const code = `${name.text} = ${isFloat ? tensor : `cast(${tensor}, ${dtype.text})`}`;
  return { text: "to fill a tensor with one number, write", code };
}

const sizeWritten = ({ name, size }: AxisSpec): string => (size === undefined ? name.text : textOf(size.span));

/** Reads nested lists of numbers in the declared axis order. */
function literal(frame: Frame, stmt: WeightStmt, shape: readonly number[]): NdArray | undefined {
  const dtype = (stmt.type.dtype?.text ?? "f32") as DType;
  const data: number[] = [];
  const axes = stmt.type.axes.map(({ name }) => name.text);
  const mismatch = (expr: Expr, found: string, expected: string): false => {
    const labels = [{ span: stmt.type.span, text: "declared here" }];
    const helps = expr === stmt.value && expr.kind !== "list" && shape.length > 0 ? [filled(stmt)] : [];
    report(frame, "const-mismatch", expr.span, { found, expected }, { labels, helps });
    return false;
  };
  const read = (expr: Expr, depth: number): boolean => {
    if (depth < shape.length) {
      if (expr.kind !== "list")
        return mismatch(
          expr,
          `is a ${expr.kind === "bool" ? "bool" : "number"}`,
          `a list of ${shape[depth]} for axis \`${axes[depth]}\``,
        );
      if (expr.items.length !== shape[depth])
        return mismatch(expr, `has ${expr.items.length} items`, `${shape[depth]} for axis \`${axes[depth]}\``);
      return expr.items.every((item) => read(item, depth + 1));
    }
    const val = expr.kind === "list" ? unknown : value(frame, expr);
    const size = val.kind === "size" ? frame.context.sizes.constant(val.size) : undefined;
    const number = val.kind === "number" ? val.value : val.kind === "bool" ? Number(val.value) : Number(size ?? NaN);
    if (val.kind !== "number" && val.kind !== "bool" && size === undefined)
      return mismatch(expr, "contains something other than a number", "a number");
    if (dtype === "i32" && !isI32(number))
      return mismatch(
        expr,
        `contains ${Number.isInteger(number) ? `${number}, which is too large` : "a float"}`,
        "i32",
      );
    if (dtype === "bool" && val.kind !== "bool") return mismatch(expr, "contains a number", "true or false");
    data.push(number);
    return true;
  };
  return read(stmt.value, 0) ? { dtype, shape, data: Float64Array.from(data) } : undefined;
}
