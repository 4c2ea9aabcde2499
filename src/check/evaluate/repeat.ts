/** @file `repeat`: evaluates every repetition if their number is known, else any of them on behalf of all. */
import { tensorType, type Axis, type TensorType } from "../../ir/type.ts";
import type { Repeat } from "../../parser/ast.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import { substitute, type Relation } from "../../sizes/relation.ts";
import { report, typeText, type CallStrategy, type Frame } from "../frame/frame.ts";
import { quiet } from "../frame/quiet.ts";
import { unknown, type Val } from "../frame/values.ts";
import type { Repetition } from "../frame/world.ts";
import { requireAtLeast, requireBuildTime } from "../prove/obligations.ts";
import { isChain } from "../text/labels.ts";
import { rangeOf } from "./apart.ts";
import { callLimit } from "./apply.ts";
import { evaluateCall } from "./call.ts";
import { pathOf } from "./numbered.ts";
import { applyChain, flowOf, type Flow } from "./pipeline.ts";
import { sizeOf } from "./sizes.ts";

/** Applies a step again and again, each time to what came out of it before. */
export function repeat(frame: Frame, stage: Repeat, input: Flow, results: number): Val {
  const { sizes } = frame.context;
  const { count: written } = stage;
  const count = sizeOf(frame, written);
  if (count === undefined || !isNewName(frame, stage) || !hasWeights(frame, stage)) return unknown;
  requireBuildTime(frame, count, { kind: "repeat" }, written.span);
  const known = sizes.constant(frame.world.facts.apply(count));
  if (known !== undefined && known < 0n) {
    report(frame, "repeat-count", written.span, { count: String(known) });
    return unknown;
  }
  if (known !== undefined && known > callLimit) {
    report(frame, "too-large", written.span, { what: `${known} repetitions, more than 20,000` });
    return unknown;
  }
  const any = { index: stage.index?.text, variable: frame.context.indexOf(stage), count };
  if (known === undefined) {
    requireAtLeast(frame, count, sizes.int(0), { span: written.span, what: "the number of repetitions" });
    return repeatSymbolic(frame, stage, { ...any, copy: sizes.of(any.variable) }, input);
  }
  let val = valOf(input);
  let flow = input;
  for (let copy = 0n; copy < known && val.kind !== "unknown"; copy++) {
    val = step(frame, stage, { ...any, copy: sizes.int(copy) }, flow, copy === known - 1n ? results : flow.vals.length);
    flow = flowOf(val, input.several);
  }
  return val;
}

/** Reports an index that has the name of something else. */
function isNewName(frame: Frame, { index }: Repeat): boolean {
  if (index === undefined) return true;
  const { text, span } = index;
  if (Object.hasOwn(frame.context.operators, text)) {
    report(frame, "shadows-operator", span, { name: text }, { helps: ["choose another name"] });
    return false;
  }
  const isTaken = frame.names.has(text) || frame.sizes.has(text);
  if (isTaken) report(frame, "duplicate-name", span, { name: text, what: "given" }, { helps: ["choose another name"] });
  return !isTaken;
}

/** Reports the label of a repeated chain without weights. */
function hasWeights(frame: Frame, stage: Repeat): boolean {
  const { label, span } = stage;
  if (label === undefined || frame.context.labels(frame).has(stage)) return true;
  const before = span.source.text.slice(span.start, label.span.start);
  const gap = { ...label.span, start: span.start + before.trimEnd().length };
  const helps = [{ text: "remove the label", edits: [{ span: gap, text: "" }] }];
  report(frame, "label-without-weights", label.span, { callee: "repeat" }, { helps });
  return false;
}

/** Returns what comes out of a stage that passes everything on. */
function valOf({ vals }: Flow): Val {
  if (vals.length === 1) return vals[0]!;
  return { kind: "tensors", values: vals.map((val) => (val.kind === "tensor" ? val.value : undefined)), names: [] };
}

/** Evaluates one repetition. The label of a chain is a prefix of its layers' paths; without one, they have the index. */
function step(frame: Frame, stage: Repeat, repetition: Repetition, input: Flow, results: number): Val {
  const { index, copy } = repetition;
  const names = index === undefined ? frame.names : new Map(frame.names).set(index, { kind: "size", size: copy });
  const inner: Frame = { ...frame, names };
  if (stage.step.kind === "call" && !isChain(stage))
    return input.vals.some(({ kind }) => kind === "unknown")
      ? unknown
      : evaluateCall(inner, stage.step, input.vals, results, repetition);
  if (stage.label === undefined) {
    const repetitions = [...frame.repetitions, repetition];
    return applyChain({ ...inner, repetitions }, stage.step, input, results);
  }
  const scope = pathOf(inner, stage, repetition);
  return scope === undefined ? unknown : applyChain({ ...inner, scope, repetitions: [] }, stage.step, input, results);
}

/**
 * Evaluates any repetition on behalf of all. Each must change the sizes by the same amounts, which trying the first one finds:
 * before repetition `i`, `c` is then `c + i*g`.
 */
function repeatSymbolic(frame: Frame, stage: Repeat, any: Repetition, input: Flow): Val {
  const { sizes } = frame.context;
  const { world } = frame;
  const from = typesOf(input);
  const inRange = world.facts.add(rangeOf(sizes, any));
  if (from === undefined) return unknown;
  if (inRange === "impossible") return valOf(input);
  const before = { facts: world.facts, assumptions: world.assumptions.length, errors: world.reporter.errors };
  world.facts = inRange;

  const trial = quiet(frame);
  const first = step(trial, stage, { ...any, copy: sizes.int(0) }, input, from.length);
  const tried = typesOf(flowOf(first, input.several));
  const growth = tried && growthOf(frame, from, tried);
  const after = (count: Size): Flow => (growth === undefined ? input : grown(frame, input, growth, count));
  const index = sizes.of(any.variable);
  const val = step({ ...frame, strategy: forAll(frame, any) }, stage, any, after(index), from.length);
  const found = typesOf(flowOf(val, input.several));
  const next = typesOf(after(sizes.add(index, sizes.int(1))))!;
  const isEven = growth !== undefined && found !== undefined && areEqual(frame, next, found);

  const mentions = ({ a, b }: Relation) => [a, b].some((size) => sizes.variables(size).has(any.variable));
  world.facts = before.facts;
  for (const assumption of world.assumptions.slice(before.assumptions)) {
    const facts = mentions(assumption) ? world.facts : world.facts.add(assumption);
    if (facts !== "impossible") world.facts = facts;
  }
  if (world.reporter.errors > before.errors) return unknown;
  if (tried === undefined || found === undefined) {
    // Whatever is wrong in the first repetition is wrong.
    for (const wrong of trial.world.diagnostics) if (wrong.severity === "error") world.reporter.add(wrong);
    return unknown;
  }
  const grows = growth?.some(({ size }) => size > 0) === true;
  // If repetitions differ, so may what they add.
  if (isEven && !(grows && world.assumptions.some(mentions))) return grows ? lastOf(val, input, after(any.count)) : val;
  reportUneven(frame, stage, from, grows || growth === undefined ? tried : found);
  return unknown;
}

/** Returns tensors that have grown by this many times the growth. */
function grown(frame: Frame, input: Flow, growth: readonly ReadonlyMap<Axis, Size>[], count: Size): Flow {
  const { sizes, builder } = frame.context;
  const vals = input.vals.map((val, i): Val => {
    const added = growth[i]!;
    if (val.kind !== "tensor" || added.size === 0) return val;
    const { dtype, axes } = val.value.type;
    const all = [...axes].map(
      ([axis, size]) => [axis, sizes.add(size, sizes.mul(count, added.get(axis) ?? sizes.int(0)))] as const,
    );
    return { kind: "tensor", value: builder.input("repeat", tensorType(dtype, all)) };
  });
  return { ...input, vals };
}

/** Returns the results of the last repetition: those of any, with the tensors that have grown. */
function lastOf(any: Val, input: Flow, last: Flow): Val {
  if (any.kind !== "tensors") return last.vals[0]!;
  const values = last.vals.map((val, i) =>
    val.kind === "tensor" && val !== input.vals[i] ? val.value : any.values[i],
  );
  return { ...any, values };
}

/** Reports a step that changes the shape in another way each time. */
function reportUneven(frame: Frame, { step }: Repeat, from: readonly TensorType[], to: readonly TensorType[]): void {
  const changed = from.length === to.length ? from.findIndex((type, i) => !areEqual(frame, [type], [to[i]!])) : -1;
  const text = (types: readonly TensorType[]) =>
    (changed < 0 ? types : [types[changed]!]).map((type) => typeText(frame, type)).join(", ");
  const args = {
    callee: step.kind === "call" ? `\`${step.callee.text}\`` : "the chain",
    from: text(from),
    to: text(to),
  };
  const helps = ["change the shape once before the `repeat`, or repeat a fixed number of times"];
  report(frame, "repeat-changes-shape", step.kind === "call" ? step.callee.span : step.span, args, { helps });
}

/** Returns the types of what flows; undefined if one is not known. */
function typesOf({ vals }: Flow): readonly TensorType[] | undefined {
  const types = vals.flatMap((val) => (val.kind === "tensor" ? [val.value.type] : []));
  return types.length === vals.length ? types : undefined;
}

/** Returns what a step adds to each axis of each tensor, where that is not 0; undefined if it changes more than sizes. */
function growthOf(
  frame: Frame,
  from: readonly TensorType[],
  to: readonly TensorType[] | undefined,
): readonly ReadonlyMap<Axis, Size>[] | undefined {
  const { sizes } = frame.context;
  if (to === undefined || from.length !== to.length) return undefined;
  const growth = from.map((type, i) => {
    const other = to[i]!;
    const isAlike =
      type.dtype === other.dtype &&
      type.axes.size === other.axes.size &&
      [...type.axes.keys()].every((axis) => other.axes.has(axis));
    if (!isAlike) return undefined;
    const changed = [...type.axes].filter(([axis, size]) => !isEqual(frame, size, other.axes.get(axis)!));
    return new Map(changed.map(([axis, size]) => [axis, sizes.sub(other.axes.get(axis)!, size)] as const));
  });
  return growth.every((axes) => axes !== undefined) ? growth : undefined;
}

function isEqual(frame: Frame, a: Size, b: Size): boolean {
  return frame.world.facts.decide({ op: "==", a, b }).verdict === "yes";
}

function areEqual(frame: Frame, a: readonly TensorType[], b: readonly TensorType[]): boolean {
  const growth = growthOf(frame, a, b);
  return growth !== undefined && growth.every(({ size }) => size === 0);
}

/** What a step needs, it needs in the first and in the last repetition; then in all between them, if it grows evenly. */
function forAll({ context: { sizes }, strategy }: Frame, { variable, count }: Repetition): CallStrategy {
  return {
    ...strategy,
    open(frame, requirement, at) {
      const { relation, when } = requirement;
      const isEven = relation.op === ">=" && sizes.linear(sizes.sub(relation.a, relation.b), variable) !== undefined;
      if (!isEven) return strategy.open(frame, requirement, at);
      const some = { op: ">=", a: count, b: sizes.int(1) } as const;
      const ends = [
        [sizes.int(0), "in the first repetition"],
        [sizes.sub(count, sizes.int(1)), "in the last repetition"],
      ] as const;
      for (const [index, note] of ends) {
        const put = (size: Size) => sizes.substitute(size, new Map<SizeVar, Size>([[variable, index]]));
        const needed = substitute(relation, put);
        const { verdict } = frame.world.facts.decide(needed);
        if (verdict === "no") {
          const { what = `\`${requirement.origin.text}\``, origin } = requirement;
          const isHere = origin.span.start === at.start && origin.span.source === at.source;
          const bound = { span: at, what, note: requirement.note ?? note, origin: isHere ? undefined : origin };
          requireAtLeast({ ...frame, strategy }, needed.a, needed.b, bound);
          return;
        }
        if (verdict === "unknown")
          strategy.open(frame, { ...requirement, relation: needed, when: [...when, some] }, at);
      }
    },
  };
}
