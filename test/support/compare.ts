/** @file Compares what is compiled of a program with the float64 interpreter, on every backend and at given or random sizes. */
import { beforeAll, describe, expect, test } from "vitest";
import { buildGraphs } from "../../src/compile.ts";
import type { ModelGraph } from "../../src/ir/graph.ts";
import { checkGuard, evaluate, type Guard } from "../../src/ir/guard.ts";
import { arrange, named, type NdArray } from "../../src/ir/ndarray.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { plan, type Plan } from "../../src/plan/plan.ts";
import { esmProfile } from "../../src/plan/profile.ts";
import { evaluateGraph } from "../../src/reference/interpreter.ts";
import { difference, randomArray, seeded } from "./arrays.ts";
import { backends, useBackend } from "./backends.ts";
import { programOf } from "./check.ts";
import { randomWeights, runOnce } from "./run.ts";

type Arrays = Readonly<Record<string, NdArray>>;
type Shapes = Readonly<Record<string, readonly number[]>>;

/** A model with weights, inputs and what they should give. */
export interface Case {
  readonly name: string;
  readonly graph: ModelGraph;
  readonly plan: Plan;
  readonly weights: Arrays;
  readonly samples: readonly { readonly inputs: Arrays; readonly want: Arrays }[];
}

/** The only model of a program, or the one that is named. */
export function graphOf(text: string, settings: Readonly<Record<string, string>> = {}, model?: string): ModelGraph {
  const { value, diagnostics } = buildGraphs(programOf(text), { settings, model });
  const [graph] = value ?? [];
  if (graph === undefined) throw new Error(diagnostics.map(({ code, message }) => `${code}: ${message}`).join("\n"));
  return graph;
}

/** Input shapes that a guard admits, at random sizes up to a limit; different ones where possible. */
export function randomShapes(guard: Guard, random: () => number, count: number, limit = 7): Shapes[] {
  const found = new Map<string, Shapes>();
  for (let attempt = 0; found.size < count && attempt < 100 * count; attempt++) {
    const sizes: Record<string, number> = {};
    for (const { name } of guard.variables) sizes[name] = 1 + Math.floor(random() * limit);
    const shapes = Object.fromEntries(
      guard.inputs.map(({ name, axes }) => [name, axes.map(({ size }) => evaluate(size, sizes))]),
    );
    const given = Object.fromEntries(guard.inputs.map(({ name, dtype }) => [name, { dtype, shape: shapes[name]! }]));
    if ("sizes" in checkGuard(guard, given)) found.set(JSON.stringify(shapes), shapes);
  }
  if (found.size === 0) throw new Error(`no admissible sizes for ${guard.model}`);
  return [...found.values()];
}

/** Runs the interpreter at the given shapes, with random weights and inputs. */
export function prepareCase(name: string, graph: ModelGraph, runs: readonly Shapes[], seed = 1): Case {
  const random = seeded(seed);
  const planned = plan(graph, esmProfile());
  const weights = randomWeights(planned, random);
  const orders = new Map(graph.weights.map((weight) => [weight.path, weight.groups.flat()]));
  const samples = runs.map((run) => {
    const inputs = Object.fromEntries(
      graph.guard.inputs.map(({ name, dtype }) => [name, randomArray(random, dtype, run[name]!)]),
    );
    const admission = checkGuard(graph.guard, inputs);
    if ("problems" in admission) throw new Error(admission.problems.join("; "));
    const values = evaluateGraph(
      graph.results.map(({ value }) => value),
      {
        input: (input) => named(inputs[input.name]!, input.order),
        weight: ({ path }) => named(weights[path]!, orders.get(path)!),
        sizes: (variable) => BigInt(admission.sizes[variable.name]!),
        builder: graph.builder,
      },
    );
    const want = Object.fromEntries(graph.results.map(({ name, order }, i) => [name, arrange(values[i]!, order)]));
    return { inputs, want };
  });
  return { name, graph, plan: planned, weights, samples };
}

function agree(got: Arrays, want: Arrays, tolerance: number): void {
  for (const [name, array] of Object.entries(want))
    expect(difference(got[name]!, array, tolerance), name).toBe(undefined);
}

/**
 * The tests of all cases: the plan's references in float64, then the module on every backend, once as it runs everywhere
 * and once as it is made for that backend.
 */
export function describeCases(cases: readonly Case[]): void {
  test.each(cases)("$name: the plan agrees with the interpreter", ({ plan, weights, samples }) => {
    for (const { inputs, want } of samples)
      agree(
        evaluatePlan(plan, inputs, (path) => weights[path]!),
        want,
        1e-9,
      );
  });

  describe.each(backends())("on $name", ({ name: backend, skipped }) => {
    beforeAll(() => (skipped ? undefined : useBackend(backend)));

    test.skipIf(skipped).each(cases)("$name", async ({ graph, plan: portable, weights, samples }) => {
      for (const planned of [portable, plan(graph, esmProfile(backend))])
        for (const { inputs, want } of samples) agree(await runOnce(planned, inputs, weights), want, 1e-4);
    });
  });
}
