/** @file Compares a compiled program with the float64 interpreter, on every backend and at given or random sizes. */
import { beforeAll, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { buildGraphs } from "../../src/graphs.ts";
import type { Backend } from "../../src/contract/backends.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { planOptimized } from "../../src/optimize/planned.ts";
import { plan, type Plan } from "../../src/plan/plan.ts";
import type { Profile } from "../../src/plan/profile.ts";
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
  /** The plan of the model as written, for all backends. */
  readonly plan: Plan;
  /** The model as written, and what the optimizer makes of it for a profile if that is another one. */
  readonly graphsFor: (profile: Profile) => readonly ModelGraph[];
  readonly weights: Arrays;
  readonly samples: readonly Sample[];
}

/** Returns the model as written and, if the optimizer changes it for this profile, what it makes of it. */
export function writtenAndOptimized(graph: ModelGraph, profile: Profile): readonly ModelGraph[] {
  const { graph: better } = planOptimized(graph, profile);
  return better === graph ? [graph] : [graph, better];
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
  const known = new Map<string, readonly ModelGraph[]>();
  const graphsFor = (profile: Profile) => {
    const key = `${profile.name} ${profile.backend}`;
    const graphs = known.get(key) ?? writtenAndOptimized(graph, profile);
    known.set(key, graphs);
    return graphs;
  };
  return { name, graph, plan: planned, graphsFor, weights, samples };
}

function agree(got: Arrays, want: Arrays, tolerance: number): void {
  for (const [name, array] of Object.entries(want))
    expect(difference(got[name]!, array, tolerance), name).toBe(undefined);
}

/** Expects the plan's references in float64 to agree with the interpreter, before and after optimization. */
export function expectPlan({ graphsFor, weights, samples }: Case, tolerance = 1e-9): void {
  for (const graph of graphsFor(esmProfile())) {
    const planned = plan(graph, esmProfile());
    for (const { inputs, want } of samples)
      agree(
        evaluatePlan(planned, inputs, (path) => weights[path]!),
        want,
        tolerance,
      );
  }
}

/** The number of sizes at which a plan for one backend runs. It differs from the portable plan in few places. */
const runsOfOwnPlan = byTier({ quick: 2, full: 8 });

/**
 * Expects the module to agree with the interpreter on the current backend, both the portable one and the one for that
 * backend, before and after optimization.
 */
export async function expectModule(
  { graphsFor, weights, samples }: Case,
  backend: Backend,
  tolerance = 1e-4,
): Promise<void> {
  const own = { profile: esmProfile(backend), runs: samples.slice(0, runsOfOwnPlan) };
  for (const { profile, runs } of [{ profile: esmProfile(), runs: samples }, own])
    for (const graph of graphsFor(profile)) {
      const inputs = runs.map((sample) => sample.inputs);
      const results = await runAll(plan(graph, profile), inputs, weights);
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
