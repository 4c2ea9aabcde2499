/** @file The derived operator tests: every example and attribute set as a symbolic module, at many shapes. */
import { beforeAll, describe, expect, test } from "vitest";
import type { Guard } from "../../src/contract/guard.ts";
import { elements } from "../../src/contract/ndarray.ts";
import { macsOf, stepsOf } from "../../src/ir/costs.ts";
import type { Node } from "../../src/ir/graph.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import type { Operator } from "../../src/ir/operator.ts";
import { printType } from "../../src/ir/type.ts";
import { families, operators, symbols } from "../../src/ops/table.ts";
import { planWork } from "../../src/plan/cost.ts";
import { numbersAt } from "../../src/plan/memory.ts";
import { seeded } from "./arrays.ts";
import { attributeSets, type AttributeSet } from "./attribute-sets.ts";
import { backends, useBackend } from "./backends.ts";
import { programOf } from "./check.ts";
import { expectModule, expectPlan, graphOf, prepareCase, type Case } from "./compare.ts";
import { faultsOf } from "./faults.ts";
import { resultNames } from "./operators.ts";
import { manyShapes, type Shapes } from "./shapes.ts";
import { byTier } from "./tier.ts";

/** The records of all operators, by name. */
export const records: ReadonlyMap<string, Operator> = new Map(
  [...Object.values(operators), ...Object.values(symbols)].map((op) => [op.name, op]),
);

/** The number of shapes that every case runs at, if enough are allowed. */
const runs = byTier({ quick: 5, full: 50 });

/**
 * Returns a model that returns what the code computes. Its result types are those that the checker infers for the
 * block.
 */
function modelText({ code, inputs }: AttributeSet): string {
  const results = resultNames(code);
  const body = `{ ${results.join(", ")} = ${code.includes("|>") ? `(${code})` : code} return ${results.join(", ")} }`;
  const block = programOf(`fuse 1\nblock Probe(${inputs}) ${body}`);
  const errors = block.check().filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(`${code} of ${inputs}: ${errors.map(({ message }) => message).join("; ")}`);
  const [world] = block.worlds(block.main.blocks.get("Probe")!);
  const types = world!.results!.map((type) => printType(block.context.sizes, type!));
  const declared = results.map((name, i) => `${name}: ${types[i]}`).join(", ");
  return `fuse 1\nmodel Probe(${inputs}) -> (${declared}) ${body.replaceAll(/\b(first|second|result)\b/g, "$1_")}`;
}

/** Returns the examples of a record and its attribute sets. */
export function setsOf(op: Operator): readonly AttributeSet[] {
  return [...op.examples, ...attributeSets(op)];
}

export const graphOfSet = (set: AttributeSet): ModelGraph => graphOf(modelText(set));

export function nodesOf(graph: ModelGraph): readonly Node[] {
  return stepsOf(graph).filter((step) => step.kind === "node");
}

/** Whether results are elements of the inputs. The nearest pixel is; the other modes of the same operators compute. */
export const isExact = ({ graph }: Case): boolean =>
  nodesOf(graph).every(
    ({ op, attributes }) => op.exact === true || ["nearest", "nearest_exact"].includes(attributes["mode"] as string),
  );

/** A case of an operator that is created on first use, so one that cannot be created fails under its own name. */
export interface OperatorCase {
  readonly name: string;
  readonly get: () => Case;
}

/** Returns the cases of an operator: its examples and attribute sets, at shapes drawn from a seed. */
export function casesOf(
  op: Operator,
  shapesOf: (guard: Guard, random: () => number) => readonly Shapes[] = (guard, random) =>
    manyShapes(guard, random, runs),
): readonly OperatorCase[] {
  return setsOf(op).map((set, i) => {
    let made: Case | undefined;
    const make = (): Case => {
      const graph = graphOfSet(set);
      const seed = [...op.name].reduce((sum, letter) => 31 * sum + letter.charCodeAt(0), i) % 2 ** 30;
      return prepareCase(set.code, graph, shapesOf(graph.guard, seeded(seed)), seed, set.values);
    };
    return {
      name: `${set.code} of ${set.inputs}${set.values === undefined ? "" : `, some of ${set.values.join(", ")}`}`,
      get: () => (made ??= make()),
    };
  });
}

/** Expects the inferred types to match the interpreter's, axis by axis. */
function expectTypes({ graph, samples }: Case): void {
  if (graph.guard.variables.length > 1) expect(samples).toHaveLength(runs);
  for (const { sizes, want } of samples) {
    const number = numbersAt(graph.builder.sizes, sizes);
    for (const { name, order, value } of graph.results) {
      const array = want[name]!;
      expect([...value.type.axes.keys()].sort()).toEqual([...order].sort());
      expect(array.dtype).toBe(value.type.dtype);
      expect(array.shape, JSON.stringify(sizes)).toEqual(order.map((axis) => number(value.type.axes.get(axis)!)));
      expect(array.data).toHaveLength(elements(array.shape));
    }
  }
}

function expectMacs({ graph, plan, samples }: Case): void {
  const { builder } = graph;
  const formulas = nodesOf(graph).map((node) => macsOf(node, builder));
  for (const { sizes, macs } of samples) {
    const number = numbersAt(builder.sizes, sizes);
    const claimed = formulas.reduce((sum, formula) => sum + number(formula), 0);
    expect(claimed, JSON.stringify(sizes)).toBe(macs);
    // More where a lowering multiplies by zeros, or by a matrix that resizes.
    expect(planWork(plan, number).macs, JSON.stringify(sizes)).toBeGreaterThanOrEqual(macs);
  }
}

/** Defines the tests of the operators of these families: types, MACs, plans and modules against the interpreter. */
export function describeOperators(...names: readonly string[]): void {
  const cases = names.flatMap((name) => families[name]!).flatMap((op) => casesOf(op));
  const tolerance = (it: Case, otherwise: number) => (isExact(it) ? 0 : otherwise);

  // Full names, because vitest truncates printed objects.
  const named = cases.map((it) => [it.name, it] as const);
  describe.each(named)("%s", (_, { get }) => {
    test("has the inferred types", () => expectTypes(get()));
    test("has the declared MACs", () => expectMacs(get()));
    test("has a plan that agrees with the interpreter", () => expectPlan(get(), tolerance(get(), 1e-9)));
    test("has a plan without what browsers compute wrongly", () => expect(faultsOf(get().plan)).toEqual([]));
  });

  describe.each(backends())("on $name", ({ name: backend, skipped }) => {
    beforeAll(() => (skipped ? undefined : useBackend(backend)));

    test.skipIf(skipped).each(named)("%s", (_, { get }) => expectModule(get(), backend, tolerance(get(), 1e-4)));
  });
}
