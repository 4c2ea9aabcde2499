/** @file Tests of random inputs: how many they draw, which depends on the tier and on the time that it takes. */
import fc from "fast-check";
import { byTier } from "./tier.ts";

/** How long a test draws more than the least, in milliseconds: on a slow machine it draws fewer, but does not fail for that. */
const time = byTier({ quick: 3_000, full: 30_000 });

interface Amount {
  /** In the full tier; the quick one has a tenth, but not less than the least. */
  readonly runs: number;
  /** With fewer the test would mean nothing: these are done however long it takes. */
  readonly least: number;
}

const most = ({ runs, least }: Amount): number => Math.max(least, byTier({ quick: Math.ceil(runs / 10), full: runs }));

/** What is drawn has the property, which throws if not. */
export async function assertProperty<T>(
  drawn: fc.Arbitrary<T>,
  property: (value: T) => unknown,
  { seed, runs, least, ...options }: Amount & { readonly seed: number; readonly endOnFailure?: boolean },
): Promise<void> {
  const holds = fc.asyncProperty(drawn, async (value) => void (await property(value)));
  await fc.assert(holds, { ...options, seed, numRuns: least });
  const limits = { interruptAfterTimeLimit: time, markInterruptAsFailure: false };
  const more = most({ runs, least }) - least;
  if (more > 0) await fc.assert(holds, { ...options, ...limits, seed: seed + 1, numRuns: more });
}

/** Calls with 0, 1, 2 … as often as the amount and the time allow, and returns how often that was. */
export function repeatInTime(amount: Amount, run: (index: number) => void): number {
  const end = performance.now() + time;
  let done = 0;
  while (done < amount.least || (done < most(amount) && performance.now() < end)) run(done++);
  return done;
}
