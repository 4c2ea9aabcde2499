/** @file The reference interpreter evaluates values in the right order, each once, however deep the graph is. */
import { expect, test } from "vitest";
import { generate, named, type NamedArray } from "../../src/contract/ndarray.ts";
import type { Value } from "../../src/ir/graph.ts";
import type { Operator } from "../../src/ir/operator.ts";
import { tensorType } from "../../src/ir/type.ts";
import { operators } from "../../src/ops/table.ts";
import { evaluateGraph, type Environment } from "../../src/reference/interpreter.ts";
import { OperatorTest } from "../support/operators.ts";

const counting = (shape: readonly number[], axes: readonly string[]): NamedArray =>
  named(
    generate("f32", shape, (_, flat) => flat),
    axes,
  );

function environment(
  { builder }: OperatorTest,
  input: NamedArray,
  sizes: Readonly<Record<string, bigint>> = {},
): Environment {
  return { builder, input: () => input, weight: () => input, sizes: ({ name }) => sizes[name]! };
}

test("a chain of 10,000 operators does not overflow the stack", () => {
  const context = new OperatorTest();
  let value: Value = context.input("[n: 2]");
  for (let i = 0; i < 10_000; i++)
    value = context.builder.node(operators["add"]!, [value, context.builder.scalar(i % 2)], {})!;
  const [result] = evaluateGraph([value], environment(context, counting([2], ["n"])));
  expect([...result!.data]).toEqual([5000, 5001]);
});

test("a shared value is computed once", () => {
  const context = new OperatorTest();
  let calls = 0;
  const counted: Operator = {
    ...operators["relu"]!,
    reference: (c) => {
      calls++;
      return c.inputs[0]!;
    },
  };
  let value: Value = context.builder.node(counted, [context.input("[n: 2]")], {})!;
  for (let i = 0; i < 30; i++) value = context.builder.node(operators["add"]!, [value, value], {})!;
  const [result] = evaluateGraph([value], environment(context, counting([2], ["n"])));
  expect([...result!.data]).toEqual([0, 2 ** 30]);
  expect(calls).toBe(1);
});

test("a result may be used by another and appear twice", () => {
  const context = new OperatorTest();
  const x = context.input("[n: 2]");
  const twice = context.builder.node(operators["add"]!, [x, x], {})!;
  const results = evaluateGraph([x, twice, twice], environment(context, counting([2], ["n"])));
  expect(results.map(({ data }) => [...data])).toEqual([
    [0, 1],
    [0, 2],
    [0, 2],
  ]);
});

test("run-time sizes, several results, literals and composites", () => {
  const context = new OperatorTest();
  const { builder, sizes } = context;
  const x = context.input("[n, c: 2*k]");
  const parts = context.apply(operators["split"]!, [x], { axis: "c", parts: 2 })!;
  const literal = builder.constant(
    tensorType("f32", [["n", context.size("n")]]),
    named({ dtype: "f32", shape: [2], data: Float64Array.of(10, 20) }, ["n"]),
  );
  const scaled = builder.node(operators["mul"]!, [builder.pick(parts, 1), builder.scalar(context.size("k"))], {})!;
  const sum = builder.node(operators["add"]!, [scaled, literal], {})!;
  const same = context.apply(operators["dropout"]!, [context.input("[n]")])!;
  const [result, dropped] = evaluateGraph([sum, same], {
    ...environment(context, counting([2, 6], ["n", "c"]), { n: 2n, k: 3n }),
  });
  expect(sizes.print(sum.type.axes.get("c")!)).toBe("k");
  expect(result).toMatchObject({ axes: ["n", "c"], shape: [2, 3] });
  expect([...result!.data]).toEqual([19, 22, 25, 47, 50, 53]);
  expect(dropped!.data.length).toBe(12);
});
