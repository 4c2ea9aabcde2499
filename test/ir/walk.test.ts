/** @file Graph walks: the values they reach, the order, and that long chains are no problem. */
import { describe, expect, test } from "vitest";
import type { Value } from "../../src/ir/graph.ts";
import { inOrder, operandsOf, reachable } from "../../src/ir/walk.ts";
import { operators } from "../../src/ops/table.ts";
import { ModelBuilder } from "../support/model.ts";

const { add, linear, mul, relu, split } = operators as Record<string, NonNullable<(typeof operators)[string]>>;

describe("a layer, its parts and a pick", () => {
  const m = new ModelBuilder();
  const x = m.input("x", ["n", "d: 4"]);
  const layer = m.apply(linear!, [x], { keyed: { d: 6 } }, { path: "fc" });
  const [weight, bias] = Object.values(layer.weights);
  const parts = m.apply(split!, [layer], { axis: "d", parts: 2 });
  const first = m.builder.pick(parts, 0);

  test("have operands: inputs, then weights", () => {
    expect(operandsOf(layer)).toEqual([x, weight, bias]);
    expect(operandsOf(first)).toEqual([parts]);
    expect(operandsOf(x)).toEqual([]);
  });

  test("are reached, up to a stop", () => {
    expect(reachable([first])).toEqual(new Set([first, parts, layer, x, weight, bias]));
    expect(reachable([first], operandsOf, new Set([layer]))).toEqual(new Set([first, parts]));
  });

  test("come after their operands", () => {
    expect(inOrder([first])).toEqual([x, weight, bias, layer, parts, first]);
  });

  test("are followed as configured", () => {
    const inputs = (value: Value) => (value.kind === "node" ? value.inputs : operandsOf(value));
    expect(inOrder([layer], inputs)).toEqual([x, layer]);
  });
});

test("a value used twice comes once, before both uses", () => {
  const m = new ModelBuilder();
  const x = m.input("x", ["n"]);
  const shared = m.apply(relu!, [x]);
  const product = m.apply(mul!, [x, shared]);
  const sum = m.apply(add!, [product, shared]);
  expect(inOrder([sum, shared])).toEqual([x, shared, product, sum]);
});

test("a chain of 100 000 is walked", () => {
  const m = new ModelBuilder();
  const x = m.input("x", ["n"]);
  let value: Value = x;
  for (let i = 0; i < 100_000; i++)
    value = m.builder.node(i % 2 === 0 ? relu! : add!, i % 2 === 0 ? [value] : [value, x], {})!;
  expect(reachable([value]).size).toBe(100_001);
  expect(inOrder([value]).at(-1)).toBe(value);
});
