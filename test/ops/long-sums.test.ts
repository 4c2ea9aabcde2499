/** @file Sums of many elements are as exact as `docs/numbers.md` says, on every engine. */
import { describe, expect, test } from "vitest";
import { block } from "../../src/ops/lowering/long-sums.ts";
import { seeded } from "../support/arrays.ts";
import { graphOf } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";
import { interpret } from "../support/interpret.ts";

const count = 70_001;

/** What two stages lose at most, as a part of the sum of absolute values. */
const inTwoStages = (block + count / block) * 2 ** -24;

/** ONNX Runtime sums the last axis in at least four partial sums. */
const inFour = (count / 4) * 2 ** -24;

/** Numbers of one sign, whose rounding adds up: 0.1, and random ones. */
const random = seeded(5);
const rows = [
  Array.from({ length: count }, () => Math.fround(0.1)),
  Array.from({ length: count }, () => Math.fround(random())),
];
const inputs = { x: { dtype: "f32" as const, shape: [2, count], data: Float64Array.from(rows.flat()) } };

const calls = [
  "sum(x, axis: t)",
  "mean(x, axis: t) * 70001",
  "max(cumsum(x, axis: t), axis: t)",
  "max(cumsum(x, axis: t, exclusive: true), axis: t)",
  "max(cumsum(x, axis: t, reverse: true), axis: t)",
  "max(cumsum(x, axis: t, exclusive: true, reverse: true), axis: t)",
];

const programs = (size: string) =>
  calls.map((code) => [code, size, `fuse 1\nmodel M(x: [n, ${size}]) -> (y: [n]) {\n  return ${code}\n}\n`] as const);

describe.each(testedEngines)("$name", (engine) => {
  // A graph model cannot decide at run time that a sum is long.
  const open = programs("t").filter(([code]) => engine.kind !== "graph-model" || code.includes("cumsum"));

  test.skipIf(engine.skipped).each([...programs("t: 70001"), ...open])("%s of %s", async (code, _, text) => {
    const most = engine.kind === "onnx" && !code.includes("cumsum") ? inFour : inTwoStages;
    const graph = graphOf(text);
    const [got, want] = [(await runOn(engine, graph, inputs))["y"]!, interpret(graph, inputs)["y"]!];
    // All elements are positive, so the sum is that of the absolute values.
    for (const [i, value] of want.data.entries())
      expect(Math.abs(got.data[i]! - value) / value).toBeLessThanOrEqual(most);
  });
});
