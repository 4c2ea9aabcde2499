/** @file The copies of a repeated call count on from the number of its label. No other call may have one of their numbers. */
import type { Call } from "../../parser/ast.ts";
import type { Size } from "../../sizes/size.ts";
import type { Help } from "../../source/diagnostic.ts";
import { report, type Frame } from "../frame/frame.ts";
import type { NumberedCall } from "../frame/world.ts";

/**
 * Claims the numbers of a call whose weight path ends in one: a single number, or one for each copy. Returns false if
 * another call may have one of them, whatever the sizes are, which is then reported.
 */
export function claimNumbers(frame: Frame, path: string, call: Call, count: Size): boolean {
  const [, group, number] = /^(.*\.|)(\d+)$/.exec(path) ?? [];
  if (group === undefined || number === undefined) return true;
  const { numbered } = frame.world;
  const own: NumberedCall = { start: BigInt(number), count, call };
  const others = numbered.get(group) ?? [];
  // A layer that is used twice shares its weights on purpose.
  const clash = others.find((other) => other.call !== call && mayMeet(frame, own, other));
  if (clash !== undefined) reportClash(frame, group, own, clash);
  else numbered.set(group, [...others, own]);
  return clash === undefined;
}

/** Whether the copies of one call may reach the number of the other. Two calls with one path are found by their path. */
function mayMeet(frame: Frame, a: NumberedCall, b: NumberedCall): boolean {
  const [first, last] = inOrder(a, b);
  const room = frame.context.sizes.int(last.start - first.start);
  return first.start < last.start && frame.world.facts.decide({ op: ">=", a: room, b: first.count }).verdict !== "yes";
}

const inOrder = (a: NumberedCall, b: NumberedCall) => (a.start < b.start ? ([a, b] as const) : ([b, a] as const));

function reportClash(frame: Frame, group: string, own: NumberedCall, other: NumberedCall): void {
  const [first, last] = inOrder(own, other);
  const { label, callee, span } = own.call;
  const labels = other.call.span.source === span.source ? [{ span: other.call.span, text: "here" }] : [];
  const copies = `\`${group}${first.start}\`, \`${group}${first.start + 1n}\`, …`;
  report(
    frame,
    "duplicate-weight-path",
    label?.span ?? callee.span,
    { path: `${group}${last.start}` },
    {
      labels,
      notes: [
        `\`repeat\` counts on from the number of its label: its copies of \`${first.call.callee.text}\` are ${copies}`,
      ],
      helps: renumbered(first.call),
    },
  );
}

/** Suggests a label under which the copies have their own numbers. */
function renumbered({ label }: Call): Help[] {
  const text = label?.text ?? "";
  if (!/(^|\.)\d+$/.test(text)) return [{ text: "give one of them another label" }];
  return [{ text: "to number the copies from 0 under the label, write", code: `@${text}.0` }];
}
