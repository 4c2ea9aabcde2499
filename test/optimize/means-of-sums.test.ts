/** @file A mean of a sum is a sum of means where that is cheaper: then the sum of whole maps is never written. */
import { expect, test } from "vitest";
import { targets, targetNames } from "../../src/codegen/targets.ts";
import { buildGraphs } from "../../src/graphs.ts";
import { generate } from "../../src/contract/ndarray.ts";
import { axisNames } from "../../src/ir/type.ts";
import { reachable } from "../../src/ir/walk.ts";
import { optimize } from "../../src/optimize/optimize.ts";
import { programOf } from "../support/check.ts";
import { interpret } from "../support/interpret.ts";

/** The model of two maps with this result, and what the optimizer makes of it. */
function optimized(body: string, type: string, profile = targets.esm.profile) {
  const text = `fuse 1\nmodel M(a: [n, c: 64, h, w], b: [n, c: 64, h, w]) -> (y: [${type}]) {\n  return ${body}\n}\n`;
  const [graph] = buildGraphs(programOf(text)).value!;
  const { graph: better, changes } = optimize(graph!, profile);
  const nodes = [...reachable(better.results.map(({ value }) => value))].filter((value) => value.kind === "node");
  const printed = nodes.map(({ op, type }) => `${op.name} ${axisNames(type).join("")}`).toSorted();
  return { graph: graph!, better, changes, printed };
}

const integers = (first: number) =>
  generate("f32", [2, 64, 8, 8], (index) => ((index.join("").length + index[3]! * first) % 7) - 3);

test.each(targetNames)("the sum of two maps is not written only to be averaged, for %s", (target) => {
  const { graph, better, printed } = optimized(
    "mean(relu(a) + relu(b), axis: [h, w])",
    "n, c: 64",
    targets[target].profile,
  );
  expect(printed).toEqual(["add nc", "mean nc", "mean nc", "relu nchw", "relu nchw"]);
  const inputs = { a: integers(1), b: integers(5) };
  expect(interpret(better, inputs)).toEqual(interpret(graph, inputs));
});

test("a sum that is needed anyway is averaged once", () => {
  const { changes } = optimized("relu(a + b) * mean(a + b, axis: [h, w])", "n, c: 64, h, w");
  expect(changes).toEqual([]);
});

test("two means written by the author stay two, and equal maps that make more than they take become one", () => {
  expect(optimized("mean(a, axis: [h, w]) + mean(b, axis: [h, w])", "n, c: 64").changes).toEqual([]);
  const { printed } = optimized("upsample(a, scale: 2) + upsample(b, scale: 2)", "n, c: 64, h: 2 * h, w: 2 * w");
  expect(printed).toEqual(["add nchw", "upsample nchw"]);
});
