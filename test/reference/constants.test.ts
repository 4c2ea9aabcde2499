/** @file Constants that a single number fills: every dtype and every kind of size, on every engine. */
import { describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { plan } from "../../src/plan/plan.ts";
import { graphOf } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";
import { interpret } from "../support/interpret.ts";

const text = `fuse 1
block Wide(x: [n, d], k: int) -> [n, d, k: k] {
  const one: [n, d, k: k] = 1
  return one * x
}
model M(x: [n, d], hidden: int = 3, level: float = 0.25) ->
  (zero: [n, k: hidden], count: i32[k: hidden], yes: bool[d], half: [n, d], size: i32[d], two: [t: 2, u: 1], sum: [n, d, k: 2]) {
  const zero: [k: hidden] = 0
  const count: i32[k: hidden] = -7
  const yes: bool[d] = true
  const half: [n, d] = 2 * level
  const size: i32[d] = 2 * d + hidden
  const two: [t: 2, u: 1] = hidden - 1
  return expand(zero, n: n), count, yes, half, size, two, Wide(x, k: 2)
}
`;

const graph = graphOf(text, { hidden: "4", level: "0.5" });
const inputs = { x: { dtype: "f32", shape: [1, 3], data: Float32Array.of(5, 6, 7) } } as const;
const want = {
  zero: ["f32", 1, 4, 0, 0, 0, 0],
  count: ["i32", 4, -7, -7, -7, -7],
  yes: ["bool", 3, 1, 1, 1],
  half: ["f32", 1, 3, 1, 1, 1],
  size: ["i32", 3, 10, 10, 10],
  two: ["f32", 2, 1, 3, 3],
  sum: ["f32", 1, 3, 2, 5, 5, 6, 6, 7, 7],
};
const told = (results: ReturnType<typeof interpret>) =>
  Object.fromEntries(
    Object.entries(results).map(([name, { dtype, shape, data }]) => [name, [dtype, ...shape, ...data]]),
  );

describe("a constant is filled", () => {
  test("in the interpreter and in the plan", () => {
    expect(told(interpret(graph, inputs))).toEqual(want);
    const planned = evaluatePlan(plan(graph, esmProfile()), inputs, () => inputs.x);
    expect(told(planned)).toEqual(want);
  });

  test.each(testedEngines.filter(({ skipped }) => !skipped))("$name", async (engine) => {
    expect(told(await runOn(engine, graph, inputs))).toEqual(want);
  });
});
