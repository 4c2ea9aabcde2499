/** @file Derived from the records: every operator between linear neighbours gives after optimization what it gave before. */
import { describe, expect, test } from "vitest";
import { checkGuard } from "../../src/contract/guard.ts";
import { dtypeOf, shapeOf } from "../../src/contract/manifest.ts";
import { generate } from "../../src/contract/ndarray.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import type { Operator } from "../../src/ir/operator.ts";
import { optimize } from "../../src/optimize/optimize.ts";
import type { Costs } from "../../src/plan/costs.ts";
import { manifestOf } from "../../src/plan/manifest.ts";
import { chanceOf, type Chance } from "../properties/programs/chance.ts";
import { difference, randomArray } from "../support/arrays.ts";
import { testedEngines } from "../support/engines.ts";
import { interpret, type Arrays } from "../support/interpret.ts";
import { withNeighbours } from "../support/neighbours.ts";
import { graphOfSet, records, setsOf } from "../support/operator-cases.ts";
import { randomShapes, type Shapes } from "../support/shapes.ts";
import { byTier } from "../support/tier.ts";

/** Operators that stay where they are, and why. */
const staying: Readonly<Record<string, string>> = {
  cast: "it has no trait",
  scatter_add: "it acts on one axis, and what it adds varies along all others",
  split: "it has several results",
  stack: "it has no trait",
  unstack: "it has several results",
};

/** Of the sets besides the examples, every so many are tested. */
const every = byTier({ quick: 3, full: 1 });

/** The most neighbours that are tried for a set, until the optimizer changes something. */
const mostTried = 6;

/** Costs at which whatever can save is done, however small the tensors are. */
const costs: Costs = { macs: 1000, bytes: 1000, rows: 0, resized: 0, step: 0 };

const engines = testedEngines.filter(({ skipped }) => !skipped);

/** Returns the smallest shapes of few ones: where a size is 1, there is nothing to save. */
function shapesFor({ guard }: ModelGraph, chance: Chance): Shapes {
  const ones = (shapes: Shapes) =>
    Object.values(shapes)
      .flat()
      .filter((size) => size === 1).length;
  return randomShapes(guard, chance.random, 6, 4).toSorted((a, b) => ones(a) - ones(b))[0]!;
}

/** Elements with which sums and products are exact in float32, and small enough for every function. */
const elements = [-2, -1, 1, 2];
const factors = [-1, -0.5, 0.5, 1];
const variances = [0.25, 1, 4];

function dataOf(graph: ModelGraph, chance: Chance): { readonly inputs: Arrays; readonly weights: Arrays } {
  const inputs = graph.guard.inputs.map(
    ({ name, dtype, axes }) =>
      [
        name,
        randomArray(
          chance.random,
          dtype,
          axes.map(({ size }) => size as number),
          { values: elements },
        ),
      ] as const,
  );
  const weights = manifestOf(graph).map((entry) => {
    const values = entry.path.endsWith("running_var") ? variances : dtypeOf(entry) === "f32" ? factors : elements;
    return [entry.path, generate(dtypeOf(entry), shapeOf(entry), () => chance.pick(values))] as const;
  });
  return { inputs: Object.fromEntries(inputs), weights: Object.fromEntries(weights) };
}

/**
 * Expects results up to errors that are relative to the largest element. Where the program gives no finite number, another order
 * may give another one.
 */
function expectSame(got: Arrays, want: Arrays, tolerance: number, told: string): void {
  for (const [name, array] of Object.entries(want)) {
    const largest = Math.max(1, ...Array.from(array.data, Math.abs).filter(Number.isFinite));
    const data = got[name]!.data.map((element, i) => (Number.isFinite(array.data[i]) ? element : array.data[i]!));
    expect(difference({ ...got[name]!, data }, array, tolerance * largest), told).toBe(undefined);
  }
}

/** Runs the operator in its sets. Returns how many models the optimizer changed. */
async function changedOf(op: Operator): Promise<number> {
  let changed = 0;
  const sets = setsOf(op).filter((_, i) => i < op.examples.length || i % every === 0);
  for (const [index, set] of sets.entries()) {
    const chance = chanceOf(index + 1);
    const source = graphOfSet(set);
    const shapes = shapesFor(source, chance);
    const given = source.guard.inputs.map(({ name, dtype }) => [name, { dtype, shape: shapes[name]! }] as const);
    const admission = checkGuard(source.guard, Object.fromEntries(given));
    if ("problems" in admission) throw new Error(admission.problems.join());
    for (let tried = 0; tried < mostTried; tried++) {
      const written = withNeighbours(source, admission.sizes, chance);
      const engine = chance.pick(engines);
      const { graph, changes } = optimize(written, { ...engine.profile, costs });
      if (changes.length === 0) continue;
      changed++;
      const { inputs, weights } = dataOf(written, chance);
      const want = interpret(written, inputs, weights);
      const told = `${set.code} of ${set.inputs}, neighbours ${tried}`;
      expectSame(interpret(graph, inputs, weights), want, 1e-12, told);
      for (const each of byTier({ quick: [engine], full: engines })) {
        const results = await each.run({ graph, weights }, [inputs]);
        if ("unsupported" in results) throw new Error(results.unsupported);
        const got = Object.fromEntries(graph.results.map(({ name }, i) => [name, results[0]![i]!]));
        expectSame(got, want, 1e-4, `${told}, ${each.name}`);
      }
      break;
    }
  }
  return changed;
}

describe("an operator between linear neighbours gives after optimization what it gave before", () => {
  test.each([...records])("%s", async (name, op) => {
    const changed = await changedOf(op);
    if (Object.hasOwn(staying, name)) expect(changed).toBe(0);
    else expect(changed).toBeGreaterThan(0);
  });
});
