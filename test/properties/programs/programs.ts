/** @file One random program: grown, examined, and made smaller if it fails. */
import { Failure, type Draft } from "./draft.ts";
import { engines } from "./engines.ts";
import { examine, type Conditions, type Report } from "./examine.ts";
import { grow } from "./grow.ts";
import { shrink } from "./shrink.ts";

/** Grows and examines the program of a seed. @throws Error with the smallest failing program found */
export async function tryProgram(seed: number): Promise<Report> {
  return examined(grow(seed), { seed, engines });
}

async function examined(draft: Draft, conditions: Conditions): Promise<Report> {
  try {
    return await examine(draft, conditions);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { kind } = error;
    // All engines run, so that the same one fails again.
    const all = conditions.engines.map((engine) => ({ ...engine, share: kind.startsWith(engine.name) ? 1 : 0 }));
    let smallest = error;
    const seeds = [0, 1, 2].map((more) => conditions.seed + more);
    await shrink(draft, async (smaller) => {
      for (const seed of seeds)
        try {
          await examine(smaller, { ...conditions, engines: all, seed });
        } catch (again) {
          if (!(again instanceof Failure) || again.kind !== kind) continue;
          smallest = again;
          return true;
        }
      return false;
    });
    throw smallest;
  }
}
