/** @file Tests with random inputs. How many they draw depends on the tier and on the time they take. */
import fc from "fast-check";
import { byTier } from "./tier.ts";

/** How long a test draws beyond the minimum, in milliseconds. A slow machine draws fewer, without failing. */
const time = byTier({ quick: 3_000, full: 30_000 });

interface Amount {
  /** The number in the full tier. The quick tier has a tenth, but at least `least`. */
  readonly runs: number;
  /** The minimum for a meaningful test, however long it takes. */
  readonly least: number;
}

const most = ({ runs, least }: Amount): number => Math.max(least, byTier({ quick: Math.ceil(runs / 10), full: runs }));

/** Expects random values to have the property, which throws if they do not. */
export async function assertProperty<T>(
  drawn: fc.Arbitrary<T>,
  property: (value: T) => unknown,
  { seed, runs, least, ...options }: Amount & { readonly seed: number; readonly endOnFailure?: boolean },
): Promise<void> {
  const holds = fc.asyncProperty(drawn, async (value) => void (await property(value)));
  await fc.assert(holds, { ...options, seed, numRuns: least });
  const limits = { interruptAfterTimeLimit: time, markInterruptAsFailure: false };
  // The same sequence again, continued for as long as the time allows.
  const all = most({ runs, least });
  if (all > least) await fc.assert(holds, { ...options, ...limits, seed, numRuns: all });
}

/** Calls `run` with 0, 1, 2 … as often as the amount and the time allow, and returns the number of calls. */
export function repeatInTime(amount: Amount, run: (index: number) => void): number {
  const end = performance.now() + time;
  let done = 0;
  while (done < amount.least || (done < most(amount) && performance.now() < end)) run(done++);
  return done;
}
