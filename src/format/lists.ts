/** @file Lists: items between brackets, items between commas, and items that stand on lines of their own. */
import type { Doc } from "prettier";
import { builders } from "prettier/doc";
import type { Span } from "../source/source.ts";
import { printComment, type Trivia } from "./trivia.ts";

const { group, hardline, ifBreak, indent, line, softline } = builders;

/** A part of a list: its place, and how it is printed when its turn comes. */
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
  /** What stands inside the brackets where they are on one line. */
  readonly padding: Doc;
  /** Whether a comma stands behind the last of several lines. */
  readonly comma: boolean;
}

export const round: Brackets = { open: "(", close: ")", padding: softline, comma: true };
export const square: Brackets = { open: "[", close: "]", padding: softline, comma: true };
export const parentheses: Brackets = { ...round, comma: false };
export const curly: Brackets = { open: "{", close: "}", padding: line, comma: true };
export const branch: Brackets = { ...curly, comma: false };

/** Items between brackets, on one line if they fit, else one a line. `end` is the offset of the closing bracket. */
export function bracketed(trivia: Trivia, brackets: Brackets, items: readonly Item[], end: number): Doc {
  return group(inBrackets(trivia, brackets, items, end));
}

/** The same as a part of a group. */
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

/** Items with commas and possible line breaks between them, and the comments between them. */
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

/** Items, and the comments between them, on lines of their own, with at most one blank line between two. */
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

/** Lines between braces. */
export function braced(trivia: Trivia, items: readonly Item[], end: number): Doc {
  if (items.length === 0 && !trivia.has(end)) return "{}";
  const opening = ["{", trivia.trailing(items[0]?.start ?? end)];
  const contents = lines(trivia, items, end);
  return [...opening, contents.length > 0 ? indent([hardline, ...contents]) : "", hardline, "}"];
}
