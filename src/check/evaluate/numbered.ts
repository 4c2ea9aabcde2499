/** @file The weight paths of calls and repeated chains, and the numbers in them: repetitions and other labels may not meet. */
import type { Size, SizeVar } from "../../sizes/size.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf } from "../../source/source.ts";
import { report, type Frame } from "../frame/frame.ts";
import { quiet } from "../frame/quiet.ts";
import type { Claim, Numbered, Repetition } from "../frame/world.ts";
import type { Labelled } from "../text/labels.ts";
import { requireAtLeast, requireBuildTime } from "../prove/obligations.ts";
import { mayMeet, mayMeetItself, substituted } from "./apart.ts";
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
  const written = node.label?.sums ?? [];
  const inner = written.length === 0 ? frame : withIndices(frame, repetitions);
  const sums = written.map((sum) => sizeOf(inner, sum) ?? sizes.int(0));
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
function withIndices(frame: Frame, repetitions: readonly Repetition[]): Frame {
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
  const written = numbers.map((number) => numberText(frame, sizes.substitute(sizes.substitute(number, indices), zero)));
  return text.replace(/\{\}/g, () => written.shift()!);
}

/** Writes a number of a path, or the sum that it is in each caller. */
function numberText({ context: { sizes }, world }: Frame, number: Size): string {
  const known = world.facts.apply(number);
  if (sizes.constant(known) !== undefined) return sizes.print(known);
  const text = `{${sizes.print(known)}}`;
  world.sums.set(text, known);
  return text;
}

/** Returns a weight path of a callee in a caller, in whose sizes `sumOf` expresses the sums in braces. */
export function pathAtCall(frame: Frame, path: string, sumOf: (text: string) => Size | undefined): string {
  return path.replace(/\{[^}]*\}/g, (text) => {
    const sum = sumOf(text);
    return sum === undefined ? text : numberText(frame, sum);
  });
}

/**
 * Claims the numbers of a label for one repetition, or for all at once where their number is not known. Returns false if another
 * label or repetition may have them, which is then reported.
 */
function claimNumbers(frame: Frame, whole: Numbered): boolean {
  if (whole.numbers.length === 0 && whole.repetitions.length === 0) return true;
  const { world, context } = frame;
  const { sizes } = context;
  const known = new Map(
    whole.repetitions.flatMap(({ variable, copy }) => (sizes.constant(copy) === undefined ? [] : [[variable, copy]])),
  );
  const open = whole.repetitions.filter(({ variable }) => !known.has(variable));
  const own = substituted(sizes, { ...whole, repetitions: open }, known);
  const path = open.length === 0 ? pathWith(frame, whole, copies(whole)) : undefined;
  const others = world.numbered.get(whole.text) ?? { known: new Map<string, Claim>(), open: [] };
  world.numbered.set(whole.text, others);
  const claim = { own, whole };
  const isSame = (other: Claim) =>
    other.whole.node === whole.node && other.own.numbers.every((number, i) => number === own.numbers[i]);
  // A layer that is used twice shares its weights on purpose; so does a block that is checked on behalf of its repetitions.
  const isAgain = (other: Claim) =>
    isSame(other) && other.whole.repetitions.every(({ copy }, i) => copy === whole.repetitions[i]?.copy);
  const given = path === undefined ? [...others.known.values(), ...others.open] : [...others.open];
  const equal = path === undefined ? undefined : others.known.get(path);
  if (equal !== undefined) given.push(equal);
  if (given.some(isAgain)) return true;
  const clash = given.find((other) =>
    other === equal
      ? other.whole.repetitions.length + whole.repetitions.length > 0
      : mayMeet(sizes, world.facts, own, other.own),
  );
  const index =
    clash?.whole.node === whole.node
      ? whole.repetitions.find(({ copy }, i) => copy !== clash.whole.repetitions[i]?.copy)
      : open.find((_, i) => mayMeetItself(sizes, world.facts, own, i));
  if (index !== undefined) reportEqual(frame, whole, index);
  else if (clash !== undefined) reportClash(frame, whole, clash.whole, path);
  else if (path === undefined) others.open.push(claim);
  else if (equal === undefined) others.known.set(path, claim);
  return index === undefined && clash === undefined;
}

const placeOf = (node: Labelled) => node.label?.span ?? (node.kind === "call" ? node.callee.span : node.span);

/** Reports that two labels may meet, or that they do at a path. */
function reportClash(frame: Frame, own: Numbered, other: Numbered, at?: string): void {
  const { sizes } = frame.context;
  const start = (one: Numbered) =>
    sizes.constant(sizes.substitute(one.numbers.at(-1) ?? sizes.int(0), zeros(frame, one))) ?? 0n;
  const [low, high] = start(own) < start(other) ? [own, other] : [other, own];
  // The one that repeats, from the lower number if both do.
  const repeated = low.repetitions.length > 0 ? low : high;
  const later = repeated === low ? high : own;
  const path = at ?? pathWith(frame, later, zeros(frame, later));
  const { node } = repeated;
  const place = other.node.span;
  const labels = place.source === own.node.span.source ? [{ span: place, text: "here" }] : [];
  const innermost = repeated.repetitions.at(-1)!;
  const copy = (index: number) => pathWith(frame, repeated, new Map([[innermost.variable, sizes.int(index)]]));
  const copiesOf = node.kind === "call" ? `copies of \`${node.callee.text}\`` : "copies";
  const counting = node.label?.sums.length ? "the" : "`repeat` counts on from the number of its label: its";
  const notes = [`${counting} ${copiesOf} are \`${copy(0)}\`, \`${copy(1)}\`, …`];
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
