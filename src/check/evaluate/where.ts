/** @file `where` clauses: facts inside the block, obligations of its callers, requirements of a model's entry guard. */
import type { Call, Expr, Where } from "../../parser/ast.ts";
import type { Facts } from "../../sizes/facts.ts";
import type { Size } from "../../sizes/size.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf } from "../../source/source.ts";
import { addCondition } from "../advice/header-edits.ts";
import { oneLine, report, sizeText, type Frame } from "../frame/frame.ts";
import { assume, decide, opposite, type Assumption, type Comparison } from "../frame/world.ts";
import { exampleNotes, requireAtLeast, requireDivides } from "../prove/obligations.ts";
import { decideCondition, isComparison, onlyChoices } from "./conditions.ts";
import { sizeOf } from "./sizes.ts";

/** One comparison of a clause, as sizes. */
export type Atom =
  | { readonly kind: "compare"; readonly op: Comparison; readonly a: Size; readonly b: Size; readonly expr: Expr }
  | { readonly kind: "divides"; readonly divisor: Size; readonly dividend: Size; readonly expr: Expr };

/** What `or` leaves open between sizes: all comparisons of one of these hold. */
interface Either {
  readonly kind: "either";
  readonly of: readonly (readonly Atom[])[];
}

/** What must all hold; undefined if something was reported. */
export type Clause = readonly (Atom | Either)[] | undefined;

/** The comparisons of a clause, under the choices of the frame's world. A clause whose `if` is refuted has none. */
export function readClause(frame: Frame, where: Where): Clause {
  if (where.if !== undefined && decideEnums(frame, where.if) === false) return [];
  return atoms(frame, where.condition, false);
}

/** Whether only choices decide it, and how; undefined if sizes matter. */
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
    // A side that holds already leaves nothing to ask; one that never holds leaves the other.
    if (left.length === 0 || right.length === 0) return [];
    if (isNever(frame, left)) return right;
    if (isNever(frame, right)) return left;
    return [{ kind: "either", of: [...alternatives(left), ...alternatives(right)] }];
  }
  return comparison(frame, expr, negated);
}

function never(frame: Frame, expr: Expr): Atom {
  const { sizes } = frame.context;
  return { kind: "compare", op: "==", a: sizes.int(0), b: sizes.int(1), expr };
}

/** Every way in which all of a clause can hold. */
function alternatives(clause: readonly (Atom | Either)[]): Atom[][] {
  return clause.reduce<Atom[][]>(
    (ways, atom) =>
      ways.flatMap((way) => (atom.kind === "either" ? atom.of : [[atom]]).map((more) => [...way, ...more])),
    [[]],
  );
}

function isNever(frame: Frame, clause: readonly (Atom | Either)[]): boolean {
  return clause.some((atom) => atom.kind !== "either" && holds(frame, atom) === false);
}

/** Whether it holds; undefined where that is not known. */
function holds(frame: Frame, atom: Atom | Either): boolean | undefined {
  const { facts } = frame.world;
  switch (atom.kind) {
    case "compare":
      return decide(frame.context.sizes, facts, atom);
    case "divides": {
      const { kind } = facts.isDivisible(atom.dividend, atom.divisor);
      return kind === "unknown" ? undefined : kind === "yes";
    }
    case "either": {
      const ways = atom.of.map((way) => way.map((one) => holds(frame, one)));
      if (ways.some((way) => way.every((one) => one === true))) return true;
      return ways.every((way) => way.includes(false)) ? false : undefined;
    }
  }
}

function comparison(frame: Frame, expr: Expr & { kind: "binary" }, negated: boolean): Clause {
  if (!isComparison(expr.op)) {
    decideCondition(frame, expr);
    return undefined;
  }
  // `a % b == 0` says that b divides a.
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
    return dividend && divisor && [{ kind: "divides", divisor, dividend, expr }];
  }
  const a = sizeOf(frame, left);
  const b = sizeOf(frame, right);
  if (a === undefined || b === undefined) return undefined;
  return [{ kind: "compare", op: negated ? opposite[expr.op] : expr.op, a, b, expr }];
}

/** The facts with a clause added; "impossible" if it can never hold. */
export function assumeClause(frame: Frame, facts: Facts, clause: Clause): Facts | "impossible" {
  let known: Facts = facts;
  for (const atom of clause ?? []) {
    // One of several: no single fact follows.
    if (atom.kind === "either") continue;
    const next =
      atom.kind === "divides" ? known.divides(atom.divisor, atom.dividend) : assume(frame.context.sizes, known, atom);
    if (next === "impossible") return next;
    known = next;
  }
  return known;
}

/** Asks the caller for the clauses of a callee. False if one is not met; then it was reported. */
export function requireWhere(frame: Frame, inner: Frame, call: Call): boolean {
  return inner.signature.decl.where.every((where) => {
    const clause = readClause(inner, where);
    if (clause === undefined) return false;
    return clause.every((atom) => requireAtom(frame, inner, call, where, atom));
  });
}

function requireAtom(frame: Frame, inner: Frame, call: Call, where: Where, atom: Atom | Either): boolean {
  const { sizes } = frame.context;
  const origin = { text: oneLine(textOf(where.span)), span: where.span };
  if (atom.kind === "divides")
    return requireDivides(frame, atom.divisor, atom.dividend, {
      span: call.callee.span,
      what: `\`${call.callee.text}\``,
      ...divisionText(atom.expr),
      origin,
    });
  if (atom.kind === "compare" && (atom.op === ">=" || atom.op === ">")) {
    const least = atom.op === ">" ? sizes.add(atom.b, sizes.int(1)) : atom.b;
    const before = frame.world.diagnostics.length;
    requireAtLeast(frame, atom.a, least, { span: call.callee.span, what: `\`${textOf(atom.expr.span)}\``, origin });
    return frame.world.diagnostics.length === before;
  }
  const held = holds(frame, atom);
  if (held === true) return true;
  const example = atom.kind === "either" ? undefined : frame.world.facts.compare(atom.a, atom.b);
  const shown = example === undefined || example.kind === "equal" ? undefined : example.example;
  report(
    frame,
    "constraint-not-met",
    call.callee.span,
    {
      callee: call.callee.text,
      constraint: `\`${oneLine(textOf(where.condition.span))}\``,
      verdict: held === false ? "not so here" : "not known here",
    },
    {
      notes: [{ ...origin, text: `required by \`${origin.text}\`` }, ...exampleNotes(shown)],
      helps: atom.kind === "compare" && held === undefined ? missingCondition(frame, atom) : [],
    },
  );
  return false;
}

/** The same condition over the caller's sizes. */
function missingCondition(frame: Frame, { op, a, b }: Assumption): Help[] {
  return addCondition(frame, `${sizeText(frame, a)} ${op} ${sizeText(frame, b)}`);
}

function divisionText(expr: Expr): { divisor: string; dividend: string } {
  const remainder = expr.kind === "binary" && expr.left.kind === "binary" ? expr.left : undefined;
  return remainder === undefined
    ? { divisor: "the divisor", dividend: "the dividend" }
    : { divisor: textOf(remainder.right.span), dividend: textOf(remainder.left.span) };
}
