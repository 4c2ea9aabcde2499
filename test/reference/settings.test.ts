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

describe("a float scales sizes as Python's float64 does", () => {
  const text = `fuse 1
block Head(x: [n, c], ratio: float) -> [n, c: ceil(c * ratio)] {
  return x |> linear(c: ceil(c * ratio)) @fc
}
model M(x: [n, c: 10], width: float = 0.75, depth: float = 0.33) -> (y: [n, c: ceil(floor(32 * width) * 0.25)]) {
  wide = floor(32 * width)
  return x |> linear(c: wide) @stem |> repeat(round(9 * depth)) linear(c: wide) @blocks |> Head(ratio: 0.25) @head
}
`;
  // In Python: math.floor(32 * w), math.ceil(math.floor(32 * w) * 0.25), round(9 * d)
  test.each([
    ["0.75", "0.33", 24, 6, 3],
    ["0.35", "0.5", 11, 3, 4],
    ["1.1", "1.0", 35, 9, 9],
    ["0.1", "0.05", 3, 1, 0],
    ["0.28125", "0.17", 9, 3, 2],
    ["1", "0.28", 32, 8, 3],
  ])("width %s, depth %s", (width, depth, wide, head, blocks) => {
    const graph = graphOf(text, { width, depth });
    const weights = Object.fromEntries(
      graph.weights.map(({ path, type }) => [path, [...type.axes.values()].map((size) => size.terms[0]?.coefficient)]),
    );
    expect(weights["stem.weight"]).toEqual([BigInt(wide), 10n]);
    expect(weights["head.fc.weight"]).toEqual([BigInt(head), BigInt(wide)]);
    expect(Object.keys(weights).filter((path) => /^blocks.\d+.weight$/.test(path))).toHaveLength(blocks);
  });

  test("decimals that are not binary are not corrected", () => {
    // 100 * 1.1 is 110.00000000000001 and 0.29 * 100 is 28.999999999999996, as in Python.
    const graph = graphOf(`fuse 1
model M(x: [n, c: 4], a: float = 1.1, b: float = 0.29) -> (y: [n, c: ceil(100 * a)], z: [n, c: floor(b * 100)]) {
  return linear(x, c: ceil(100 * a)) @y, linear(x, c: floor(b * 100)) @z
}
`);
    const sizes = graph.results.map(({ value }) => graph.builder.sizes.print(value.type.axes.get("c")!));
    expect(sizes).toEqual(["111", "28"]);
  });
});

describe("min, max and pow of settings", () => {
  const text = `fuse 1
block Squeeze(x: [n, c], by: int = 4) -> [n, c: max(1, min(floor(c / by), 8))] {
  return x |> linear(c: max(1, min(floor(c / by), 8))) @fc
}
model M(x: [n, c: 2], width: int, levels: int = 2) -> (y: [n, c: max(1, min(floor(width / 4), 8))], z: [n, c: pow(2, levels)]) {
  return x |> linear(c: width) @stem |> Squeeze @squeeze, linear(x, c: pow(2, levels)) @z
}
`;
  test.each([
    ["3", "2", "1", "4"],
    ["20", "3", "5", "8"],
    ["100", "5", "8", "32"],
  ])("width %s, levels %s", (width, levels, ...want) => {
    const graph = graphOf(text, { width, levels });
    expect(graph.results.map(({ value }) => graph.builder.sizes.print(value.type.axes.get("c")!))).toEqual(want);
  });
});
