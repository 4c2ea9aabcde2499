/** @file Answers about random sizes under random facts are true. `scripts/sizes-soak.ts` tries more. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { assertProperty } from "../support/properties.ts";
import { makeCase } from "./size-cases.ts";
import { check } from "./size-check.ts";

it("no verdict, bound, normal form or example is wrong", async () => {
  const outcomes: string[] = [];
  await assertProperty(
    fc.integer(),
    (seed) => outcomes.push(check(makeCase(seed), seed).outcome),
    // A seed cannot be shrunk, so the failing case itself is reported.
    { seed: 20_250_101, runs: 3_000, least: 60, endOnFailure: true },
  );
  const share = (...some: readonly string[]) =>
    outcomes.filter((outcome) => some.includes(outcome)).length / outcomes.length;
  // Enough of both kinds to be meaningful.
  expect(share("equal")).toBeGreaterThan(0.2);
  expect(share("less", "greater", "different")).toBeGreaterThan(0.2);
});
