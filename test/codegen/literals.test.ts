/** @file Numbers of a program reach every engine as float32: none loses digits, and none becomes another number. */
import { describe, expect, test } from "vitest";
import { graphOf } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";

const literals = [
  "0.1",
  "1e-6",
  "3.4028234e38",
  "1.17549435e-38",
  "16777217",
  "0.333333333333",
  "123456.789",
  "1e-10",
  "inf",
];

/** A number as an operand, and as an attribute. */
const calls = literals.flatMap((literal) => [
  [`maximum(x, ${literal})`, Number(literal.replace("inf", "Infinity"))] as const,
  [`clamp(x, min: ${literal})`, Number(literal.replace("inf", "Infinity"))] as const,
]);

describe.each(testedEngines)("$name", (engine) => {
  test.skipIf(engine.skipped)("numbers round-trip", async () => {
    const names = calls.map((_, i) => `y${i}`);
    const graph = graphOf(`fuse 1
model M(x: [n]) -> (${names.map((name) => `${name}: [n]`).join(", ")}, s: [n]) {
  return ${calls.map(([code]) => code).join(", ")}, leaky_relu(x - 1, negative_slope: 0.3)
}
`);
    const got = await runOn(engine, graph, { x: { dtype: "f32", shape: [1], data: Float64Array.of(0) } });
    expect(names.map((name) => got[name]!.data[0])).toEqual(calls.map(([, value]) => Math.fround(value)));
    expect(got["s"]!.data[0]).toBe(Math.fround(-0.3));
  });
});
