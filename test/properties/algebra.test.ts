/** @file Optimized random graphs give what they gave before, bit for bit where arithmetic is exact. */
import { describe, expect, test } from "vitest";
import { byTier } from "../support/tier.ts";
import { examine } from "./algebra/examine.ts";

describe("optimized random graphs give what they gave before", () => {
  test.each([
    { sizes: "powers of two, bit for bit", isExact: true, runs: byTier({ quick: 100, full: 300 }), first: 1 },
    { sizes: "any, up to rounding", isExact: false, runs: byTier({ quick: 30, full: 100 }), first: 1_000_001 },
  ])("with sizes that are $sizes", ({ isExact, runs, first }) => {
    let changed = 0;
    for (let seed = first; seed < first + runs; seed++) if (examine(seed, isExact).rules.length > 0) changed++;
    // Where nothing is changed, nothing is compared.
    expect(changed / runs).toBeGreaterThanOrEqual(0.5);
  });
});
