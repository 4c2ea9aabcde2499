/** @file What is said of random sizes under random facts holds for the plain meaning of the expressions. `scripts/sizes-soak.ts` tries more. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { makeCase } from "./size-cases.ts";
import { check } from "./size-check.ts";

const PAIRS = 3_000;

it("no verdict, bound, normal form or example is wrong", () => {
  const counts = new Map<string, number>();
  const share = (...outcomes: readonly string[]) =>
    outcomes.reduce((sum, key) => sum + (counts.get(key) ?? 0), 0) / PAIRS;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { outcome } = check(makeCase(seed), seed);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }),
    // A seed has no smaller one: what is reported is the case itself.
    { seed: 20_250_101, numRuns: PAIRS, endOnFailure: true },
  );
  // Enough of both kinds to mean something.
  expect(share("equal")).toBeGreaterThan(0.2);
  expect(share("less", "greater", "different")).toBeGreaterThan(0.2);
});
