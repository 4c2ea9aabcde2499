/** @file Random programs that check run everywhere as the interpreter does, and deliberate mistakes are found. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assertProperty } from "../support/properties.ts";
import { byTier } from "../support/tier.ts";
import { Failure } from "./programs/draft.ts";
import { examine } from "./programs/examine.ts";
import { grow } from "./programs/grow.ts";
import { mutations, type Mutation } from "./programs/mutations.ts";
import { tryProgram } from "./programs/programs.ts";

const seeds = fc.integer({ min: 0, max: 2 ** 30 });

test("random programs run where the guard admits them, with one result on all engines", async () => {
  let compared = 0;
  await assertProperty(
    seeds,
    async (seed) => {
      const report = await tryProgram(seed);
      compared += [...report.compared.values()].reduce((sum, runs) => sum + runs, 0);
    },
    // A smaller seed is not a smaller program.
    { seed: 30, runs: 300, least: 4, endOnFailure: true },
  );
  expect(compared).toBeGreaterThan(0);
});

/** The most programs in which a mistake must be found. */
const budget = byTier({ quick: 60, full: 200 });

describe("mistakes on purpose", () => {
  test.each(Object.entries(mutations))("%s", async (_, mutation) => {
    expect(await firstFound(mutation)).toBeLessThan(budget);
  });
});

/** Returns how many programs run until one shows the mistake. */
async function firstFound(mutation: Mutation): Promise<number> {
  for (let index = 0; index < budget; index++) {
    const seed = index + 1;
    const found = await examine(grow(seed, mutation.about), { ...mutation, seed }).catch((error: unknown) => error);
    if (found instanceof Failure) return index;
    if (found instanceof Error) throw found;
  }
  return budget;
}
