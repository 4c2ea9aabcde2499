/** @file Advice for two operands that cannot be broadcast, because each lacks an axis of the other. */
import type { About } from "../../ir/obligation.ts";
import { axisNames, type Axis } from "../../ir/type.ts";
import type { Help } from "../../source/diagnostic.ts";
import { textOf } from "../../source/source.ts";
import { oneLine } from "../frame/frame.ts";
import type { Site } from "../frame/site.ts";

interface Operand {
  readonly name: string;
  readonly own: readonly Axis[];
}

/** Says which axes each operand has that the other lacks, and suggests renaming one if that may be the fix. */
export function spreading(site: Site, inputs: readonly number[]): { notes: string[]; helps: Help[] } {
  const [first, second] = inputs.map((index) => site.inputs[index]!);
  if (first === undefined || second === undefined) return { notes: [], helps: [] };
  const operand = (one: typeof first, other: typeof first, place: string): Operand => {
    const text = oneLine(textOf(one.span));
    // In a pipeline, the operand is everything before the stage.
    const name = one.span.start === site.whole.start && one.span.end === site.whole.end ? place : `\`${text}\``;
    const own = axisNames(one.value.type).filter((axis) => !other.value.type.axes.has(axis));
    return { name, own };
  };
  const a = operand(first, second, "the first");
  const b = operand(second, first, "the second");
  if (a.name === b.name) return { notes: [], helps: [] };
  const has = (one: Operand, other: Operand) => `${one.name} has ${listed(one.own)}, which ${other.name} lacks`;
  return { notes: [`${has(a, b)}; ${has(b, a)}`], helps: renaming(site, inputs, a, b) };
}

/** Suggests renaming an axis, if that would resolve the conflict and only one pair of axes qualifies. */
function renaming(site: Site, [i, j]: readonly number[], a: Operand, b: Operand): Help[] {
  const { facts } = site.frame.world;
  const size = (index: number, axis: Axis) => site.inputs[index]!.value.type.axes.get(axis)!;
  const pairs = a.own.flatMap((left) =>
    b.own.map((right) => {
      const { verdict } = facts.decide({ op: "==", a: size(i!, left), b: size(j!, right) });
      return { left, right, verdict };
    }),
  );
  const equal = pairs.filter(({ verdict }) => verdict === "yes");
  const possible = equal.length > 0 ? equal : pairs.filter(({ verdict }) => verdict === "unknown");
  const [pair] = possible;
  if (pair === undefined || possible.length > 1 || Math.min(a.own.length, b.own.length) > 1) return [];
  // The operand that lacks more axes is broadcast. No edit, because only a person can tell whether the axes are the same.
  const [from, to] = b.own.length === 1 ? [pair.right, pair.left] : [pair.left, pair.right];
  const sizes = pair.verdict === "yes" ? "" : " and size";
  return [{ text: `if they are the same axis, give them the same name${sizes}`, code: `rename(${from} -> ${to})` }];
}

/**
 * Suggests `squeeze` for an operand that has size 1 on axes where the other has more: PyTorch broadcasts such a gate, here
 * an operand lacks the axes.
 */
export function squeezing(site: Site, { inputs, axis }: About): Help[] {
  const operands = inputs?.map((index) => site.inputs[index]!) ?? [];
  if (operands.length !== 2 || axis === undefined) return [];
  const { sizes } = site.frame.context;
  const isOne = (operand: (typeof operands)[number], name: Axis) => {
    const size = operand.value.type.axes.get(name);
    return size !== undefined && sizes.constant(site.frame.world.facts.apply(size)) === 1n;
  };
  const [gate, other] = operands.toSorted((a, b) => Number(isOne(b, axis)) - Number(isOne(a, axis)));
  if (!isOne(gate!, axis) || isOne(other!, axis)) return [];
  const single = axisNames(gate!.value.type).filter((name) => isOne(gate!, name) && !isOne(other!, name));
  const list = single.length === 1 ? axis : `[${single.join(", ")}]`;
  const name = /^[\p{L}_][\p{L}\p{N}_]*$/u.exec(textOf(gate!.span))?.[0];
  const code = name === undefined ? `squeeze(axis: ${list})` : `squeeze(${name}, axis: ${list})`;
  const edits = name === undefined ? [] : [{ span: gate!.span, text: code }];
  return [{ text: "to broadcast an operand, remove its axes of size 1", code, edits }];
}

function listed(axes: readonly Axis[]): string {
  return axes.map((axis) => `\`${axis}\``).join(", ");
}
