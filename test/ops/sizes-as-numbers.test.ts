/** @file Sizes as numbers: every engine computes them exactly, or as exactly as f32 allows, beyond 2^31 too. */
import { describe, expect, test } from "vitest";
import { difference } from "../support/arrays.ts";
import { graphOf } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";

/** Sizes of `x: [n, h, w]`, and their values. */
const numbers: readonly (readonly [string, (h: bigint, w: bigint) => bigint])[] = [
  ["h * w", (h, w) => h * w],
  ["h * w * h * w", (h, w) => h * w * h * w],
  ["floor(h * h * w / 7)", (h, w) => (h * h * w) / 7n],
  ["ceil(h * h * w / 7)", (h, w) => (h * h * w + 6n) / 7n],
  ["h * h * h - w * w * w", (h, w) => h * h * h - w * w * w],
  ["h * 2147483647 * 4", (h) => h * 4n * 2_147_483_647n],
];

describe.each(testedEngines)("$name", (engine) => {
  test.skipIf(engine.skipped).each([
    [5, 3],
    [46341, 2],
    [100_003, 3],
  ])("at h = %d, w = %d", async (h, w) => {
    const names = numbers.map((_, i) => `y${i}`);
    const graph = graphOf(`fuse 1
model M(x: [n, h, w]) -> (${names.map((name) => `${name}: [n]`).join(", ")}) {
  a = sum(x, axis: [h, w])
  return ${numbers.map(([code]) => `a * (${code})`).join(", ")}
}
`);
    // The sum is 1.
    const data = new Float64Array(h * w);
    data[0] = 1;
    const got = await runOn(engine, graph, { x: { dtype: "f32", shape: [1, h, w], data } });
    for (const [i, [code, of]] of numbers.entries()) {
      const want = { dtype: "f32" as const, shape: [1], data: Float64Array.of(Number(of(BigInt(h), BigInt(w)))) };
      expect(difference(got[names[i]!]!, want, 2e-7), code).toBeUndefined();
    }
  });

  test.skipIf(engine.skipped)("as an i32", async () => {
    const graph = graphOf("fuse 1\nmodel M(x: i32[h, w]) -> (y: i32[h, w]) {\n  return x - h * h * w\n}\n");
    const x = { dtype: "i32" as const, shape: [2, 3], data: Int32Array.of(0, 1, 2, 3, 4, 5) };
    expect([...(await runOn(engine, graph, { x }))["y"]!.data]).toEqual([-12, -11, -10, -9, -8, -7]);
  });
});

/** Graph models have int32 only, as their guide says. */
test.each(testedEngines.filter(({ kind, skipped }) => kind !== "graph-model" && !skipped))(
  "$name: a shape computed from numbers beyond 2^31",
  async (engine) => {
    const size = "floor((h * h + w) / (h + w))";
    const graph = graphOf(`fuse 1
model M(x: [n, h, w]) -> (y: [n, h: ${size}]) {
  return expand(sum(x, axis: [h, w]), h: ${size})
}
`);
    const [h, w] = [100_003, 2];
    const x = { dtype: "f32" as const, shape: [1, h, w], data: new Float64Array(h * w) };
    const got = await runOn(engine, graph, { x });
    expect(got["y"]!.shape).toEqual([1, Math.floor((h * h + w) / (h + w))]);
  },
);
