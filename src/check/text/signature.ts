/** @file Reads the header of a block: its tensors, its parameters with their choices, and the size variables it introduces. */
import type { DType } from "../../contract/ndarray.ts";
import type {
  AttributeParam,
  AxisSpec,
  Decl,
  Expr,
  Name,
  Result,
  TensorExpr,
  TensorParam,
  WeightStmt,
} from "../../parser/ast.ts";
import type { Help } from "../../source/diagnostic.ts";
import type { Reporter } from "../../source/reporter.ts";
import { textOf, type Span } from "../../source/source.ts";
import { didYouMean, nearest } from "../../source/suggest.ts";
import { foreignTypeNames, foreignValues } from "../../source/words/python.ts";
import { helpOfParameter } from "../../source/words/word.ts";
import { foreignDtypes, foreignTypes } from "./foreign-names.ts";

/** A `choice` selects from names or integers, a `bool` from true and false. */
export type ParameterKind = "int" | "float" | "bool" | "choice";

export interface Parameter {
  readonly kind: ParameterKind;
  readonly name: string;
  readonly ast: AttributeParam;
  /** The choices of a `choice` or `bool` parameter. */
  readonly choices: readonly string[];
  /** Whether the choices are integers. Then the parameter is also a size. */
  readonly integers: boolean;
  /** The minimum of an `int` parameter: what a `where` says (`n >= 0`, `n >= -2`), 0 if its default or a choice is 0, else 1. */
  readonly least: number;
}

export interface Signature {
  readonly decl: Decl;
  readonly tensors: readonly TensorParam[];
  readonly parameters: readonly Parameter[];
  /** Size variables that tensor types introduce, in order. An `int` parameter of the same name is the same variable. */
  readonly variables: readonly string[];
  readonly results: readonly { readonly name: string; readonly type: TensorExpr }[] | undefined;
  /** Whether the header has mistakes. Calls of the block are then not checked. */
  readonly broken: boolean;
}

export const dtypes: readonly DType[] = ["f32", "i32", "bool"];

/** Returns the dtype that is probably meant. */
export function nearestDtype(name: string): string | undefined {
  return foreignDtypes.get(name) ?? nearest(name, dtypes);
}

/** What to write instead of a type of Python, such as `x: Tensor` or `widths: List[int]`. */
function typeHelp(type: string, parameter: string): Help[] {
  const word = foreignTypeNames.get(type);
  return word === undefined ? [] : [helpOfParameter(word, parameter)];
}

function usualAxis(axis: string, span: Span): Help[] {
  if (axis === "batch")
    return [{ text: "the usual name for the batch axis is", code: "n", edits: [{ span, text: "n" }] }];
  return [{ text: "choose another name, for example", code: `${axis}_`, edits: [{ span, text: `${axis}_` }] }];
}

/** Reads a header and reports its mistakes. */
export function readSignature(decl: Decl, reservedAxes: ReadonlySet<string>, reporter: Reporter): Signature {
  const before = reporter.diagnostics.length;
  const seen = new Map<string, Name>();
  for (const { name } of decl.params) {
    const earlier = seen.get(name.text);
    if (earlier === undefined) seen.set(name.text, name);
    else {
      const labels = [{ span: earlier.span, text: "first declared here" }];
      reporter.report("duplicate-name", name.span, { name: name.text, what: "a parameter" }, { labels });
    }
  }
  const parameters = decl.params
    .filter((param) => param.kind === "attribute")
    .flatMap((param) => readParameter(param, decl, reporter) ?? []);
  const tensors = decl.params.filter((param) => param.kind === "tensor");
  for (const { name, type } of [
    ...tensors.map(({ name, type }) => ({ name: name.text, type })),
    ...resultItems(decl.result),
  ]) {
    checkTensor(name, type, reservedAxes, reporter);
    if (type.open !== undefined && decl.kind === "model")
      reporter.report("open-axes-in-model", type.open.span, { model: decl.name.text });
  }
  if (decl.kind === "model") checkModel(decl, tensors, reporter);
  const variables = introduced(tensors, parameters);
  checkResults(decl, new Set([...variables, ...parameters.map(({ name }) => name)]), reporter);
  return {
    decl,
    tensors,
    parameters,
    variables,
    results: decl.result === undefined ? undefined : resultItems(decl.result),
    broken: reporter.diagnostics.slice(before).some((found) => found.severity === "error"),
  };
}

/** Returns named results. A single unnamed result is called `output`. */
function resultItems(result: Result | undefined): readonly { readonly name: string; readonly type: TensorExpr }[] {
  if (result === undefined) return [];
  if (result.kind === "single") return [{ name: "output", type: result.type }];
  return result.items.map(({ name, type }) => ({ name: name.text, type }));
}

/** Reports sizes of results that only the body defines: callers do not see the body. */
function checkResults({ result, body }: Decl, known: ReadonlySet<string>, reporter: Reporter): void {
  const own = new Map(
    body.flatMap((stmt) => (stmt.kind === "assign" ? stmt.names.map(({ text }) => [text, stmt]) : [])),
  );
  for (const { size } of resultItems(result).flatMap(({ type }) => type.axes))
    for (const name of size === undefined ? [] : identifiers(size)) {
      const stmt = known.has(name) ? undefined : own.get(name);
      if (stmt === undefined) continue;
      const isShort = identifiers(stmt.value).every((part) => known.has(part));
      reporter.report(
        "unknown-size",
        size!.span,
        { name },
        {
          notes: ["only the body defines it, and callers do not see the body"],
          helps: [
            isShort
              ? { text: "write in the signature what it is", code: textOf(stmt.value.span) }
              : "write in the signature what it is",
          ],
        },
      );
    }
}

function readParameter(ast: AttributeParam, decl: Decl, reporter: Reporter): Parameter | undefined {
  const name = ast.name.text;
  const [first] = ast.choices;
  const scalar = ast.choices.length === 1 ? first!.text : undefined;
  if (scalar === "int" || scalar === "float" || scalar === "bool") {
    const choices = scalar === "bool" ? ["false", "true"] : [];
    return { kind: scalar, name, ast, choices, integers: false, least: scalar === "int" ? leastOf(ast, decl) : 1 };
  }
  if (scalar !== undefined) {
    const near = foreignTypes.get(scalar) ?? nearest(scalar, ["int", "float", "bool"]);
    const helps = [...didYouMean(first!.span, near), ...typeHelp(scalar, name)];
    reporter.report("unknown-type", first!.span, { name: scalar }, { helps });
    return undefined;
  }
  const choices = ast.choices.map((choice) => choice.text);
  for (const [i, choice] of ast.choices.entries())
    if (choices.indexOf(choice.text) < i) {
      const labels = [
        { span: ast.choices.find(({ text }) => text === choice.text)!.span, text: "first declared here" },
      ];
      reporter.report("duplicate-choice", choice.span, { name: choice.text }, { labels });
    }
  checkDefault(ast, choices, decl, reporter);
  const numeric = ast.choices.filter((choice) => /^[0-9]/.test(choice.text));
  if (numeric.length > 0 && numeric.length < choices.length)
    reporter.report("unknown-type", ast.choices.find((choice) => !/^[0-9]/.test(choice.text))!.span, {
      name: choices.join(" | "),
    });
  const least = choices.includes("0") ? 0 : 1;
  return { kind: "choice", name, ast, choices: [...new Set(choices)], integers: numeric.length > 0, least };
}

/** Reports a default that is none of the choices, and not an earlier parameter either. */
function checkDefault(ast: AttributeParam, choices: readonly string[], decl: Decl, reporter: Reporter): void {
  const given = ast.default;
  const name =
    given?.kind === "number" ? given.raw : given?.kind === "call" && given.args === undefined ? textOf(given.span) : "";
  const earlier = decl.params.slice(0, decl.params.indexOf(ast)).map((param) => param.name.text);
  const isComputed = given?.kind === "call" && /^[0-9]/.test(choices[0] ?? "");
  if (given === undefined || name === "" || isComputed || choices.includes(name) || earlier.includes(name)) return;
  const isNone = foreignValues.get(name)?.words.includes("None") === true && !/^[0-9]/.test(choices[0] ?? "");
  const near = isNone ? [addNone(ast, given.span)] : didYouMean(given.span, nearest(name, choices));
  const helps = [...near, `its choices are ${choices.join(", ")}`];
  reporter.report("unknown-choice", given.span, { name, parameter: ast.name.text }, { helps });
}

/** Suggests `none` as one more choice. */
function addNone({ name, choices }: AttributeParam, span: Span): Help {
  const { source, end } = choices.at(-1)!.span;
  const edits = [
    { span: { source, start: end, end }, text: " | none" },
    { span, text: "none" },
  ];
  const code = `${name.text}: ${choices.map(({ text }) => text).join(" | ")} | none = none`;
  return { text: "make it a choice", code, edits };
}

/** Returns what `where n >= -2` says, 0 for `n: int = 0`, else 1. A bound above that is a fact like any other. */
function leastOf(ast: AttributeParam, decl: Decl): number {
  const usual = ast.default?.kind === "number" && ast.default.value === 0 ? 0 : 1;
  const bounds = (clauses: Decl["where"]): number[] =>
    clauses.flatMap(({ condition }) => lowerBounds(condition, ast.name.text));
  const always = bounds(decl.where.filter(({ if: only }) => only === undefined));
  if (always.length > 0) return Math.min(usual, Math.max(...always));
  return Math.min(usual, ...bounds(decl.where));
}

/** Returns the numbers that a condition bounds a name by: -2 for `n >= -2`, `n > -3`, `-2 <= n` and `n >= -2 and n <= 2`. */
function lowerBounds(condition: Expr, name: string): number[] {
  if (condition.kind !== "binary") return [];
  const { op, left, right } = condition;
  if (op === "and") return [...lowerBounds(left, name), ...lowerBounds(right, name)];
  const isReversed = op === "<=" || op === "<";
  if (!isReversed && op !== ">=" && op !== ">") return [];
  const [bounded, bound] = isReversed ? [right, left] : [left, right];
  const number = wholeNumber(bound);
  const isName = bounded.kind === "call" && bounded.args === undefined && bounded.callee.text === name;
  return isName && number !== undefined ? [op === ">" || op === "<" ? number + 1 : number] : [];
}

function wholeNumber(expr: Expr): number | undefined {
  if (expr.kind === "number") return Number.isInteger(expr.value) ? expr.value : undefined;
  const operand = expr.kind === "unary" && expr.op === "-" ? wholeNumber(expr.operand) : undefined;
  return operand === undefined ? undefined : -operand;
}

/** Reports the mistakes in the type of a `weight` or `const`. */
export function checkOwnTensor(stmt: WeightStmt, reservedAxes: ReadonlySet<string>, reporter: Reporter): void {
  const { kind, name, type } = stmt;
  checkTensor(name.text, type, reservedAxes, reporter);
  const what = `${kind} \`${name.text}\``;
  if (type.open !== undefined) reporter.report("open-axes-in-tensor", type.open.span, { what });
}

/** Suggests how to declare a parameter that is smaller than an `int` may be; nothing for the size of an axis. */
export function allowing(value: bigint, { kind, name }: Parameter, { tensors }: Signature): Help[] {
  const sizes = tensors.flatMap(({ type }) =>
    type.axes.map(({ name, size }) => (size ? identifiers(size) : [name.text])),
  );
  if (kind !== "int" || sizes.flat().includes(name)) return [];
  if (value < 0n)
    return [
      { text: "to allow it, declare it in the signature", code: `where ${name} >= ${value}` },
      { text: "or take a `float`, which may be any number", code: `${name}: float` },
    ];
  return [
    { text: "to allow 0, make it the default", code: `${name}: int = 0` },
    { text: "or declare it in the signature", code: `where ${name} >= 0` },
  ];
}

function checkTensor(name: string, type: TensorExpr, reserved: ReadonlySet<string>, reporter: Reporter): void {
  if (type.dtype !== undefined && !dtypes.includes(type.dtype.text as DType)) {
    const helps = [...didYouMean(type.dtype.span, nearestDtype(type.dtype.text)), ...typeHelp(type.dtype.text, name)];
    reporter.report("unknown-dtype", type.dtype.span, { name: type.dtype.text }, { helps });
  }
  const seen = new Map<string, AxisSpec>();
  for (const axis of type.axes) {
    const { text, span } = axis.name;
    const earlier = seen.get(text);
    if (earlier === undefined) seen.set(text, axis);
    else {
      const labels = [{ span: earlier.name.span, text: "first declared here" }];
      const code = `${text}2: ${axis.size === undefined ? text : textOf(axis.size.span)}`;
      const helps = [{ text: "give the second axis its own name", code, edits: [{ span: axis.span, text: code }] }];
      reporter.report("duplicate-axis", span, { axis: text }, { labels, helps });
    }
    if (reserved.has(text))
      reporter.report("reserved-axis-name", span, { axis: text }, { helps: usualAxis(text, span) });
  }
}

function checkModel(decl: Decl, tensors: readonly TensorParam[], reporter: Reporter): void {
  if (decl.result === undefined) {
    const helps = [{ text: "declare its axes in memory order, for example", code: "-> [n, h, w, c: 3]" }];
    reporter.report("missing-result-type", decl.name.span, { model: decl.name.text }, { helps });
  }
  if (tensors.length === 0)
    reporter.report("wrong-tensor-count", decl.name.span, {
      callee: decl.name.text,
      expected: "at least one tensor, as every model does",
      found: "none is",
    });
}

/** Returns the identifiers in the sizes of tensor parameters that are not parameters themselves. */
function introduced(tensors: readonly TensorParam[], parameters: readonly Parameter[]): string[] {
  const names = new Set<string>();
  const known = new Set(parameters.map((parameter) => parameter.name));
  for (const { type } of tensors)
    for (const { name, size } of type.axes)
      for (const variable of size === undefined ? [name.text] : identifiers(size))
        if (!known.has(variable)) names.add(variable);
  return [...names];
}

/** Returns the names in a size expression that may be variables. */
export function identifiers(expr: Expr): string[] {
  switch (expr.kind) {
    case "call":
      if (expr.args === undefined) return expr.path.length === 0 ? [expr.callee.text] : [];
      return expr.args.flatMap((arg) => (arg.kind === "positional" ? identifiers(arg.value) : []));
    case "binary":
      return [...identifiers(expr.left), ...identifiers(expr.right)];
    case "unary":
      return identifiers(expr.operand);
    default:
      return [];
  }
}
