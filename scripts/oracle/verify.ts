/** @file Runs two graphs of a model in the float64 interpreter, with random numbers. */
import { evaluate } from "../../src/contract/guard.ts";
import { dtypeOf, shapeOf } from "../../src/contract/manifest.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { manifestOf } from "../../src/plan/manifest.ts";
import { difference, randomArray, seeded } from "../../test/support/arrays.ts";
import { interpret, type Arrays } from "../../test/support/interpret.ts";

/** Differences of rounding in float64 are smaller, wrong rewrites differ more. */
const tolerance = 1e-9;

/** Computes the results of a model at these sizes, with the numbers of a seed. */
export function runAt(sizes: Readonly<Record<string, number>>, seed: number, graph: ModelGraph): Arrays {
  const random = seeded(seed);
  const inputs = graph.guard.inputs.map(({ name, dtype, axes }) => {
    const shape = axes.map(({ size }) => evaluate(size, sizes));
    return [name, randomArray(random, dtype, shape)] as const;
  });
  const weights = manifestOf(graph).map((entry) => {
    const shape = shapeOf(entry);
    // Keeps values near 1, because gates and softmaxes of large ones hide what they are computed from.
    const scale = Math.sqrt(3 / shape.slice(1).reduce((a, b) => a * b, 1));
    const range: readonly [number, number] = entry.path.endsWith("running_var") ? [0.5, 2] : [-scale, scale];
    return [entry.path, randomArray(random, dtypeOf(entry), shape, { range })] as const;
  });
  return interpret(graph, Object.fromEntries(inputs), Object.fromEntries(weights));
}

/** Describes where results differ; undefined if they do not. */
export function differenceOf(got: Arrays, want: Arrays): string | undefined {
  return Object.entries(want).flatMap(([name, array]) => {
    const found = difference(got[name]!, array, tolerance);
    return found === undefined ? [] : [`${name}: ${found}`];
  })[0];
}
