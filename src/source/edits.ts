/** @file Applies edits to text. */
import type { Edit } from "./diagnostic.ts";

/** Applies edits, which must not overlap. New lines get the line ending of the text. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const ending = /\r?\n/.exec(text)?.[0] ?? "\n";
  const sorted = [...edits].sort((a, b) => a.span.start - b.span.start);
  let [out, at] = ["", 0];
  for (const { span, text: replacement } of sorted) {
    out += text.slice(at, span.start) + replacement.replace(/\r?\n/g, ending);
    at = span.end;
  }
  return out + text.slice(at);
}
