/** @file What the optimizer relies on, wrong on purpose: the random graphs show every mistake. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { laws, type Laws } from "../../src/optimize/laws.ts";
import { compareResults } from "./algebra/examine.ts";
import { wrongLaws, wrongTraits } from "./algebra/mutations.ts";

/** The most graphs in which a mistake must be found. */
const budget = 300;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Returns how many graphs are right until one shows the mistake. */
function firstFound(relied: Laws, about: readonly string[]): number {
  for (let index = 0; index < budget; index++)
    try {
      compareResults(index + 1, true, { relied, about });
    } catch {
      return index;
    }
  return budget;
}

describe("a wrong law is found", () => {
  test.each(Object.entries(wrongLaws))("%s", (_, { about = [], ...wrong }) => {
    expect(firstFound({ ...laws, ...wrong }, about)).toBeLessThan(budget);
  });
});

describe("a wrong trait is found", () => {
  test.each(Object.entries(wrongTraits))("%s", (_, { op, claim, about }) => {
    const own = op.trait!.bind(op);
    vi.spyOn(op, "trait").mockImplementation((context, input) => {
      const trait = own(context, input);
      return trait && claim(trait);
    });
    expect(firstFound(laws, about)).toBeLessThan(budget);
  });
});
