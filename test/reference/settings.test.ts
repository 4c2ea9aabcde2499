/** @file Settings that change numbers and sizes: the built model has the sizes that Python computes. */
import { describe, expect, test } from "vitest";
import { graphOf } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";
import { interpret } from "../support/interpret.ts";

describe("a negative int", () => {
  const text = `fuse 1
block Shift(x: [n, c], by: int) -> [n, c: c + 2 * by] where by >= -2, c + 2 * by >= 1 {
  return if by < 0 { x |> slice(c: [-by, c + by]) } else { x |> pad(c: by, value: by) }
}
model M(x: [n, c: 6], offset: int = -1) -> (y: [n, c: 6 + 2 * offset], z: [n, c: 6]) where offset > -3 {
  return Shift(x, by: offset), x * offset + floor(offset / 2) - offset % 3
}
`;
  const inputs = { x: { dtype: "f32", shape: [1, 6], data: Float32Array.of(0, 1, 2, 3, 4, 5) } } as const;
  const told = (results: ReturnType<typeof interpret>) =>
    Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, [...data]]));
  // In Python: [x * o + o // 2 - o % 3 for x in range(6)]
  test.each([
    ["-1", { y: [1, 2, 3, 4], z: [-3, -4, -5, -6, -7, -8] }],
    ["-2", { y: [2, 3], z: [-2, -4, -6, -8, -10, -12] }],
    ["1", { y: [1, 0, 1, 2, 3, 4, 5, 1], z: [-1, 0, 1, 2, 3, 4] }],
  ])("%s", async (offset, want) => {
    const graph = graphOf(text, { offset });
    expect(told(interpret(graph, inputs))).toEqual(want);
    for (const engine of testedEngines.filter(({ skipped }) => !skipped))
      expect(told(await runOn(engine, graph, inputs)), engine.name).toEqual(want);
  });

  test.each([
    ["-3", "bad-setting"],
    ["1.5", "bad-setting"],
    ["--1", "bad-setting"],
  ])("%s is refused", (offset, code) => {
    expect(() => graphOf(text, { offset })).toThrow(new RegExp(code));
  });
});
