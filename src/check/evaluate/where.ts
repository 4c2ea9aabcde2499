/** @file `where` clauses: facts inside the block, obligations of its callers, requirements of a model's entry guard. */
import type { Call, Expr, Where } from "../../parser/ast.ts";
import type { Answer, Facts } from "../../sizes/facts.ts";
import {
  negate,
  opposite,
  printRelation,
  readRelation,
  substitute,
  type Comparison,
  type Relation,
} from "../../sizes/relation.ts";
import type { Size } from "../../sizes/size.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf } from "../../source/source.ts";
import { addCondition } from "../advice/header-edits.ts";
import { oneLine, originOf, type Frame } from "../frame/frame.ts";
import { ask, reportUnmet, requireDivides } from "../prove/obligations.ts";
import { decideCondition, isComparison, onlyChoices } from "./conditions.ts";
import { sizeOf } from "./sizes.ts";

/** A relation from a clause, with the expression that states it. */
export interface Stated extends Relation {
  readonly expr: Expr;
  readonly left: Size;
  /** The comparison between `left` and `right`; undefined for `%` and if choices alone decide. */
  readonly sign?: Comparison;
  readonly right: Size;
}

/** An `or` between sizes that is still open. All relations of at least one alternative hold. */
interface Either {
  readonly op: "or";
  readonly of: readonly (readonly Stated[])[];
}

/** The relations that must all hold; undefined if an error was reported. */
export type Clause = readonly (Stated | Either)[] | undefined;

/** Returns the relations of a clause under the world's choices; none if its `if` is refuted. */
export function readClause(frame: Frame, where: Where): Clause {
  if (where.if !== undefined && decideEnums(frame, where.if) === false) return [];
  return atoms(frame, where.condition, false);
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
    if ((expr.op === "and") !== negated) return [...left, ...right];
    // If one side holds already, nothing is left to require. If one side can never hold, the other must.
    if (left.length === 0 || right.length === 0) return [];
    if (isNever(frame, left)) return right;
    if (isNever(frame, right)) return left;
    return [{ op: "or", of: [...alternatives(left), ...alternatives(right)] }];
  }
  return comparison(frame, expr, negated);
}

function never(frame: Frame, expr: Expr): Stated {
  const [a, b] = [frame.context.sizes.int(0), frame.context.sizes.int(1)];
  return { op: "==", a, b, expr, left: a, right: b };
}

/** Returns every way in which all of a clause can hold. */
function alternatives(clause: readonly (Stated | Either)[]): Stated[][] {
  return clause.reduce<Stated[][]>(
    (ways, one) => ways.flatMap((way) => (one.op === "or" ? one.of : [[one]]).map((more) => [...way, ...more])),
    [[]],
  );
}

function isNever(frame: Frame, clause: readonly (Stated | Either)[]): boolean {
  return clause.some((one) => one.op !== "or" && frame.world.facts.decide(one).verdict === "no");
}

function decide({ world }: Frame, stated: Stated | Either): Answer {
  if (stated.op !== "or") return world.facts.decide(stated);
  const ways = stated.of.map((way) => way.map((one) => world.facts.decide(one).verdict));
  if (ways.some((way) => way.every((verdict) => verdict === "yes"))) return { verdict: "yes" };
  return { verdict: ways.every((way) => way.includes("no")) ? "no" : "unknown" };
}

function comparison(frame: Frame, expr: Expr & { kind: "binary" }, negated: boolean): Clause {
  if (!isComparison(expr.op)) {
    decideCondition(frame, expr);
    return undefined;
  }
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

/** Adds a clause to the facts; "impossible" if it can never hold. */
export function assumeClause(facts: Facts, clause: Clause): Facts | "impossible" {
  let known: Facts = facts;
  for (const one of clause ?? []) {
    // An `or` implies no single fact.
    if (one.op === "or") continue;
    const next = known.add(one);
    if (next === "impossible") return next;
    known = next;
  }
  return known;
}

/** Requires the callee's clauses of the caller. Returns false if one is not met, which is then reported. */
export function requireWhere(frame: Frame, inner: Frame, call: Call): boolean {
  return inner.signature.decl.where.every((where) => {
    const clause = readClause(inner, where);
    if (clause === undefined) return false;
    return clause.every((one) => requireStated(frame, call, where, one));
  });
}

function requireStated(frame: Frame, call: Call, where: Where, one: Stated | Either): boolean {
  const origin = originOf(where.span);
  const { span, text } = call.callee;
  if (one.op === "divides")
    return requireDivides(frame, one.a, one.b, { span, what: `\`${text}\``, ...divisionText(one.expr), origin });
  const isAsked = one.op === ">=";
  const answer = isAsked ? ask(frame, { op: one.op, a: one.a, b: one.b }, origin) : decide(frame, one);
  if (answer.verdict === "yes" || (isAsked && answer.verdict === "unknown")) return true;
  reportUnmet(frame, call, {
    constraint: oneLine(textOf(where.condition.span)),
    origin,
    answer,
    sides: one.op === "or" || one.sign === undefined ? undefined : { ...one, sign: one.sign },
    helps: one.op === "or" || answer.verdict === "no" ? [] : missingCondition(frame, one),
  });
  return false;
}

/** Suggests the same condition in the caller's sizes. */
function missingCondition(frame: Frame, relation: Relation): Help[] {
  const { facts } = frame.world;
  return addCondition(
    frame,
    printRelation(
      frame.context.sizes,
      substitute(relation, (size) => facts.apply(size)),
    ),
  );
}

function divisionText(expr: Expr): { divisor: string; dividend: string } {
  const remainder = expr.kind === "binary" && expr.left.kind === "binary" ? expr.left : undefined;
  return remainder === undefined
    ? { divisor: "the divisor", dividend: "the dividend" }
    : { divisor: textOf(remainder.right.span), dividend: textOf(remainder.left.span) };
}
