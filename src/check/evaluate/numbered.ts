/** @file The weight paths of calls and repeated chains, and the numbers in them: repetitions and other labels may not meet. */
import type { Facts } from "../../sizes/facts.ts";
import type { Relation } from "../../sizes/relation.ts";
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf } from "../../source/source.ts";
import { report, type Frame } from "../frame/frame.ts";
import { quiet } from "../frame/quiet.ts";
import type { Numbered, Repetition } from "../frame/world.ts";
import type { Labelled } from "../text/labels.ts";
import { requireAtLeast, requireBuildTime } from "../prove/obligations.ts";
import { sizeOf } from "./sizes.ts";

/**
 * Returns the weight path of a call or repeated chain. If its label has no index of `own`, the repetition that it is the step of,
 * the path counts on from the number at the end of the label, or from 0. Undefined if another label may have the same numbers,
 * whatever the sizes are, which is then reported.
 */
export function pathOf(frame: Frame, node: Labelled, own?: Repetition): readonly string[] | undefined {
  const label = frame.context.labels(frame).get(node);
  if (label === undefined || (label === "" && own === undefined)) return frame.scope;
  const sums = node.label?.sums ?? [];
  for (const sum of sums) {
    const size = sizeOf(frame, sum);
    if (size === undefined) return undefined;
    requireBuildTime(frame, size, { kind: "attribute", name: "label" }, sum.span);
    const at = { span: sum.span, what: "a number in a label" };
    if (!requireAtLeast(frame, size, frame.context.sizes.int(0), at)) return undefined;
  }
  const repetitions = own === undefined ? frame.repetitions : [...frame.repetitions, own];
  const inLabel = { node, repetitions, ...numbersIn(frame, label, node, repetitions, own) };
  const scope = withoutNumbers(frame.scope.map((part) => `${part}.`).join(""));
  const numbers = [...scope.numbers.map((number) => frame.context.sizes.int(number)), ...inLabel.numbers];
  const whole = { ...inLabel, text: scope.text + inLabel.text, numbers };
  // A layer without a label in a repeated chain without one has been reported.
  const isLost = node.label === undefined && frame.repetitions.length > 0;
  return isLost || claimNumbers(frame, whole) ? [...frame.scope, pathWith(frame, inLabel, copies(inLabel))] : undefined;
}

/** Replaces the numbers of a path by `{}`. One with leading zeros is not a number that `{i}` could be. */
function withoutNumbers(path: string): { readonly text: string; readonly numbers: readonly bigint[] } {
  const numbers: bigint[] = [];
  const text = path.replace(/(?<!\d)(?:0|[1-9]\d*)(?!\d)/g, (digits) => {
    numbers.push(BigInt(digits));
    return "{}";
  });
  return { text, numbers };
}

/** Returns a label with `{}` in place of each number, and the numbers, in the indices of the repetitions. */
function numbersIn(
  frame: Frame,
  label: string,
  node: Labelled,
  repetitions: readonly Repetition[],
  own: Repetition | undefined,
): Pick<Numbered, "text" | "numbers"> {
  const { sizes } = frame.context;
  const inner = withIndices(frame, repetitions);
  const sums = (node.label?.sums ?? []).map((sum) => sizeOf(inner, sum) ?? sizes.int(0));
  // Between two sums are parts of the label with numbers of their own.
  const parts = label.split("{}").map(withoutNumbers);
  const numbers = parts.flatMap((part, i): Size[] => [
    ...(i === 0 ? [] : [sums[i - 1]!]),
    ...part.numbers.map((number) => sizes.int(number)),
  ]);
  let text = parts.map((part) => part.text).join("{}");
  if (own !== undefined && !sums.some((sum) => sizes.variables(sum).has(own.variable))) {
    if (/(^|\.)\{\}$/.test(text)) numbers.push(sizes.add(numbers.pop()!, sizes.of(own.variable)));
    else {
      text += text === "" ? "{}" : ".{}";
      numbers.push(sizes.of(own.variable));
    }
  }
  return { text, numbers };
}

/** Returns a frame for trying out, in which the index of each repetition is its variable. */
export function withIndices(frame: Frame, repetitions: readonly Repetition[]): Frame {
  const names = new Map(frame.names);
  for (const { index, variable } of repetitions)
    if (index !== undefined) names.set(index, { kind: "size", size: frame.context.sizes.of(variable) });
  return { ...quiet(frame), names };
}

type Indices = ReadonlyMap<SizeVar, Size>;

const copies = ({ repetitions }: Numbered): Indices =>
  new Map(repetitions.map(({ variable, copy }) => [variable, copy]));

/** Writes a path with these indices. An index that is not known is written as 0. */
function pathWith(frame: Frame, { text, numbers, repetitions }: Numbered, indices: Indices): string {
  const { sizes } = frame.context;
  const zero = new Map(repetitions.map(({ variable }) => [variable, sizes.int(0)]));
  const written = numbers.map((number) => {
    const known = frame.world.facts.apply(sizes.substitute(sizes.substitute(number, indices), zero));
    return sizes.constant(known) === undefined ? `{${sizes.print(known)}}` : sizes.print(known);
  });
  return text.replace(/\{\}/g, () => written.shift()!);
}

/** Claims the numbers of a label, once for all repetitions. */
function claimNumbers(frame: Frame, own: Numbered): boolean {
  if (own.numbers.length === 0 && own.repetitions.length === 0) return true;
  const { numbered } = frame.world;
  const others = numbered.get(own.text) ?? [];
  // Its repetitions come here again, and a layer that is used twice shares its weights on purpose.
  if (others.some(({ node }) => node === own.node)) return true;
  const clash = others.find((other) => mayMeet(frame, own, other));
  if (clash !== undefined) reportClash(frame, own, clash);
  const equal = clash === undefined ? own.repetitions.find((_, i) => mayMeetItself(frame, own, i)) : undefined;
  if (equal !== undefined) reportEqual(frame, own, equal);
  if (clash !== undefined || equal !== undefined) return false;
  numbered.set(own.text, [...others, own]);
  return true;
}

/** Whether repetitions of two labels may have the same numbers. Labels without repetitions are compared by their paths. */
function mayMeet(frame: Frame, a: Numbered, b: Numbered): boolean {
  const { sizes } = frame.context;
  if (a.repetitions.length + b.repetitions.length === 0) return false;
  const other = renamed(sizes, b, b.repetitions);
  const facts = within(sizes, frame.world.facts, [...a.repetitions, ...other.repetitions]);
  return facts !== "impossible" && !areApart(sizes, facts, a, other);
}

/** Whether two repetitions of one label may have the same numbers, if the index at `first` is the first in which they differ. */
function mayMeetItself(frame: Frame, own: Numbered, first: number): boolean {
  const { sizes } = frame.context;
  const other = renamed(sizes, own, own.repetitions.slice(first));
  const [one, another] = [own.repetitions[first]!, other.repetitions[0]!];
  // The index is larger in one of them.
  const later: Relation = {
    op: ">=",
    a: sizes.of(one.variable),
    b: sizes.add(sizes.of(another.variable), sizes.int(1)),
  };
  const facts = within(sizes, frame.world.facts, [...own.repetitions, ...other.repetitions], [later]);
  return facts !== "impossible" && !areApart(sizes, facts, own, other);
}

/** Gives some repetitions indices of their own. */
function renamed(sizes: Sizes, numbered: Numbered, some: readonly Repetition[]): Numbered {
  const fresh = new Map<SizeVar, SizeVar>();
  for (const { variable } of some)
    fresh.set(variable, sizes.variable(variable.name, { lower: variable.lower, time: variable.time }));
  const put = new Map([...fresh].map(([from, to]) => [from, sizes.of(to)]));
  const numbers = numbered.numbers.map((number) => sizes.substitute(number, put));
  const repetitions = some.map((repetition) => ({
    ...repetition,
    variable: fresh.get(repetition.variable)!,
    count: sizes.substitute(repetition.count, put),
  }));
  return { ...numbered, numbers, repetitions };
}

/** Adds that the indices of repetitions are less than their counts, and further relations. */
function within(
  sizes: Sizes,
  facts: Facts,
  repetitions: readonly Repetition[],
  further: readonly Relation[] = [],
): Facts | "impossible" {
  const ranges = repetitions.map((repetition) => rangeOf(sizes, repetition));
  let all = facts;
  for (const relation of [...ranges, ...further]) {
    const next = all.add(relation);
    if (next === "impossible") return next;
    all = next;
  }
  return all;
}

/** An index is less than the count. */
export function rangeOf(sizes: Sizes, { count, variable }: Pick<Repetition, "count" | "variable">): Relation {
  return { op: ">=", a: sizes.sub(count, sizes.int(1)), b: sizes.of(variable) };
}

/** Whether the numbers of two labels always differ: in one place, or because one label ends before the other begins. */
function areApart(sizes: Sizes, facts: Facts, a: Numbered, b: Numbered): boolean {
  return a.numbers.some((number, i) => {
    const other = b.numbers[i]!;
    if (facts.decide({ op: "==", a: number, b: other }).verdict === "no") return true;
    const [own, its] = [endsOf(sizes, number, a.repetitions), endsOf(sizes, other, b.repetitions)];
    return own !== undefined && its !== undefined && (isBelow(own.last, its.first) || isBelow(its.last, own.first));
  });

  function isBelow(last: Size, first: Size): boolean {
    return facts.decide({ op: ">=", a: first, b: sizes.add(last, sizes.int(1)) }).verdict === "yes";
  }
}

/** Returns the least and the greatest of the numbers of a label; undefined if they do not grow evenly. */
function endsOf(
  sizes: Sizes,
  number: Size,
  repetitions: readonly Repetition[],
): { readonly first: Size; readonly last: Size } | undefined {
  let [first, last] = [number, number];
  for (const { variable, count } of [...repetitions].reverse()) {
    const end = sizes.sub(count, sizes.int(1));
    for (const bound of ["first", "last"] as const) {
      const size = bound === "first" ? first : last;
      if (!sizes.variables(size).has(variable)) continue;
      const factor = sizes.linear(size, variable)?.factor;
      const sign = factor && sizes.constant(factor);
      if (sign === undefined) return undefined;
      const value = sign > 0n === (bound === "last") ? end : sizes.int(0);
      const put = sizes.substitute(size, new Map([[variable, value]]));
      if (bound === "first") first = put;
      else last = put;
    }
  }
  return { first, last };
}

const placeOf = (node: Labelled) => node.label?.span ?? (node.kind === "call" ? node.callee.span : node.span);

function reportClash(frame: Frame, own: Numbered, other: Numbered): void {
  const { sizes } = frame.context;
  const start = (one: Numbered) =>
    sizes.constant(sizes.substitute(one.numbers.at(-1) ?? sizes.int(0), zeros(frame, one))) ?? 0n;
  const [low, high] = start(own) < start(other) ? [own, other] : [other, own];
  // The one that repeats, from the lower number if both do.
  const repeated = low.repetitions.length > 0 ? low : high;
  const path = pathWith(frame, repeated === low ? high : own, zeros(frame, repeated === low ? high : own));
  const { node } = repeated;
  const place = other.node.span;
  const labels = place.source === own.node.span.source ? [{ span: place, text: "here" }] : [];
  const innermost = repeated.repetitions.at(-1)!;
  const at = (index: number) => pathWith(frame, repeated, new Map([[innermost.variable, sizes.int(index)]]));
  const copiesOf = node.kind === "call" ? `copies of \`${node.callee.text}\`` : "copies";
  const counting = node.label?.sums.length ? "the" : "`repeat` counts on from the number of its label: its";
  const notes = [`${counting} ${copiesOf} are \`${at(0)}\`, \`${at(1)}\`, …`];
  report(frame, "duplicate-weight-path", placeOf(own.node), { path }, { labels, notes, helps: renumbered(node) });
}

const zeros = (frame: Frame, { repetitions }: Numbered): Indices =>
  new Map(repetitions.map(({ variable }) => [variable, frame.context.sizes.int(0)]));

/** Reports a label that may be the same with two indices of one of its repetitions. */
function reportEqual(frame: Frame, own: Numbered, { index = "i", variable }: Repetition): void {
  const { node, numbers } = own;
  const label = node.label === undefined ? "@name" : textOf(node.label.span);
  const isUsed = numbers.some((number) => frame.context.sizes.variables(number).has(variable));
  const code =
    isUsed || node.label?.sums.length === 0 ? `${label.replace(/\{.*/, "")}{${index}}` : `${label}_{${index}}`;
  const notes = [
    `two repetitions may have this path, because ${isUsed ? "their numbers may be equal" : "it has no index"}`,
  ];
  const helps: Help[] = [
    { text: "put the index of the repetitions into the label", code },
    { text: "or label the repeated chain", code: "repeat(…) (…) @name" },
  ];
  report(frame, "duplicate-weight-path", placeOf(node), { path: pathWith(frame, own, copies(own)) }, { notes, helps });
}

/** Suggests a label under which the copies have their own numbers. */
function renumbered({ label }: Labelled): Help[] {
  if (label === undefined || label.sums.length > 0 || !/(^|\.)\d+$/.test(label.text))
    return [{ text: "give one of them another label" }];
  return [{ text: "to number the copies from 0 under the label, write", code: `@${label.text}.0` }];
}
