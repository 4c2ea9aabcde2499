/** @file Compares a compiled program with the float64 interpreter, on every backend and at given or random sizes. */
import { beforeAll, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { savedModelProfile } from "../../src/codegen/saved-model/profile.ts";
import { buildGraphs } from "../../src/graphs.ts";
import type { Backend } from "../../src/contract/backends.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { optimize } from "../../src/optimize/optimize.ts";
import { plan, type Plan } from "../../src/plan/plan.ts";
import { difference, randomArray, seeded } from "./arrays.ts";
import { backends, useBackend } from "./backends.ts";
import { programOf } from "./check.ts";
import { interpretation, type Arrays } from "./interpret.ts";
import { randomWeights, runAll } from "./run.ts";
import type { Shapes } from "./shapes.ts";
import { byTier } from "./tier.ts";

/** One run: its inputs and the interpreter's results. */
export interface Sample {
  readonly inputs: Arrays;
  /** The values of the guard's variables. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly want: Arrays;
  /** Multiply-accumulates that the interpreter counted. */
  readonly macs: number;
}

/** A model with weights, inputs and expected results. */
export interface Case {
  readonly name: string;
  readonly graph: ModelGraph;
  readonly plan: Plan;
  readonly weights: Arrays;
  readonly samples: readonly Sample[];
}

/** Returns the only model of a program, or the one with this name. */
export function graphOf(text: string, settings: Readonly<Record<string, string>> = {}, model?: string): ModelGraph {
  const { value, diagnostics } = buildGraphs(programOf(text), { settings, model });
  const [graph] = value ?? [];
  if (graph === undefined) throw new Error(diagnostics.map(({ code, message }) => `${code}: ${message}`).join("\n"));
  return graph;
}

/**
 * Runs the interpreter at the given shapes, with random inputs (optionally drawn from `values`) and given or random
 * weights.
 */
export function prepareCase(
  name: string,
  graph: ModelGraph,
  runs: readonly Shapes[],
  seed = 1,
  values: readonly number[] | undefined = undefined,
  stored: Arrays | undefined = undefined,
): Case {
  const random = seeded(seed);
  const planned = plan(graph, esmProfile());
  const weights = stored ?? randomWeights(planned, random);
  const samples = runs.map((run): Sample => {
    const inputs = Object.fromEntries(
      graph.guard.inputs.map(({ name, dtype }) => [name, randomArray(random, dtype, run[name]!, values && { values })]),
    );
    const { results, sizes, macs } = interpretation(graph, inputs, weights);
    return { inputs, sizes, want: results, macs };
  });
  return { name, graph, plan: planned, weights, samples };
}

/** The same case with an optimized graph. What it must give, the graph as written gives. */
export function optimizedCase(it: Case): Case {
  const { graph } = optimize(it.graph, savedModelProfile);
  return { ...it, name: `${it.name}, optimized`, graph, plan: plan(graph, esmProfile()) };
}

function agree(got: Arrays, want: Arrays, tolerance: number): void {
  for (const [name, array] of Object.entries(want))
    expect(difference(got[name]!, array, tolerance), name).toBe(undefined);
}

/** Expects the plan's references in float64 to agree with the interpreter. */
export function expectPlan({ plan, weights, samples }: Case, tolerance = 1e-9): void {
  for (const { inputs, want } of samples)
    agree(
      evaluatePlan(plan, inputs, (path) => weights[path]!),
      want,
      tolerance,
    );
}

/** The number of sizes at which a plan for one backend runs. It differs from the portable plan in few places. */
const runsOfOwnPlan = byTier({ quick: 2, full: 8 });

/**
 * Expects the module to agree with the interpreter on the current backend, both the portable one and the one for that
 * backend.
 */
export async function expectModule(
  { graph, plan: portable, weights, samples }: Case,
  backend: Backend,
  tolerance = 1e-4,
): Promise<void> {
  const own = { planned: plan(graph, esmProfile(backend)), runs: samples.slice(0, runsOfOwnPlan) };
  for (const { planned, runs } of [{ planned: portable, runs: samples }, own]) {
    const inputs = runs.map((sample) => sample.inputs);
    const results = await runAll(planned, inputs, weights);
    runs.forEach(({ want }, i) => agree(results[i]!, want, tolerance));
  }
}

/** Defines the tests of all cases: the plan, then the module on every backend. */
export function describeCases(cases: readonly Case[]): void {
  test.each(cases)("$name: the plan agrees with the interpreter", (it) => expectPlan(it));

  describe.each(backends())("on $name", ({ name: backend, skipped }) => {
    beforeAll(() => (skipped ? undefined : useBackend(backend)));

    test.skipIf(skipped).each(cases)("$name", (it) => expectModule(it, backend));
  });
}
