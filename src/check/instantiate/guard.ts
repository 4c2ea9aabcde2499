/** @file The entry guard of a model, from its signature and from what could not be decided at build time. */
import type {
  Guard,
  GuardCondition,
  GuardRelation,
  GuardInput,
  GuardRequirement,
  GuardVariable,
} from "../../contract/guard.ts";
import { sizeExpr } from "../../ir/size-expr.ts";
import type { AxisSpec } from "../../parser/ast.ts";
import { printRelation, type Condition, type Relation } from "../../sizes/relation.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { invariant } from "../../source/internal-error.ts";
import { lineOf, textOf } from "../../source/source.ts";
import { nameOf } from "../evaluate/sizes.ts";
import { readClause } from "../evaluate/where.ts";
import type { Frame } from "../frame/frame.ts";
import type { AskedRelation, Requirement } from "../frame/world.ts";
import { identifiers } from "../text/signature.ts";
import { largestInteger, type Delicate } from "./rounding.ts";

/** A relation left to the guard, in the model's run-time variables. */
export interface OpenRelation {
  readonly relation: AskedRelation;
  readonly origin: Requirement["origin"];
}

/**
 * Returns the guard of a model whose frame has been run. It also requires that `delicate` sizes are computed without
 * rounding, and that an i32 holds `integers`.
 */
export function makeGuard(
  frame: Frame,
  requirements: readonly OpenRelation[],
  { delicate, integers }: { readonly delicate: readonly Delicate[]; readonly integers: readonly Delicate[] },
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
    (readClause(frame, where) ?? []).map((one): GuardRequirement => {
      const text = textOf(one.op === "or" ? where.span : one.expr.span);
      return { ...guardCondition(sizes, one), text, at: lineOf(where.span) };
    }),
  );
  const inferred = requirements.map(({ relation, origin }): GuardRequirement => {
    const text = printRelation(sizes, relation);
    return { ...guardRelation(sizes, relation), text, at: lineOf(origin.span) };
  });
  const line = (origin: Delicate["origin"]) => lineOf(origin?.span ?? signature.decl.header);
  // A comparison fails if one of its numbers cannot be computed.
  const computed = delicate.map(({ size, origin }): GuardRequirement => {
    const relation = guardRelation(sizes, { op: "==", a: size, b: size });
    const text = `${sizes.print(size)} without a number beyond 2^53`;
    return { ...relation, text, at: line(origin) };
  });
  const held = integers.map(({ size, origin }): GuardRequirement => {
    const relation = guardRelation(sizes, { op: ">=", a: sizes.int(largestInteger), b: size });
    return { ...relation, text: `${sizes.print(size)} <= ${largestInteger}`, at: line(origin) };
  });
  const all = [...declared, ...inferred, ...computed, ...held].filter((requirement) => !isConstant(requirement));
  const unique = all.filter((one, i) => all.findIndex((other) => sameRequirement(one, other)) === i);
  return { model: signature.decl.name.text, inputs, variables: guardVariables(frame), requirements: unique };
}

const guardRelation = (sizes: Sizes, { op, a, b }: Relation): GuardRelation => ({
  op,
  a: sizeExpr(sizes, a),
  b: sizeExpr(sizes, b),
});

const guardCondition = (sizes: Sizes, condition: Condition): GuardCondition =>
  condition.op === "or"
    ? { op: "or", of: condition.of.map((way) => way.map((one) => guardCondition(sizes, one))) }
    : guardRelation(sizes, condition);

function isConstant(requirement: GuardRequirement): boolean {
  return requirement.op !== "or" && typeof requirement.a === "number" && typeof requirement.b === "number";
}

function sameRequirement(one: GuardRequirement, other: GuardRequirement): boolean {
  const key = (requirement: GuardRequirement) => JSON.stringify({ ...requirement, text: "", at: "" });
  return key(one) === key(other);
}

/** Returns the guard's variables: plain axes first, then patterns, in the order in which a call would bind them. */
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
    const linear = sizes.linear(size, only!);
    invariant(linear !== undefined, "a pattern that cannot be solved was not reported");
    const { factor, offset } = linear;
    found.push({
      name,
      input,
      axis: axis.name.text,
      factor: sizeExpr(sizes, factor),
      offset: sizeExpr(sizes, offset),
    });
  }
  return found;
}
