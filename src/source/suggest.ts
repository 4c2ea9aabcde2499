/** @file "Did you mean": finds the nearest of the known names. */
import { distance } from "fastest-levenshtein";
import type { Help } from "./diagnostic.ts";
import type { Span } from "./source.ts";

/** The maximum length of a word to correct. Nobody misspells longer words, and comparing megabytes of text would take minutes. */
const longest = 200;

/**
 * Returns the candidate that a word most likely misspells; the first of equally near ones. Case is ignored. Longer words may have
 * more mistakes. A single letter is never a misspelling.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > longest) return undefined;
  const lower = word.toLowerCase();
  const most = Math.min(word.length <= 5 ? 1 : word.length <= 9 ? 2 : 3, word.length - 1);
  let best: string | undefined;
  let least = most + 1;
  for (const candidate of candidates) {
    // The distance is at least the difference in length, and computing it takes time proportional to the product of the lengths.
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const found = mistakes(lower, candidate.toLowerCase());
    if (found >= least) continue;
    best = candidate;
    least = found;
  }
  return best;
}

/** Counts wrong, missing and extra letters. Two swapped letters count as one mistake. */
function mistakes(a: string, b: string): number {
  if (a.length === b.length) {
    let at = 0;
    while (at < a.length && a[at] === b[at]) at++;
    const swapped = at + 1 < a.length && a[at] === b[at + 1] && a[at + 1] === b[at];
    if (swapped && a.slice(at + 2) === b.slice(at + 2)) return 1;
  }
  return distance(a, b);
}

/** Suggests a replacement for a span; empty if there is none. */
export function didYouMean(span: Span, better: string | undefined, text = "did you mean"): Help[] {
  return better === undefined ? [] : [{ text, code: better, edits: [{ span, text: better }] }];
}
