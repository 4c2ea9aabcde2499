/** @file What the header of a block says: its tensors, its parameters with their choices, and the size variables it introduces. */
import type { DType } from "../ir/ndarray.ts";
import type { AttributeParam, Decl, Expr, Name, Result, TensorExpr, TensorParam } from "../parser/ast.ts";
import type { Reporter } from "../source/reporter.ts";
import { nearest } from "../source/suggest.ts";

/** `choice` has names or integers to choose from, `bool` has true and false. */
export type ParameterKind = "int" | "float" | "bool" | "choice";

export interface Parameter {
  readonly kind: ParameterKind;
  readonly name: string;
  readonly ast: AttributeParam;
  /** Of a `choice` and a `bool`. */
  readonly choices: readonly string[];
  /** All choices are integers: the choice counts as a size. */
  readonly integers: boolean;
  /** Of an `int`: 0 where its default is 0 or a `where` says `>= 0`, else 1. */
  readonly least: 0 | 1;
}

export interface Signature {
  readonly decl: Decl;
  readonly tensors: readonly TensorParam[];
  readonly parameters: readonly Parameter[];
  /** Size variables that tensor types introduce, in order; `int` parameters of the same name are these variables. */
  readonly variables: readonly string[];
  readonly results: readonly { readonly name: string; readonly type: TensorExpr }[] | undefined;
  /** The header has mistakes: calls of this block are not checked. */
  readonly broken: boolean;
}

export const dtypes: readonly DType[] = ["f32", "i32", "bool"];

/** Reads a header and reports what is wrong with it as a whole. */
export function readSignature(decl: Decl, reservedAxes: ReadonlySet<string>, reporter: Reporter): Signature {
  const before = reporter.diagnostics.length;
  const seen = new Map<string, Name>();
  for (const { name } of decl.params) {
    const earlier = seen.get(name.text);
    if (earlier === undefined) seen.set(name.text, name);
    else {
      const labels = [{ span: earlier.span, text: "here" }];
      reporter.report("duplicate-name", name.span, { name: name.text, what: "a parameter" }, { labels });
    }
  }
  const parameters = decl.params
    .filter((param) => param.kind === "attribute")
    .flatMap((param) => readParameter(param, decl, reporter) ?? []);
  const tensors = decl.params.filter((param) => param.kind === "tensor");
  for (const { type } of [...tensors, ...resultItems(decl.result)]) checkTensor(type, decl, reservedAxes, reporter);
  if (decl.kind === "model") checkModel(decl, tensors, reporter);
  return {
    decl,
    tensors,
    parameters,
    variables: introduced(tensors, parameters),
    results: decl.result === undefined ? undefined : resultItems(decl.result),
    broken: reporter.diagnostics.slice(before).some((found) => found.severity === "error"),
  };
}

/** A single unnamed result is called `output`. */
function resultItems(result: Result | undefined): readonly { readonly name: string; readonly type: TensorExpr }[] {
  if (result === undefined) return [];
  if (result.kind === "single") return [{ name: "output", type: result.type }];
  return result.items.map(({ name, type }) => ({ name: name.text, type }));
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
    const near = nearest(scalar, ["int", "float", "bool", ...dtypes]);
    const helps = near === undefined ? [] : [`did you mean \`${near}\`?`];
    reporter.report("unknown-type", first!.span, { name: scalar }, { helps });
    return undefined;
  }
  const choices = ast.choices.map((choice) => choice.text);
  for (const [i, choice] of ast.choices.entries())
    if (choices.indexOf(choice.text) < i) reporter.report("duplicate-choice", choice.span, { name: choice.text });
  const numeric = ast.choices.filter((choice) => /^[0-9]/.test(choice.text));
  if (numeric.length > 0 && numeric.length < choices.length)
    reporter.report("unknown-type", ast.choices.find((choice) => !/^[0-9]/.test(choice.text))!.span, {
      name: choices.join(" | "),
    });
  return { kind: "choice", name, ast, choices: [...new Set(choices)], integers: numeric.length > 0, least: 1 };
}

/** `n: int = 0`, or `where n >= 0`. */
function leastOf(ast: AttributeParam, decl: Decl): 0 | 1 {
  if (ast.default?.kind === "number" && ast.default.value === 0) return 0;
  const says = ({ condition }: { condition: Expr }): boolean =>
    condition.kind === "binary" &&
    condition.op === ">=" &&
    condition.left.kind === "call" &&
    condition.left.callee.text === ast.name.text &&
    condition.right.kind === "number" &&
    condition.right.value === 0;
  return decl.where.some(says) ? 0 : 1;
}

function checkTensor(type: TensorExpr, decl: Decl, reserved: ReadonlySet<string>, reporter: Reporter): void {
  if (type.dtype !== undefined && !dtypes.includes(type.dtype.text as DType)) {
    const near = nearest(type.dtype.text, dtypes);
    const helps = near === undefined ? [] : [`did you mean \`${near}\`?`];
    reporter.report("unknown-dtype", type.dtype.span, { name: type.dtype.text }, { helps });
  }
  const seen = new Set<string>();
  for (const { name } of type.axes) {
    if (seen.has(name.text)) reporter.report("duplicate-axis", name.span, { axis: name.text });
    if (reserved.has(name.text)) reporter.report("reserved-axis-name", name.span, { axis: name.text });
    seen.add(name.text);
  }
  if (type.open !== undefined && decl.kind === "model")
    reporter.report("open-axes-in-model", type.open.span, { model: decl.name.text });
}

function checkModel(decl: Decl, tensors: readonly TensorParam[], reporter: Reporter): void {
  if (decl.result === undefined) reporter.report("missing-result-type", decl.name.span, { model: decl.name.text });
  if (tensors.length === 0)
    reporter.report("wrong-tensor-count", decl.name.span, {
      callee: decl.name.text,
      expected: "at least one tensor, because it is a model",
      found: "none is",
    });
}

/** Identifiers in the sizes of tensor parameters that are not `int` parameters or integer choices. */
function introduced(tensors: readonly TensorParam[], parameters: readonly Parameter[]): string[] {
  const names = new Set<string>();
  const known = new Set(parameters.map((parameter) => parameter.name));
  for (const { type } of tensors)
    for (const { name, size } of type.axes)
      for (const variable of size === undefined ? [name.text] : identifiers(size))
        if (!known.has(variable)) names.add(variable);
  return [...names];
}

/** Names that stand in a size expression where a variable may stand. */
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
