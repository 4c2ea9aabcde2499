/** @file Runs a model in the float64 interpreter. */
import { checkGuard } from "../../src/contract/guard.ts";
import { arrange, named, type NdArray } from "../../src/contract/ndarray.ts";
import type { Value } from "../../src/ir/graph.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { evaluateGraph } from "../../src/reference/interpreter.ts";

/** Tensors by name. */
export type Arrays = Readonly<Record<string, NdArray>>;

/** What the interpreter says about one run. */
export interface Interpretation {
  readonly results: Arrays;
  /** The values of the guard's variables. */
  readonly sizes: Readonly<Record<string, number>>;
  /** The multiply-accumulates that it counted. */
  readonly macs: number;
}

/**
 * Interprets a model. `rewrite` may replace the values of its results, given the sizes of the run. Throws if the guard
 * refuses the inputs.
 */
export function interpretation(
  graph: ModelGraph,
  inputs: Arrays,
  weights: Arrays,
  rewrite: (value: Value, sizes: Interpretation["sizes"]) => Value = (value) => value,
): Interpretation {
  const admission = checkGuard(graph.guard, inputs);
  if ("problems" in admission) throw new Error(admission.problems.join("; "));
  const { sizes } = admission;
  const orders = new Map(graph.weights.map((weight) => [weight.path, weight.groups.flat()]));
  let macs = 0;
  const results = evaluateGraph(
    graph.results.map(({ value }) => rewrite(value, sizes)),
    {
      input: (input) => named(inputs[input.name]!, input.order),
      weight: ({ path }) => named(weights[path]!, orders.get(path)!),
      sizes: (variable) => BigInt(sizes[variable.name]!),
      count: (more) => void (macs += more),
      builder: graph.builder,
    },
  );
  const arranged = graph.results.map(({ name, order }, i) => [name, arrange(results[i]!, order)] as const);
  return { results: Object.fromEntries(arranged), sizes, macs };
}

/** Returns the results of a model by name. */
export const interpret = (graph: ModelGraph, inputs: Arrays, weights: Arrays = {}): Arrays =>
  interpretation(graph, inputs, weights).results;
