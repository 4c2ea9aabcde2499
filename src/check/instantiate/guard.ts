/** @file The entry guard of a model, from its signature and from what could not be decided before it runs. */
import type {
  Guard,
  GuardComparison,
  GuardInput,
  GuardRequirement,
  GuardVariable,
  SizeExpr,
} from "../../contract/guard.ts";
import type { AxisSpec } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { lineOf, textOf } from "../../source/source.ts";
import { nameOf } from "../evaluate/sizes.ts";
import { readClause, type Atom } from "../evaluate/where.ts";
import type { Frame } from "../frame/frame.ts";
import type { Comparison, Requirement } from "../frame/world.ts";
import { identifiers } from "../text/signature.ts";
import type { Delicate } from "./rounding.ts";

/**
 * The guard of a model whose frame has been run; `requirements` are over its run-time variables. Of delicate sizes it asks that no
 * number on the way to them is rounded.
 */
export function makeGuard(
  frame: Frame,
  requirements: readonly Requirement[],
  delicate: readonly Delicate[] = [],
): Guard {
  const { sizes } = frame.context;
  const { signature } = frame;
  const inputs = signature.tensors.map(({ name, type, span }): GuardInput => {
    const val = frame.names.get(name.text);
    const axes = val?.kind === "tensor" ? val.value.type.axes : new Map<string, Size>();
    return {
      name: name.text,
      dtype: (type.dtype?.text ?? "f32") as GuardInput["dtype"],
      axes: type.axes.map((axis) => ({
        axis: axis.name.text,
        size: sizeExpr(sizes, axes.get(axis.name.text)!),
        declared: textOf(axis.span),
      })),
      at: lineOf(span),
    };
  });
  const declared = signature.decl.where.flatMap((where) =>
    (readClause(frame, where) ?? []).map((atom): GuardRequirement => {
      const at = lineOf(where.span);
      if (atom.kind !== "either") return { ...comparisonOf(sizes, atom), text: textOf(atom.expr.span), at };
      const of = atom.of.map((way) => way.map((one) => comparisonOf(sizes, one)));
      return { kind: "either", of, text: textOf(where.condition.span), at };
    }),
  );
  const inferred = requirements.flatMap((requirement): GuardRequirement[] => {
    const at = lineOf(requirement.origin.span);
    if (requirement.kind === "divides") {
      const [a, b] = [requirement.dividend, requirement.divisor].map((size) => frame.world.facts.apply(size));
      const text = `${sizes.print(b!)} divides ${sizes.print(a!)}`;
      return [{ kind: "multiple", a: sizeExpr(sizes, a!), b: sizeExpr(sizes, b!), text, at }];
    }
    if (requirement.kind === "at-least") {
      const text = atLeastText(sizes, requirement.size, requirement.least);
      return [{ ...comparison(sizes, ">=", requirement.size, requirement.least), text, at }];
    }
    return [];
  });
  // A comparison with a number that cannot be computed is not met.
  const computed = delicate.map(({ size, origin }): GuardRequirement => {
    const expression = sizeExpr(sizes, size);
    const text = `${sizes.print(size)} without a number beyond 2^53`;
    return { kind: "equal", a: expression, b: expression, text, at: lineOf(origin?.span ?? signature.decl.header) };
  });
  const all = [...declared, ...inferred, ...computed].filter((requirement) => !isConstant(requirement));
  const unique = all.filter((one, i) => all.findIndex((other) => sameRequirement(one, other)) === i);
  return { model: signature.decl.name.text, inputs, variables: guardVariables(frame), requirements: unique };
}

function comparisonOf(sizes: Sizes, atom: Atom): GuardComparison {
  return atom.kind === "compare"
    ? comparison(sizes, atom.op, atom.a, atom.b)
    : { kind: "multiple", a: sizeExpr(sizes, atom.dividend), b: sizeExpr(sizes, atom.divisor) };
}

function comparison(sizes: Sizes, op: Comparison, a: Size, b: Size): GuardComparison {
  const one = sizes.int(1);
  const put = (kind: GuardComparison["kind"], a: Size, b: Size) => ({
    kind,
    a: sizeExpr(sizes, a),
    b: sizeExpr(sizes, b),
  });
  switch (op) {
    case "==":
      return put("equal", a, b);
    case "!=":
      return put("different", a, b);
    case ">=":
      return put("at-least", a, b);
    case ">":
      return put("at-least", a, sizes.add(b, one));
    case "<=":
      return put("at-least", b, a);
    case "<":
      return put("at-least", b, sizes.add(a, one));
  }
}

function isConstant(requirement: GuardRequirement): boolean {
  return requirement.kind !== "either" && typeof requirement.a === "number" && typeof requirement.b === "number";
}

function sameRequirement(one: GuardRequirement, other: GuardRequirement): boolean {
  const key = (requirement: GuardRequirement) => JSON.stringify({ ...requirement, text: "", at: "" });
  return key(one) === key(other);
}

/** Plain axes first, then patterns, in the order in which a call would bind them. */
function guardVariables(frame: Frame): GuardVariable[] {
  const { sizes } = frame.context;
  const found: GuardVariable[] = [];
  const known = new Set(frame.signature.parameters.map((parameter) => parameter.name));
  const axes = frame.signature.tensors.flatMap(({ name, type }) =>
    type.axes.map((axis) => ({ input: name.text, axis })),
  );
  const plain = (axis: AxisSpec) => (axis.size === undefined ? axis.name.text : nameOf(axis.size));
  for (const { input, axis } of axes) {
    const name = plain(axis);
    if (name === undefined || known.has(name)) continue;
    known.add(name);
    found.push({ name, input, axis: axis.name.text, factor: 1, offset: 0 });
  }
  for (const { input, axis } of axes) {
    const [name] = axis.size === undefined ? [] : identifiers(axis.size).filter((name) => !known.has(name));
    const val = frame.names.get(input);
    const variable = name === undefined ? undefined : frame.sizes.get(name);
    if (name === undefined || variable === undefined || val?.kind !== "tensor") continue;
    known.add(name);
    const size = val.value.type.axes.get(axis.name.text)!;
    const [only] = sizes.variables(variable);
    const at = (n: number) => sizes.substitute(size, new Map([[only!, sizes.int(n)]]));
    const offset = at(0);
    const factor = sizeExpr(sizes, sizes.sub(at(1), offset));
    found.push({ name, input, axis: axis.name.text, factor, offset: sizeExpr(sizes, offset) });
  }
  return found;
}

/** `h >= 205` rather than `h - 204 >= 1`. */
function atLeastText(sizes: Sizes, size: Size, least: Size): string {
  const plain = `${sizes.print(size)} >= ${sizes.print(least)}`;
  const difference = sizes.sub(size, least);
  const offset = sizes.evaluate(difference, () => 0n);
  if (offset === undefined) return plain;
  const moved = `${sizes.print(sizes.sub(difference, sizes.int(offset)))} >= ${-offset}`;
  return moved.length < plain.length ? moved : plain;
}

/** A size as data for a module. */
export function sizeExpr(sizes: Sizes, size: Size): SizeExpr {
  return sizes.fold<SizeExpr>(size, {
    int: (n) => Number(n),
    variable: (variable) => variable.name,
    add: (a, b) => ["+", a, b],
    sub: (a, b) => ["+", a, typeof b === "number" ? -b : ["*", -1, b]],
    mul: (a, b) => ["*", a, b],
    divide: (a, b) => ["/", a, b],
    floor: (a, b) => ["floor", a, b],
    ceil: (a, b) => ["ceil", a, b],
  });
}
