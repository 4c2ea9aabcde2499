/** @file Calls to copy into random programs: every example and attribute set of every operator, and calls of blocks. */
import type { DType } from "../../../src/contract/ndarray.ts";
import type { Attribute } from "../../../src/ir/attribute.ts";
import type { Operator } from "../../../src/ir/operator.ts";
import { library } from "../../../src/library.ts";
import { operators } from "../../../src/ops/table.ts";
import type { Arg, Expr } from "../../../src/parser/ast.ts";
import { parse } from "../../../src/parser/parse.ts";
import { Reporter } from "../../../src/source/reporter.ts";
import { sourceFile, textOf, type Span } from "../../../src/source/source.ts";
import type { Chance } from "./chance.ts";
import type { AttributeSet } from "../../support/attribute-sets.ts";
import { records, setsOf } from "../../support/operator-cases.ts";
import { resultNames } from "../../support/operators.ts";

/** A place in the code of a template where something else may be written. */
export interface Hole {
  readonly start: number;
  readonly end: number;
  /** What is written there: the name of a tensor or of a size, or a number that is a size. */
  readonly kind: "tensor" | "size" | "number";
  readonly text: string;
}

/** An axis that a tensor of a template has. */
export interface PortAxis {
  readonly axis: string;
  /** As written: `2*k`, or the name of the axis. */
  readonly size: Expr | undefined;
  readonly text: string;
}

/** A tensor that a template needs. */
export interface Port {
  readonly name: string;
  readonly dtype: DType;
  readonly axes: readonly PortAxis[];
}

/** A call, with the tensors it needs and what may be replaced in it. */
export interface Template {
  /** The operator or the block. */
  readonly name: string;
  readonly code: string;
  readonly ports: readonly Port[];
  readonly holes: readonly Hole[];
  /** The size variables of the ports. */
  readonly variables: readonly string[];
  readonly results: number;
  /** Whether the call owns weights, and so needs a label. */
  readonly owns: boolean;
}

/** Reads a call of these inputs. */
export function readTemplate(
  name: string,
  { code, inputs }: AttributeSet,
  results = resultNames(code).length,
  owns = operators[name]?.weights !== undefined,
): Template {
  const body = `fuse 1\nblock Probe(${inputs}) { probe = `;
  const source = sourceFile("template.fuse", `${body}(${code}) return probe }`);
  const decl = parse(source, new Reporter()).decls[0]!;
  const ports = decl.params.flatMap((param): Port[] => {
    if (param.kind !== "tensor") return [];
    const axes = param.type.axes.map(({ name: { text: axis }, size }) => ({
      axis,
      size,
      text: size === undefined ? axis : textOf(size.span),
    }));
    return [{ name: param.name.text, dtype: (param.type.dtype?.text ?? "f32") as DType, axes }];
  });
  const variables = [...new Set(ports.flatMap(({ axes }) => axes.flatMap(({ axis, size }) => namesIn(axis, size))))];
  const tensors = new Set(ports.map((port) => port.name));
  const statement = decl.body[0]!;
  const start = body.length + 1;
  const holes = (statement.kind === "assign" ? [...holesIn(statement.value, tensors, new Set(variables))] : []).map(
    ({ span, kind }) => ({ start: span.start - start, end: span.end - start, kind, text: textOf(span) }),
  );
  return { name, code, ports, holes, variables, results, owns };
}

/** All templates of operators, by operator. */
export function operatorTemplates(): ReadonlyMap<string, readonly Template[]> {
  const all = [...records.values()].map((op: Operator) => [op.name, setsOf(op)] as const);
  return new Map(all.map(([name, sets]) => [name, sets.map((set) => readTemplate(name, set))]));
}

/** The calls of the blocks of the library that need tensors and sizes only. */
export function libraryTemplates(): readonly Template[] {
  return Object.entries(library).flatMap(([path, text]) =>
    parse(sourceFile(path, text), new Reporter()).decls.flatMap((decl) => {
      if (decl.name.text.startsWith("_")) return [];
      const tensors = decl.params.filter(({ kind }) => kind === "tensor");
      const needed = decl.params.flatMap((param) =>
        param.kind === "attribute" && param.choices[0]?.text === "int" ? [`${param.name.text}: 2`] : [],
      );
      const inputs = tensors.map(({ span }) => textOf(span)).join(", ");
      const code = `${decl.name.text}(${[...tensors.map(({ name }) => name.text), ...needed].join(", ")})`;
      return [
        readTemplate(
          decl.name.text,
          { code, inputs },
          decl.result?.kind === "named" ? decl.result.items.length : 1,
          true,
        ),
      ];
    }),
  );
}

/** Writes the call with other texts in its holes; undefined keeps what is there. */
export function fill({ code, holes }: Template, textAt: (hole: Hole) => string | undefined): string {
  return holes
    .toSorted((a, b) => b.start - a.start)
    .reduce((text, hole) => text.slice(0, hole.start) + (textAt(hole) ?? hole.text) + text.slice(hole.end), code);
}

/** Returns the size variables of an axis. */
export function namesIn(axis: string, size: Expr | undefined): readonly string[] {
  if (size === undefined) return [axis];
  return [...sizeNames(size)];
}

function* sizeNames(expr: Expr): Generator<string> {
  if (expr.kind === "call" && expr.args === undefined) yield expr.callee.text;
  else if (expr.kind === "call")
    for (const arg of expr.args ?? []) yield* arg.kind === "positional" ? sizeNames(arg.value) : [];
  else if (expr.kind === "binary") yield* [...sizeNames(expr.left), ...sizeNames(expr.right)];
  else if (expr.kind === "unary") yield* sizeNames(expr.operand);
}

interface Found {
  readonly span: Span;
  readonly kind: Hole["kind"];
}

/** Finds tensors and sizes. An axis is neither, though it may have the name of a size. */
function* holesIn(
  expr: Expr,
  tensors: ReadonlySet<string>,
  variables: ReadonlySet<string>,
  isSize = false,
): Generator<Found> {
  const inside = (inner: Expr, size = isSize) => holesIn(inner, tensors, variables, size);
  switch (expr.kind) {
    case "number":
      if (isSize && /^[1-9]\d*$/.test(expr.raw)) yield { span: expr.span, kind: "number" };
      return;
    case "list":
    case "values":
    case "tensors":
      for (const item of expr.items) yield* inside(item);
      return;
    case "unary":
      yield* inside(expr.operand);
      return;
    case "binary":
      yield* inside(expr.left);
      yield* inside(expr.right);
      return;
    case "pipeline":
      yield* inside(expr.head);
      for (const stage of expr.stages) yield* inside(stage);
      return;
    case "bool":
    case "inf":
    case "match":
    case "if":
    case "repeat":
      return;
    case "call": {
      if (expr.args === undefined) {
        const { text } = expr.callee;
        if (tensors.has(text)) yield { span: expr.span, kind: "tensor" };
        else if (variables.has(text)) yield { span: expr.span, kind: "size" };
        return;
      }
      for (const arg of expr.args)
        if (arg.kind === "map") {
          for (const { size } of arg.to.axes) if (size !== undefined) yield* inside(size, true);
        } else {
          const kind = kindOf(expr.callee.text, arg);
          if (kind !== "axis" && kind !== "axes") yield* inside(arg.value, kind !== undefined && sized.has(kind));
        }
    }
  }
}

const sized: ReadonlySet<Attribute["kind"]> = new Set(["size", "sizes", "keyed"] as const);

/** Returns the kind of an argument that is not a tensor. */
function kindOf(callee: string, arg: Arg): Attribute["kind"] | undefined {
  const attributes: Readonly<Record<string, Attribute>> = operators[callee]?.attributes ?? {};
  if (arg.kind === "named") return attributes[arg.name.text]?.kind ?? "keyed";
  return Object.values(attributes).find(({ positional }) => positional)?.kind;
}

/** Writes the call of a template of one tensor as a stage. Some of its numbers become the index. */
export function stageOf(template: Template, index: string | undefined, chance: Chance): string | undefined {
  const stage = fill(template, ({ kind, text }) => {
    if (kind === "tensor") return text === template.ports[0]!.name ? "" : undefined;
    return kind === "number" && index !== undefined && chance.is(0.7)
      ? chance.pick([`(${index} + 1)`, index])
      : undefined;
  });
  return stage.startsWith(`${template.name}(`) ? stage.replace(/\(,\s*/, "(").replace(/\(\)$/, "") : undefined;
}
