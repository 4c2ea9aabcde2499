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
    message: msg`this is too large: ${"what"}`,
    explain:
      "Programs are limited, so that no text, however it came about, keeps the compiler busy for ever: " +
      "brackets are nested at most 200 deep and operators at most 400, " +
      "blocks call blocks and files import files at most 100 deep, a model consists of at most 100,000 operators, " +
      "a size has at most 1,000 terms, and its numbers are below 2^53. " +
      "No network that was written by hand comes near these limits. " +
      "Name intermediate values instead of nesting calls, and look for a `repeat` whose count is not what was meant.",
    bad: nested(201),
    good: nested(1),
  }),
};
