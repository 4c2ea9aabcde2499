/** @file Graph rewriting: unchanged parts keep their identity, changed parts compute the same, and types stay. */
import { beforeAll, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import type { GraphBuilder } from "../../src/ir/builder.ts";
import type { Node, Value } from "../../src/ir/graph.ts";
import { rewrite } from "../../src/ir/rewrite.ts";
import { inOrder } from "../../src/ir/walk.ts";
import { operators } from "../../src/ops/table.ts";
import { plan } from "../../src/plan/plan.ts";
import { difference, seeded } from "../support/arrays.ts";
import { useBackend } from "../support/backends.ts";
import { expectModule, expectPlan, graphOf, prepareCase } from "../support/compare.ts";
import { ModelBuilder } from "../support/model.ts";
import { randomWeights } from "../support/run.ts";

const { add, dot, identity, linear, relu, rename, split } = operators as Record<
  string,
  NonNullable<(typeof operators)[string]>
>;
const opOf = (value: Value | undefined) => (value?.kind === "node" ? value.op : undefined);

/** The map of a `linear`. */
interface MapOf {
  readonly from: readonly string[];
  readonly to: readonly { readonly axis: string }[];
}

/** linear(linear(x)) -> linear(x) with the product of the weights. */
function mergeLinear(value: Value, builder: GraphBuilder): Value | undefined {
  if (value.kind !== "node" || value.op !== linear) return undefined;
  const [inner] = value.inputs;
  if (inner?.kind !== "node" || inner.op !== linear) return undefined;
  const [outerMap, innerMap] = [value, inner].map(({ attributes }) => (attributes["maps"] as readonly MapOf[])[0]!);
  const middle = outerMap!.from[0]!;
  const node = (op: Node["op"], inputs: readonly Value[], attributes: Node["attributes"]) =>
    builder.node(op, inputs, attributes)!;
  const outer = node(rename!, [value.weights["weight"]!], {
    maps: [{ from: [`${middle}'`], to: [{ axis: middle, size: undefined }] }],
  });
  const through = (of: Value) => node(dot!, [outer, of], { contract: [middle], batch: [] });
  const weight = through(inner.weights["weight"]!);
  const bias = node(add!, [through(inner.weights["bias"]!), value.weights["bias"]!], {});
  const maps = [{ ...outerMap, from: innerMap!.from }];
  const attributes = { ...value.attributes, maps };
  return builder.node(linear, inner.inputs, attributes, undefined, { weight, bias });
}

const twoLayers = `fuse 1
model Two(x: [n, d: 5]) -> (y: [n, g: 4]) {
  h = linear(x, d -> e: 7)
  return relu(linear(h, e -> g: 4))
}`;

describe("no change", () => {
  const m = new ModelBuilder();
  const x = m.input("x", ["n", "d: 4"]);
  const layer = m.apply(linear!, [x], { keyed: { d: 6 } }, { path: "fc", name: "y" });
  const first = m.builder.pick(m.apply(split!, [layer], { axis: "d", parts: 2 }), 0);
  const graph = m.graph({ y: [first, ["n", "d"]], z: [layer, ["n", "d"]] });

  test("keeps every object", () => {
    const same = rewrite(graph, () => undefined);
    expect(same).toEqual(graph);
    same.results.forEach(({ value }, i) => expect(value).toBe(graph.results[i]!.value));
  });

  test("results from a rule that returns its argument", () => {
    const same = rewrite(graph, (value) => value);
    same.results.forEach(({ value }, i) => expect(value).toBe(graph.results[i]!.value));
  });
});

describe("two linear maps in a row", () => {
  beforeAll(() => useBackend("cpu"));
  const before = graphOf(twoLayers);
  const after = rewrite(before, mergeLinear);

  test("are one, with the weights that it needs and the origins of the outer", () => {
    const operatorsOf = (value: Value) => inOrder([value], (of) => (of.kind === "node" ? of.inputs : [])).map(opOf);
    expect(operatorsOf(after.results[0]!.value)).toEqual([undefined, linear, relu]);
    expect(after.weights).toEqual(before.weights);
    const [was, is] = [before, after].map(({ results }) => (results[0]!.value as Node).inputs[0]!);
    expect(after.origins.get(is!)).toEqual(before.origins.get(was!));
  });

  test("compute the same: interpreted, planned, and as a module", async () => {
    const runs = [{ x: [3, 5] }, { x: [1, 5] }];
    const stored = randomWeights(plan(before, esmProfile()), seeded(7));
    const [want, got] = [before, after].map((graph) => prepareCase("", graph, runs, 1, undefined, stored));
    got!.samples.forEach((sample, i) =>
      expect(difference(sample.want["y"]!, want!.samples[i]!.want["y"]!, 1e-12)).toBe(undefined),
    );
    expectPlan(got!, 1e-12);
    await expectModule(got!, "cpu");
  });
});

test("a replacement for two values has the origins of both", () => {
  const m = new ModelBuilder();
  const x = m.input("x", ["n"]);
  const a = m.apply(relu!, [x], {}, { name: "a" });
  const b = m.apply(identity!, [a], {}, { name: "b" });
  const graph = m.graph({ y: [b, ["n"]] });
  const { results, origins } = rewrite(graph, (value) =>
    value.kind === "node" && value.op === identity ? value.inputs[0] : undefined,
  );
  expect(results[0]!.value).toBe(a);
  expect(origins.get(a)!.map(({ name }) => name)).toEqual(["a", "b"]);
});

test("unused weights are removed", () => {
  const m = new ModelBuilder();
  const x = m.input("x", ["n", "d: 4"]);
  const [a, b] = ["a", "b"].map((path) => m.apply(linear!, [x], { keyed: { d: 4 } }, { path }));
  const graph = m.graph({ y: [m.apply(add!, [b!, a!]), ["n", "d"]] });
  const { weights } = rewrite(graph, (value) => (value === a ? x : undefined));
  expect(weights.map(({ path }) => path)).toEqual(["b.weight", "b.bias"]);
});

test("a rule that changes a type is a bug", () => {
  const m = new ModelBuilder();
  const x = m.input("x", ["n", "d: 4"]);
  const graph = m.graph({ y: [m.apply(linear!, [x], { keyed: { d: 6 } }, { path: "fc" }), ["n", "d"]] });
  expect(() => rewrite(graph, (value) => (opOf(value) === linear ? x : undefined))).toThrow(
    "a rule replaces [n, d: 6] by [n, d: 4]",
  );
});

test("a chain of 20 000 is rebuilt", () => {
  const m = new ModelBuilder();
  const x = m.input("x", ["n"]);
  const y = m.input("y", ["n"]);
  let value: Value = x;
  for (let i = 0; i < 20_000; i++) value = m.builder.node(add!, [value, y], {})!;
  const graph = m.graph({ y: [value, ["n"]] });
  const { results } = rewrite(graph, (value) => (value === x ? y : undefined));
  expect(inOrder([results[0]!.value])).toHaveLength(20_001);
});
