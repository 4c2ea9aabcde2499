/** @file Diagnostics of the limits that keep a hostile or runaway program from exhausting the compiler. */
import { msg } from "../template.ts";
import { programEntry } from "./entry.ts";

const nested = (depth: number): string =>
  `fuse 1

block Deep(x: [n, c]) -> [n, c] {
  return ${"(".repeat(depth)}x${")".repeat(depth)}
}
`;

export const limits = {
  "too-large": programEntry({
    severity: "error",
    message: msg`too large: ${"what"}`,
    explain:
      "Programs are limited so that no input can keep the compiler busy forever: brackets nest at most " +
      "200 deep and operators at most 400, block calls and imports nest at most 100 deep, a model has " +
      "at most 20,000 calls of operators and blocks and 20,000 weights, a size has at most 1,000 terms, its numbers are " +
      "below 2^53, and the sizes of a block take at most 100,000 steps to check, those of a model 300,000 to build. " +
      "No hand-written network comes near these limits. " +
      "Name intermediate values instead of nesting calls, and check the counts of `repeat`.",
    bad: nested(201),
    good: nested(1),
  }),
};
