/** @file Applies edits to a text. */
import type { Edit } from "./diagnostic.ts";

/** A text with edits that do not overlap; new lines end as those of the text do. */
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
