/** @file Proves relations under a world's facts. Reports refuted ones and passes open ones to the caller. */
import type { Call } from "../../parser/ast.ts";
import type { Answer, Assignment, Example } from "../../sizes/facts.ts";
import { opposite, type Comparison } from "../../sizes/relation.ts";
import type { Size } from "../../sizes/size.ts";
import type { Help, Note } from "../../source/diagnostic.ts";
import type { Span } from "../../source/source.ts";
import { assignmentText, originOf, report, sizeText, type Frame } from "../frame/frame.ts";
import type { AskedRelation, BuildTimeUse, Requirement } from "../frame/world.ts";
import { decidingVariables } from "./build-time.ts";

type Origin = Requirement["origin"];

/** Decides a relation. If the facts leave it open, it becomes an obligation of the caller and holds from then on. */
export function ask(
  frame: Frame,
  relation: AskedRelation,
  origin: Origin,
  bound: Pick<Requirement, "what" | "note"> = {},
): Answer {
  const { world, strategy } = frame;
  const answer = world.facts.decide(relation);
  if (answer.verdict !== "unknown") return answer;
  strategy.open(frame, { relation, origin, when: world.assumptions, ...bound }, origin.span);
  const facts = world.facts.add(relation);
  if (facts !== "impossible") world.facts = facts;
  return answer;
}

interface Division {
  readonly span: Span;
  /** What needs the division to be exact: `SE`, or the division itself. */
  readonly what: string;
  /** The operands as the author wrote them. */
  readonly divisor: string;
  readonly dividend: string;
  readonly origin?: Origin;
  /** Help for the case that both are numbers, to replace the default (another divisor, or a float). */
  readonly help?: (dividend: bigint, divisor: bigint) => Help | string;
}

/** Requires an exact division. Returns false if the divisor can never divide the dividend, which is then reported. */
export function requireDivides(frame: Frame, divisor: Size, dividend: Size, at: Division): boolean {
  const { sizes } = frame.context;
  const { world } = frame;
  const relation = { op: "divides", a: divisor, b: dividend } as const;
  if (ask(frame, relation, at.origin ?? originOf(at.span)).verdict !== "no") return true;
  const a = world.facts.apply(dividend);
  const b = world.facts.apply(divisor);
  const [value, by] = [sizes.constant(a), sizes.constant(b)];
  if (by === 0n) {
    reportTooSmall(frame, divisor, sizes.int(1), { span: at.span, what: "the divisor", origin: at.origin });
    return false;
  }
  const helps: (Help | string)[] = [];
  if (value !== undefined && by !== undefined && value > 0n && value <= 1_000_000n) {
    if (at.help !== undefined) helps.push(at.help(value, by));
    else if (at.origin === undefined && /^\d+$/.test(at.divisor) && /^\d+$/.test(at.dividend))
      helps.push({ text: "for a float, write", code: String(Number(value) / Number(by)) });
    else if (!/^\d+$/.test(at.divisor)) helps.push(`${at.divisor} could be ${listed(divisorsOf(value))}`);
  }
  report(
    frame,
    "not-divisible",
    at.span,
    {
      what: at.what,
      divisor: at.divisor,
      dividend: at.dividend,
      divisorValue: sizes.print(b),
      dividendValue: sizes.print(a),
    },
    { helps, notes: requiredBy(at.origin) },
  );
  return false;
}

/** Returns the two nearest positive multiples. */
export function multiplesNear(value: bigint, of: bigint): bigint[] {
  const above = value - (value % of) + of;
  return above > of ? [above - of, above] : [above, above + of];
}

export function divisorsOf(value: bigint): bigint[] {
  const found: bigint[] = [];
  for (let d = 1n; d <= value && found.length < 12; d++) if (value % d === 0n) found.push(d);
  return found;
}

export function listed(items: readonly unknown[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} or ${String(items.at(-1))}`;
}

interface Bound {
  readonly span: Span;
  /** The thing whose size this is: "axis `h` of the result". */
  readonly what: string;
  readonly origin?: Origin | undefined;
  /** The reason for the requirement, if its numbers do not explain themselves. */
  readonly note?: string | undefined;
  readonly helps?: readonly Help[];
}

/** Requires `size >= least`. Returns false if it can never be that large, which is then reported. */
export function requireAtLeast(frame: Frame, size: Size, least: Size, at: Bound): boolean {
  const relation = { op: ">=", a: size, b: least } as const;
  const { what, note } = at;
  const bound = { what, ...(note !== undefined && { note }) };
  if (ask(frame, relation, at.origin ?? originOf(at.span), bound).verdict !== "no") return true;
  reportTooSmall(frame, size, least, at);
  return false;
}

function reportTooSmall(frame: Frame, size: Size, least: Size, { span, what, note, origin, helps = [] }: Bound): void {
  const constant = frame.context.sizes.constant(frame.world.facts.apply(size)) !== undefined;
  report(
    frame,
    "size-not-positive",
    span,
    {
      what,
      modality: constant ? "is" : "can only be",
      size: sizeText(frame, size),
      least: sizeText(frame, least),
    },
    { notes: [...(note === undefined ? [] : [note]), ...requiredBy(origin)], helps },
  );
}

/** Requires a size that is known when the model is built. `origin` is the place that needs it, perhaps in a callee. */
export function requireBuildTime(
  frame: Frame,
  size: Size,
  use: BuildTimeUse,
  span: Span,
  origin: Origin = originOf(span),
): void {
  const { assumptions } = frame.world;
  if (decidingVariables(frame, { size, use }).size === 0) return;
  const relation = { op: "known", size, use } as const;
  frame.strategy.open(frame, { relation, origin, when: assumptions }, span);
}

interface Unmet {
  /** The condition, in the callee's sizes. */
  readonly constraint: string;
  readonly origin: Origin;
  readonly answer: Answer<Assignment>;
  /** The two sides in the caller's sizes, if the condition has two. */
  readonly sides?: { readonly left: Size; readonly sign: Comparison; readonly right: Size } | undefined;
  readonly helps?: readonly Help[];
}

/** Reports a condition of a callee's header that does not hold at a call, or cannot be proved there. */
export function reportUnmet(frame: Frame, { callee }: Call, unmet: Unmet): void {
  const { constraint, origin, answer, sides, helps } = unmet;
  const refuted = answer.verdict === "no" ? `but ${refutation(frame, sides)} here` : undefined;
  report(
    frame,
    "constraint-not-met",
    callee.span,
    {
      callee: callee.text,
      constraint: `\`${constraint}\``,
      verdict: refuted ?? (answer.example ? "which can be false here" : "which cannot be proved here"),
    },
    { notes: [...requiredBy(origin), ...valueNotes(frame, answer.example, sides)], ...(helps && { helps }) },
  );
}

/** Gives values for which a condition is false, and its two sides there. */
function valueNotes({ context: { sizes } }: Frame, example: Assignment | undefined, sides: Unmet["sides"]): string[] {
  if (example === undefined || example.values.size === 0) return [];
  const { values } = example;
  const at = (side: Size) => sizes.evaluate(side, (v) => values.get(v) ?? 0n);
  const [left, right] = sides === undefined ? [] : [at(sides.left), at(sides.right)];
  if (left === undefined || right === undefined) return [`for example ${assignmentText(values)}`];
  return exampleNotes({ values, left, right });
}

/** Says in numbers why a condition is false, as `64 != 32`, if both sides are known. */
function refutation(frame: Frame, sides: Unmet["sides"]): string {
  const { sizes } = frame.context;
  const [left, right] = [sides?.left, sides?.right].map(
    (side) => side && sizes.constant(frame.world.facts.apply(side)),
  );
  if (sides === undefined || left === undefined || right === undefined) return "it is false";
  return `${left} ${opposite[sides.sign]} ${right}`;
}

function requiredBy(origin: Origin | undefined): Note[] {
  return origin === undefined ? [] : [{ text: `required by \`${origin.text}\``, span: origin.span }];
}

export function exampleNotes(example: Example | undefined, otherwise: readonly string[] = []): string[] {
  if (example === undefined) return [...otherwise];
  const { values, left, right } = example;
  return values.size === 0
    ? [`${left}  vs  ${right}`]
    : [`for example ${assignmentText(values)}:  ${left}  vs  ${right}`];
}
