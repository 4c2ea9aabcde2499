/** @file `where` clauses: facts inside the block, obligations of its callers, requirements of a model's entry guard. */
import type { Call, Expr, Where } from "../../parser/ast.ts";
import { Facts } from "../../sizes/facts.ts";
import {
  negate,
  opposite,
  printRelation,
  readRelation,
  type Comparison,
  type Condition,
  type Relation,
} from "../../sizes/relation.ts";
import type { Size } from "../../sizes/size.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf } from "../../source/source.ts";
import { equalityText } from "../advice/equalities.ts";
import { addCondition } from "../advice/header-edits.ts";
import { oneLine, originOf, type Frame } from "../frame/frame.ts";
import { ask, reportUnmet, requireDivides } from "../prove/obligations.ts";
import { choiceParameter, decideCondition, isComparison, isMisspeltChoice, onlyChoices } from "./conditions.ts";
import { sizeOf } from "./sizes.ts";

/** A relation from a clause, with the expression that states it. */
export interface Stated extends Relation {
  readonly expr: Expr;
  readonly left: Size;
  /** The comparison between `left` and `right`; undefined for `%` and if choices alone decide. */
  readonly sign?: Comparison;
  readonly right: Size;
}

/** The conditions that must all hold; undefined if an error was reported. An `or` between sizes stays one. */
export type Clause = readonly Condition<Stated>[] | undefined;

/** Returns the conditions of a clause under the world's choices. `A if B` means that B does not hold, or A does. */
export function readClause(frame: Frame, where: Where): Clause {
  if (where.if === undefined) return atoms(frame, where.condition, false);
  const decided = decideEnums(frame, where.if);
  if (decided !== undefined) return decided ? atoms(frame, where.condition, false) : [];
  return either(frame, atoms(frame, where.if, true), atoms(frame, where.condition, false));
}

/** Decides an expression if it depends on choices only; undefined if sizes matter. */
function decideEnums(frame: Frame, expr: Expr): boolean | undefined {
  return onlyChoices(frame, expr) ? decideCondition(frame, expr) : undefined;
}

function atoms(frame: Frame, expr: Expr, negated: boolean): Clause {
  const decided = decideEnums(frame, expr);
  if (decided !== undefined) return decided !== negated ? [] : [never(frame, expr)];
  if (expr.kind === "unary" && expr.op === "not") return atoms(frame, expr.operand, !negated);
  if (expr.kind !== "binary") {
    decideCondition(frame, expr);
    return undefined;
  }
  if (expr.op === "and" || expr.op === "or") {
    const left = atoms(frame, expr.left, negated);
    const right = atoms(frame, expr.right, negated);
    if (left === undefined || right === undefined) return undefined;
    if ((expr.op === "and") === negated) return either(frame, left, right);
    return left && right && [...left, ...right];
  }
  return comparison(frame, expr, negated);
}

function either(frame: Frame, left: Clause, right: Clause): Clause {
  if (left === undefined || right === undefined) return undefined;
  // If one side holds already, nothing is left to require. If one side can never hold, the other must.
  if (isAlways(frame, left) || isAlways(frame, right)) return [];
  if (isNever(frame, left)) return right;
  if (isNever(frame, right)) return left;
  return [{ op: "or", of: [...ways(left), ...ways(right)] }];
}

/** Returns the alternatives of a clause that is one `or`, so that `a or b or c` is a list. */
function ways(clause: readonly Condition<Stated>[]): readonly (readonly Condition<Stated>[])[] {
  const [only, ...others] = clause;
  return only?.op === "or" && others.length === 0 ? only.of : [clause];
}

function never(frame: Frame, expr: Expr): Stated {
  const [a, b] = [frame.context.sizes.int(0), frame.context.sizes.int(1)];
  return { op: "==", a, b, expr, left: a, right: b };
}

/** Whether a clause holds for all sizes. Facts do not count: those of a body also contain what a guard has to check. */
function isAlways({ context }: Frame, clause: readonly Condition<Stated>[]): boolean {
  const nothing = new Facts(context.sizes);
  return clause.every((one) => nothing.decide(one).verdict === "yes");
}

function isNever(frame: Frame, clause: readonly Condition<Stated>[]): boolean {
  return clause.some((one) => frame.world.facts.decide(one).verdict === "no");
}

function comparison(frame: Frame, expr: Expr & { kind: "binary" }, negated: boolean): Clause {
  if (!isComparison(expr.op)) {
    decideCondition(frame, expr);
    return undefined;
  }
  const sides = [expr.left, expr.right];
  if (sides.some((side) => choiceParameter(frame, side)?.integers === false)) {
    // Choices alone do not decide it, so one of its names is wrong.
    decideCondition(frame, expr);
    return undefined;
  }
  if (sides.some((side) => isMisspeltChoice(frame, side))) return undefined;
  // `a % b == 0` means that b divides a.
  const { left, right } = expr;
  if (
    expr.op === "==" &&
    !negated &&
    left.kind === "binary" &&
    left.op === "%" &&
    right.kind === "number" &&
    right.value === 0
  ) {
    const dividend = sizeOf(frame, left.left);
    const divisor = sizeOf(frame, left.right);
    return dividend && divisor && [{ op: "divides", a: divisor, b: dividend, expr, left: dividend, right: divisor }];
  }
  const { sizes } = frame.context;
  const a = sizeOf(frame, left);
  const b = sizeOf(frame, right);
  if (a === undefined || b === undefined) return undefined;
  const relation = readRelation(sizes, expr.op, a, b);
  return [
    {
      ...(negated ? negate(sizes, relation) : relation),
      expr,
      left: a,
      sign: negated ? opposite[expr.op] : expr.op,
      right: b,
    },
  ];
}

/** Requires the callee's clauses of the caller. Returns false if one is not met, which is then reported. */
export function requireWhere(frame: Frame, inner: Frame, call: Call): boolean {
  return inner.signature.decl.where.every((where) => {
    const clause = readClause(inner, where);
    if (clause === undefined) return false;
    return clause.every((one) => requireStated(frame, call, where, one));
  });
}

function requireStated(frame: Frame, call: Call, where: Where, one: Condition<Stated>): boolean {
  const origin = originOf(where.span);
  const { span, text } = call.callee;
  if (one.op === "divides")
    return requireDivides(frame, one.a, one.b, { span, what: `\`${text}\``, ...divisionText(one.expr), origin });
  const isAsked = one.op === ">=";
  const { facts } = frame.world;
  const answer = isAsked ? ask(frame, { op: one.op, a: one.a, b: one.b }, origin) : facts.decide(one);
  if (answer.verdict === "yes" || (isAsked && answer.verdict === "unknown")) return true;
  reportUnmet(frame, call, {
    constraint: oneLine(textOf(one.op === "or" ? where.span : where.condition.span)),
    origin,
    answer,
    sides: one.op === "or" || one.sign === undefined ? undefined : { ...one, sign: one.sign },
    helps: one.op === "or" || answer.verdict === "no" ? [] : missingCondition(frame, one),
  });
  return false;
}

/** Suggests the same condition in the caller's sizes. */
function missingCondition(frame: Frame, { op, a, b }: Relation): Help[] {
  if (op === "==") return addCondition(frame, equalityText(frame, a, b));
  const { sizes } = frame.context;
  const { facts } = frame.world;
  return addCondition(frame, printRelation(sizes, { op, a: facts.apply(a), b: facts.apply(b) }));
}

function divisionText(expr: Expr): { divisor: string; dividend: string } {
  const remainder = expr.kind === "binary" && expr.left.kind === "binary" ? expr.left : undefined;
  return remainder === undefined
    ? { divisor: "the divisor", dividend: "the dividend" }
    : { divisor: textOf(remainder.right.span), dividend: textOf(remainder.left.span) };
}
