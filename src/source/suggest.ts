/** @file "Did you mean": the nearest of the names that exist. */
import { distance } from "fastest-levenshtein";

/**
 * The candidate that a word is most likely a misspelling of; of equally near ones the first. Case does not count. Longer words may
 * have more mistakes, and one letter is never a misspelling of another.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  const most = Math.min(word.length <= 4 ? 1 : word.length <= 8 ? 2 : 3, word.length - 1);
  let best: string | undefined;
  let least = most + 1;
  for (const candidate of candidates) {
    // The distance is never less than the difference in length, and takes time in proportion to the product of the lengths.
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const found = distance(lower, candidate.toLowerCase());
    if (found >= least) continue;
    best = candidate;
    least = found;
  }
  return best;
}
