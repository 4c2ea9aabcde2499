/** @file Finds where a call names an axis in its source text. */
import type { Attributes } from "../../ir/attribute.ts";
import type { Axis } from "../../ir/type.ts";
import { textOf, type Span } from "../../source/source.ts";
import type { Site } from "../frame/site.ts";

/** Returns the only span where a call's attributes name an axis; undefined if none does (it may be a default) or several do. */
export function placeOfAxis({ attributes }: Site, declared: Attributes, axis: Axis): Span | undefined {
  const found = Object.entries(declared).flatMap(([name, { kind }]): Span[] => {
    const span = kind === "keyed" ? attributes.get(axis) : attributes.get(name);
    if (span === undefined) return [];
    if (kind === "keyed") return keyBefore(span, axis);
    if (kind === "axis" || kind === "axes") return wordIn(span, axis);
    return kind === "maps" ? wordIn(fromOf(span), axis) : [];
  });
  return found.length === 1 ? found[0] : undefined;
}

/** Returns the span of `h` in `h: 7`, given the span of the value. */
function keyBefore({ source, start }: Span, axis: Axis): Span[] {
  const before = source.text.slice(0, start).replace(/\s*:\s*$/, "");
  return before.length < start && before.endsWith(axis)
    ? [{ source, start: before.length - axis.length, end: before.length }]
    : [];
}

/** Returns the spans of a name in a list of names. */
function wordIn(span: Span, word: string): Span[] {
  return [...textOf(span).matchAll(/[\p{L}\p{N}_]+/gu)]
    .filter(([found]) => found === word)
    .map(({ index }) => ({ source: span.source, start: span.start + index, end: span.start + index + word.length }));
}

/** Returns the left side of `[h, w] -> t`. */
function fromOf(span: Span): Span {
  const arrow = textOf(span).indexOf("->");
  return arrow < 0 ? span : { ...span, end: span.start + arrow };
}
