/** @file "Did you mean": the nearest of the names that exist. */
import { distance } from "fastest-levenshtein";
import type { Help } from "./diagnostic.ts";
import type { Span } from "./source.ts";

/** In characters. Nobody misspells a longer word than this, and to compare texts of a megabyte would take minutes. */
const longest = 200;

/**
 * The candidate that a word is most likely a misspelling of; of equally near ones the first. Case does not count. Longer words may
 * have more mistakes, and one letter is never a misspelling of another.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > longest) return undefined;
  const lower = word.toLowerCase();
  const most = Math.min(word.length <= 4 ? 1 : word.length <= 8 ? 2 : 3, word.length - 1);
  let best: string | undefined;
  let least = most + 1;
  for (const candidate of candidates) {
    // The distance is never less than the difference in length, and takes time in proportion to the product of the lengths.
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const found = mistakes(lower, candidate.toLowerCase());
    if (found >= least) continue;
    best = candidate;
    least = found;
  }
  return best;
}

/** How many letters are wrong, missing or too many; two that changed places are one mistake. */
function mistakes(a: string, b: string): number {
  if (a.length === b.length) {
    let at = 0;
    while (at < a.length && a[at] === b[at]) at++;
    const swapped = at + 1 < a.length && a[at] === b[at + 1] && a[at + 1] === b[at];
    if (swapped && a.slice(at + 2) === b.slice(at + 2)) return 1;
  }
  return distance(a, b);
}

/** A help that offers another text for a place; none if there is nothing to offer. */
export function didYouMean(span: Span, better: string | undefined, text = "did you mean"): Help[] {
  return better === undefined ? [] : [{ text, code: better, edits: [{ span, text: better }] }];
}
