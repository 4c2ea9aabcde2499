/** @file Warnings about the values and the unused tensors of a weight file. */
import { diagnostic } from "../../source/reporter.ts";
import type { NdArray } from "../../contract/ndarray.ts";
import { nonFinite, type NonFinite } from "../../weights/finite.ts";
import type { ExtraTensor } from "../../weights/match.ts";
import { forgottenTensors } from "../../weights/problems.ts";
import { countText, plural } from "../terminal/numbers.ts";
import { show, type Terminal } from "../terminal/terminal.ts";
import type { FittingWeights } from "./weights.ts";

/** Warns about tensors that none of the models uses, although one uses others of the same layer. */
export function warnOfUnused(path: string, found: readonly FittingWeights[], terminal: Terminal): void {
  const lists = new Map<string, ExtraTensor[]>();
  for (const { extra } of found)
    for (const tensor of extra) lists.set(tensor.name, [...(lists.get(tensor.name) ?? []), tensor]);
  const unused = [...lists.values()].filter((list) => list.length === found.length);
  const forgotten = forgottenTensors(unused.flatMap((list) => list.find(({ beside }) => beside !== undefined) ?? []));
  if (forgotten === undefined) return;
  const helps = forgotten.uses.map(([text, code]) => ({ text, code }));
  const args = { path, tensors: plural(forgotten.lines.length, "tensor") };
  show(terminal, [diagnostic("unused-tensors", undefined, args, { notes: forgotten.lines, helps })]);
}

/** Returns a function that looks at each weight that is read, and warns of the first that has values that are not finite. */
export function watchFinite(path: string, terminal: Terminal): (name: string, array: NdArray) => void {
  let isWarned = false;
  return (name, array) => {
    const found = isWarned ? undefined : nonFinite(array);
    if (found === undefined) return;
    isWarned = true;
    warnOfNonFinite(path, new Map([[name, found]]), terminal, ["`fuse weights --check` counts those of all weights"]);
  };
}

/** Warns about values that are not finite, by the paths of their weights. */
export function warnOfNonFinite(
  path: string,
  found: ReadonlyMap<string, NonFinite>,
  terminal: Terminal,
  more: readonly string[] = [],
): void {
  if (found.size === 0) return;
  const total = [...found.values()].reduce((sum, { nan, infinite }) => sum + nan + infinite, 0);
  const notes = [...found].map(([name, { nan, infinite, all }]) => {
    const counts = [
      ...(nan === 0 ? [] : [`${countText(nan)} NaN`]),
      ...(infinite === 0 ? [] : [`${countText(infinite)} infinite`]),
    ];
    return `${name}: ${counts.join(", ")} of ${plural(all, "value")}`;
  });
  const values = total === 1 ? "1 value that is" : `${countText(total)} values that are`;
  show(terminal, [diagnostic("non-finite-weights", undefined, { path, values }, { notes: [...notes, ...more] })]);
}
