/** @file Random choices, always the same for one seed. */
import { seeded } from "../../support/arrays.ts";

export interface Chance {
  /** Returns a number in [0, 1). */
  readonly random: () => number;
  /** Returns an integer in [0, n). */
  below(n: number): number;
  /** Returns one of the items, which must not be empty. */
  pick<T>(items: readonly T[]): T;
  /** Returns true with this probability. */
  is(probability: number): boolean;
}

export function chanceOf(seed: number): Chance {
  const random = seeded(seed);
  const below = (n: number): number => Math.floor(random() * n);
  return { random, below, pick: (items) => items[below(items.length)]!, is: (probability) => random() < probability };
}
