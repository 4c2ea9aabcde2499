/** @file Calls by summary: the callee's body is not entered. Its requirements apply to the block being checked. */
import type { Weight } from "../../ir/graph.ts";
import { printType, tensorType, type Axis, type TensorType } from "../../ir/type.ts";
import type { Call } from "../../parser/ast.ts";
import { printRelation, spell, substitute, type Relation } from "../../sizes/relation.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { textOf, type Span } from "../../source/source.ts";
import { claimPath, mismatch } from "../evaluate/apply.ts";
import { pathAtCall } from "../evaluate/numbered.ts";
import { declaredResults } from "../evaluate/types.ts";
import type { Binding } from "../frame/frame.ts";
import { report, typeText, type CallStrategy, type Frame } from "../frame/frame.ts";
import { unknown, type Val } from "../frame/values.ts";
import type { Owner, Requirement } from "../frame/world.ts";
import { decidingVariables, reportRunTime } from "../prove/build-time.ts";
import { ask, reportUnmet, requireAtLeast, requireBuildTime, requireDivides } from "../prove/obligations.ts";
import { isTransparent } from "../text/labels.ts";
import type { CheckedWorld, Summaries } from "./explore.ts";
import { difference } from "./results.ts";

/**
 * Calls by summary: the callee's body is not entered. Open obligations become requirements of the block being checked.
 */
export function bySummary(summaries: Summaries): CallStrategy {
  return {
    call: (frame, callee, call, path) => callBySummary(summaries, frame, callee, call, path),
    open(frame, requirement, at) {
      const { relation, origin } = requirement;
      if (relation.op === "known" && outermostFrame(frame).signature.decl.kind === "model") {
        const isOpen = [...decidingVariables(frame, relation)].some(({ time }) => time !== "build");
        if (isOpen) reportRunTime(frame, relation, origin, at);
        return;
      }
      frame.world.require(requirement);
    },
  };
}

function outermostFrame(frame: Frame): Frame {
  let at = frame;
  while (at.caller !== undefined) at = at.caller.frame;
  return at;
}

function callBySummary(summaries: Summaries, frame: Frame, callee: Binding, call: Call, path: readonly string[]): Val {
  const { context } = frame;
  const { block, frame: inner } = callee;
  const worlds = summaries.worlds(block, callee.choices);
  const owner = frame.world.owners.get(path.join("."));
  if (context.ownsWeights(block) && !isTransparent(call) && !claimPath(frame, path.join("."), call)) return unknown;
  const variables = summaries.variables(block);
  const substitution = new Map<SizeVar, Size>();
  for (const [name, variable] of variables) {
    const size = inner.sizes.get(name);
    if (size !== undefined) substitution.set(variable, size);
  }
  const known = new Map<Size, Size>();
  const put: Put = (size) => {
    let result = known.get(size);
    if (result === undefined) known.set(size, (result = context.sizes.substitute(size, substitution)));
    return result;
  };
  const { errors } = frame.world.reporter;
  for (const world of worlds) for (const requirement of world.requirements) requireOf(frame, call, requirement, put);
  // The sizes of its results would mean nothing.
  if (frame.world.reporter.errors > errors) return unknown;
  const possible = worlds.filter(({ assumptions }) =>
    assumptions.every((assumption) => frame.world.facts.decide(substitute(assumption, put)).verdict !== "no"),
  );
  if (!takeWeights(frame, call, possible, path, put, owner)) return unknown;
  const declared = declaredResults(inner, callee.open);
  const types = declared ?? commonResults(frame, callee, call, possible, put);
  if (types === undefined) return unknown;
  // The callee's graph is not built here. To the caller its results are given, like inputs.
  const values = types.map((type) => type && context.builder.input(call.callee.text, type));
  if (values.length === 1) return values[0] === undefined ? unknown : { kind: "tensor", value: values[0] };
  const names = callee.signature.results?.map(({ name }) => name) ?? [];
  return { kind: "tensors", values, names };
}

type Put = (size: Size) => Size;

/**
 * Applies a callee's requirement to the caller. Conditions that hold are dropped; if one cannot hold, so is the
 * requirement.
 */
function requireOf(frame: Frame, call: Call, requirement: Requirement, put: Put): void {
  const { facts } = frame.world;
  const { origin, what, note } = requirement;
  const when: Relation[] = [];
  for (const condition of requirement.when.map((one) => substitute(one, put))) {
    const { verdict } = facts.decide(condition);
    if (verdict === "no") return;
    if (verdict === "unknown") when.push(condition);
  }
  const needed = requirement.relation;
  const relation = needed.op === "known" ? { ...needed, size: put(needed.size) } : substitute(needed, put);
  if (when.length > 0) {
    underCondition(frame, call, { ...requirement, relation }, when);
    return;
  }
  const { sizes } = frame.context;
  const { text, span } = call.callee;
  if (relation.op === "known") requireBuildTime(frame, relation.size, relation.use, span, origin);
  else if (relation.op === "divides") {
    const { a, b } = relation;
    requireDivides(frame, a, b, { span, what: `\`${text}\``, ...divisionText(sizes, a, b, origin.span), origin });
  } else if (what !== undefined) requireAtLeast(frame, relation.a, relation.b, { span, what, origin, note });
  else {
    // A condition from a header further down, in the words of this callee.
    const answer = ask(frame, relation, origin);
    if (answer.verdict !== "no" || needed.op === "known") return;
    const { left, sign, right } = spell(sizes, needed);
    const sides = sign === "divides" ? undefined : { left: put(left), sign, right: put(right) };
    reportUnmet(frame, call, { constraint: printRelation(sizes, needed), origin, answer, sides });
  }
}

/** Returns both sides as written, if the obligation comes from a division. */
function divisionText(
  sizes: Sizes,
  divisor: Size,
  dividend: Size,
  origin: Span,
): { divisor: string; dividend: string } {
  const parts = textOf(origin).split("/");
  if (parts.length === 2 && /^\s*\w+\s*$/.test(parts[0]!) && /^\s*\w+\s*$/.test(parts[1]!))
    return { dividend: parts[0]!.trim(), divisor: parts[1]!.trim() };
  return { divisor: sizes.print(divisor), dividend: sizes.print(dividend) };
}

/**
 * Handles a requirement whose conditions depend on the caller's own sizes. It is passed on with them unless it holds
 * under them.
 */
function underCondition(frame: Frame, call: Call, requirement: Requirement, when: readonly Relation[]): void {
  const { sizes } = frame.context;
  const { relation } = requirement;
  let { facts } = frame.world;
  for (const condition of when) {
    const next = facts.add(condition);
    if (next === "impossible") return;
    facts = next;
  }
  const holds =
    relation.op === "known"
      ? sizes.variables(facts.apply(relation.size)).size === 0
      : facts.decide(relation).verdict === "yes";
  const all = [...frame.world.assumptions, ...when];
  if (!holds) frame.strategy.open(frame, { ...requirement, when: all }, call.callee.span);
}

/** The most weights of one block. */
const weightLimit = 20_000;

/**
 * Adds the callee's weights to the caller's, under the path of the call. Returns false if there are too many, or if an earlier use
 * of the same layer, whose owner it is, needs other shapes.
 */
function takeWeights(
  frame: Frame,
  call: Call,
  possible: readonly CheckedWorld[],
  path: readonly string[],
  put: Put,
  owner: Owner | undefined,
): boolean {
  const { builder, sizes } = frame.context;
  const { weights } = frame.world;
  const most = Math.max(0, ...possible.map((world) => world.weights.length));
  if (weights.length + most > weightLimit) {
    report(frame, "too-large", call.callee.span, { what: "the block has more than 20,000 weights" });
    // Callers do not exceed the limit for the same reason.
    weights.length = 0;
    return false;
  }
  const taken = new Map<Weight, number>();
  for (const world of possible)
    for (const { weight, always } of world.weights) {
      const { groups, type, init, fan } = weight;
      const below = pathAtCall(frame, weight.path, (text) => {
        const sum = world.sums.get(text);
        return sum && put(sum);
      });
      const own = builder.weight([...path, below].join("."), {
        name: weight.path,
        dtype: type.dtype,
        groups: groups.map((group) => group.map((axis) => [axis, put(type.axes.get(axis)!)] as const)),
        init,
        fan: { in: put(fan.in), out: put(fan.out) },
      });
      taken.set(own, (taken.get(own) ?? 0) + (always ? 1 : 0));
    }
  const owned = new Set(weights.map(({ weight }) => weight));
  for (const weight of taken.keys()) if (!claimPath(frame, weight.path, call)) return false;
  for (const own of owner === undefined ? [] : taken.keys()) {
    const earlier = [...owned].filter(({ path }) => path === own.path);
    if (earlier.length === 0 || earlier.some(({ type }) => difference(frame, type, own.type) === undefined)) continue;
    const [found, expected] = [own, earlier[0]!].map(({ type }) => printType(sizes, type));
    return mismatch(frame, own.path, found!, expected!, owner, call.callee.span);
  }
  for (const [weight, count] of taken)
    if (!owned.has(weight)) weights.push({ weight, always: count === possible.length });
  return true;
}

/** Returns the results of a block without a declaration, if all worlds that are possible here agree. */
function commonResults(
  frame: Frame,
  callee: Binding,
  call: Call,
  possible: readonly CheckedWorld[],
  put: Put,
): (TensorType | undefined)[] | undefined {
  const shapes = possible.map((world) => world.results?.map((type) => type && renamed(type, callee, put)));
  const [first] = shapes;
  if (first === undefined || shapes.some((shape) => shape === undefined)) return undefined;
  // A result without a type has a mistake in the callee, which is reported there.
  const same = (a: TensorType | undefined, b: TensorType | undefined): boolean =>
    a === undefined || b === undefined || difference(frame, a, b) === undefined;
  if (shapes.every((shape) => shape!.length === first.length && shape!.every((type, i) => same(type, first[i]))))
    return first.map((type, i) => (shapes.every((shape) => shape![i] !== undefined) ? type : undefined));
  const block = callee.signature.decl.name.text;
  const text = [
    ...new Set(shapes.flatMap((shape) => shape!.flatMap((type) => (type ? [typeText(frame, type)] : [])))),
  ].join(" or ");
  const helps = [{ text: "declare it", code: `block ${block}(…) -> […]` }];
  const notes = [{ text: `\`${block}\` is declared`, span: callee.signature.decl.name.span }];
  report(frame, "needs-result-type", call.callee.span, { block, shapes: text }, { notes, helps });
  return undefined;
}

/** Expresses a result of the callee in the caller's sizes, with `...` expanded. */
function renamed(type: TensorType, callee: Binding, put: Put): TensorType {
  const axes = [...type.axes].flatMap(([axis, size]): readonly (readonly [Axis, Size])[] => {
    const open = axis.startsWith("...") ? callee.open.get(axis.slice(3)) : undefined;
    return open ?? [[axis, put(size)]];
  });
  return tensorType(type.dtype, axes);
}
