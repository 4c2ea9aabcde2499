/** @file The tests of a backend of browsers: every operator's derived cases and the systems of the documents, in Chromium. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emitFactory } from "../../../src/codegen/esm/emit.ts";
import { esmProfile } from "../../../src/codegen/esm/profile.ts";
import type { Backend } from "../../../src/contract/backends.ts";
import { planOptimized } from "../../../src/optimize/planned.ts";
import { plan, type Plan } from "../../../src/plan/plan.ts";
import { difference, seeded, type Tolerance } from "../arrays.ts";
import { graphOf, type Case } from "../compare.ts";
import type { Arrays } from "../interpret.ts";
import { casesOf, isExact, nodesOf, records } from "../operator-cases.ts";
import { info } from "../run.ts";
import { manyShapes } from "../shapes.ts";
import { goldenTensors, systems, systemText } from "../systems.ts";
import { byTier } from "../tier.ts";
import { isSkipped, openBrowser, type BrowserBackend } from "./chromium.ts";

/** What the languages of graphics cards promise for sin(x) and cos(x) between -pi and pi: an absolute error of at most this. */
const trigonometry = 2 ** -11;

/** The quotient of a sine and a cosine inherits their errors: d (1 + |t|) / |cos x|, where 1 / |cos x| = sqrt(1 + t^2). */
const tangent = (t: number): number => trigonometry * (1 + Math.abs(t)) * Math.hypot(1, t);

function toleranceOf(it: Case): Tolerance {
  const names = nodesOf(it.graph).map(({ op }) => op.name);
  if (names.includes("tan")) return tangent;
  if (names.includes("sin") || names.includes("cos")) return trigonometry;
  return isExact(it) ? 0 : 1e-4;
}

/**
 * Compiling a program for each shape takes most of the time. So there is one shape, with sizes that are odd and above 1, and equal
 * inputs have equal sizes in all cases, so that programs are used again.
 */
const shapesOf: Parameters<typeof casesOf>[1] = (guard) => manyShapes(guard, seeded(1), 3).slice(-1);

/** `npm test` runs every eighth case. */
const step = byTier({ quick: 8, full: 1 });

/** Returns the plan for all backends and, if it prints another module, the one for this backend. */
function plansFor(backend: Backend, planned: (profile: ReturnType<typeof esmProfile>) => Plan): readonly Plan[] {
  const [portable, own] = [planned(esmProfile()), planned(esmProfile(backend))];
  const text = (plan: Plan) => emitFactory([plan], info);
  return text(portable) === text(own) ? [portable] : [portable, own];
}

/** Defines the tests. They share one page. */
export function describeBrowser(backend: Backend): void {
  describe(`on ${backend}`, () => {
    let browser: BrowserBackend;
    const run = async (
      plan: Plan,
      runs: readonly Arrays[],
      weights: Arrays,
      wants: readonly Arrays[],
      tolerance: Tolerance,
    ) => {
      const results = await browser.runAll(plan, runs, weights);
      wants.forEach((want, i) => {
        for (const [name, array] of Object.entries(want))
          expect(difference(results[i]![name]!, array, tolerance), name).toBe(undefined);
      });
    };

    if (!isSkipped) {
      beforeAll(async () => {
        browser = await openBrowser(backend);
      });
      // It is missing if it has not started.
      afterAll(() => browser?.close());
    }

    const cases = [...records.values()].flatMap((op) => casesOf(op, shapesOf));
    const named = cases.filter((_, i) => i % step === 0).map((it) => [it.name, it] as const);
    test.skipIf(isSkipped).each(named)("%s", async (_, { get }) => {
      const it = get();
      const runs = it.samples.map(({ inputs }) => inputs);
      const wants = it.samples.map(({ want }) => want);
      for (const planned of plansFor(backend, (profile) => plan(it.graph, profile)))
        await run(planned, runs, it.weights, wants, toleranceOf(it));
    });

    test.skipIf(isSkipped).each(systems.filter((_, i) => i % byTier({ quick: 4, full: 1 }) === 0))(
      "the system $file agrees with PyTorch",
      async ({ file, settings }) => {
        const graph = graphOf(systemText(file), settings);
        const [inputs, weights, want] = (["in", "param", "out"] as const).map((group) => goldenTensors(file, group));
        for (const planned of plansFor(backend, (profile) => planOptimized(graph, profile).plan))
          await run(planned, [inputs!], weights!, [want!], 1e-4);
      },
    );
  });
}
