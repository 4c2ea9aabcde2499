/** @file Prints lists: items in brackets, items separated by commas, and items on lines of their own. */
import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type { Span } from "../source/source.ts";
import { printComment, type Trivia } from "./trivia.ts";

const { group, hardline, ifBreak, indent, line, softline } = builders;

/** An item of a list: its position, and a function that prints it. Items must be printed in order. */
export interface Item {
  readonly start: number;
  readonly end: number;
  readonly print: () => Doc;
}

export function item({ start, end }: Pick<Span, "start" | "end">, print: () => Doc): Item {
  return { start, end, print };
}

export interface Brackets {
  readonly open: string;
  readonly close: string;
  /** The space inside the brackets. */
  readonly padding: Doc;
  /** Whether the last of several lines ends with a comma. */
  readonly comma: boolean;
}

export const round: Brackets = { open: "(", close: ")", padding: softline, comma: true };
export const square: Brackets = { open: "[", close: "]", padding: softline, comma: true };
export const parentheses: Brackets = { ...round, comma: false };
export const curly: Brackets = { open: "{", close: "}", padding: line, comma: true };
export const branch: Brackets = { ...curly, comma: false };

/** Prints items in brackets, on one line if they fit, else one per line. `end` is the offset of the closing bracket. */
export function bracketed(trivia: Trivia, brackets: Brackets, items: readonly Item[], end: number): Doc {
  return group(inBrackets(trivia, brackets, items, end));
}

/** Like `bracketed`, as part of an enclosing group. */
export function inBrackets(
  trivia: Trivia,
  { open, close, padding, comma }: Brackets,
  items: readonly Item[],
  end: number,
): Doc {
  const [first] = items;
  if (first === undefined && !trivia.has(end)) return open + close;
  const opening = [open, trivia.trailing(first?.start ?? end)];
  if (first === undefined) return [...opening, indent(trivia.after(end)), hardline, close];
  const contents = commaSeparated(trivia, items);
  const closing = [trivia.trailing(end), comma ? ifBreak(",") : "", trivia.after(end)];
  return [...opening, indent([padding, ...contents, ...closing]), padding, close];
}

/** Prints items separated by commas and optional line breaks, with the comments between them. */
export function commaSeparated(trivia: Trivia, items: readonly Item[]): Doc[] {
  return items.map(({ start, end, print }, i): Doc => {
    const next = items[i + 1];
    const doc = [trivia.before(start), print()];
    if (next === undefined) return doc;
    const comma = trivia.tokenAt(end);
    const documented = trivia.hasDoc(comma) ? trivia.fixed(comma) : "";
    return [...doc, documented, trivia.trailing(next.start), ",", line];
  });
}

/** Prints items and the comments between them on lines of their own, keeping at most one blank line between two. */
export function lines(trivia: Trivia, items: readonly Item[], end: number): Doc[] {
  const parts: Doc[] = [];
  const add = (start: number, doc: Doc): void => {
    const isFirst = parts.length === 0;
    parts.push([isFirst ? "" : hardline, !isFirst && trivia.isAfterBlankLine(start) ? hardline : "", doc]);
  };
  const addComments = (until: number): void => {
    for (const comment of trivia.take(until)) add(comment.span.start, printComment(comment));
  };
  items.forEach(({ start, print }, i) => {
    addComments(start);
    const doc = print();
    add(start, [doc, trivia.trailing(items[i + 1]?.start ?? end)]);
  });
  addComments(end);
  return parts;
}

/** Prints lines in braces. */
export function braced(trivia: Trivia, items: readonly Item[], end: number): Doc {
  if (items.length === 0 && !trivia.has(end)) return "{}";
  const opening = ["{", trivia.trailing(items[0]?.start ?? end)];
  const contents = lines(trivia, items, end);
  return [...opening, contents.length > 0 ? indent([hardline, ...contents]) : "", hardline, "}"];
}
