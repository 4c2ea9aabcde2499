/** @file An operator that does not keep the constant of a product still comes before it: what it makes of the constant is added after. */
import { expect, test } from "vitest";
import { targets, targetNames, type TargetName } from "../../src/codegen/targets.ts";
import { generate, type NdArray } from "../../src/contract/ndarray.ts";
import { buildGraphs } from "../../src/graphs.ts";
import { optimize } from "../../src/optimize/optimize.ts";
import { programOf } from "../support/check.ts";
import { interpretation } from "../support/interpret.ts";

/** Small integers, of which sums and products are exact. */
const integers = (shape: readonly number[], first: number): NdArray =>
  generate("f32", shape, (index) => ((index.reduce((sum, i, k) => sum + i * (2 * k + 3), first) * 5) % 7) - 3);

/** The model with this result, before and after, and its inputs: `x` is a map of 64 channels, `g` and `s` are gates. */
function optimized(body: string, result: string, target: TargetName) {
  const types = "x: [n, h: 32, w: 32, c: 64], g: [n, h: 32, w: 32], s: [n, h: 32, w: 32, k: 4]";
  const text = `fuse 1\nmodel M(${types}) -> (y: [${result}]) {\n  return ${body}\n}\n`;
  const [graph] = buildGraphs(programOf(text)).value!;
  const { graph: better, changes } = optimize(graph!, targets[target].profile);
  const weights = Object.fromEntries(
    graph!.weights.map(({ path, type }, i) => {
      const shape = [...type.axes.values()].map((size) => Number(graph!.builder.sizes.constant(size)));
      return [path, integers(shape, i)] as const;
    }),
  );
  const inputs = { x: integers([2, 32, 32, 64], 1), g: integers([2, 32, 32], 2), s: integers([2, 32, 32, 4], 3) };
  return { graph: graph!, better, changes, inputs, weights };
}

const cases = [
  ["conv(x, c: 32) @conv |> dot(g, contract: [h, w], batch: n)", "n, c: 32"],
  ["conv(x, c: 32) @conv |> dot(s, contract: [h, w], batch: n)", "n, c: 32, k: 4"],
  ["dot(s, conv(x, c: 32) @conv, contract: [h, w], batch: n)", "n, k: 4, c: 32"],
  ["conv(x, c: 32) @conv |> sum(axis: [h, w])", "n, c: 32"],
  ["conv(x, c: 32) @conv |> sum(axis: w, keepdims: true)", "n, h: 32, w: 1, c: 32"],
  ["mean(conv(x, c: 32) @conv * g, axis: [h, w])", "n, c: 32"],
  ["sum(conv(x, c: 32) @conv * g, axis: [h, w])", "n, c: 32"],
  ["mean(conv(x, c: 32, bias: false) @conv * g, axis: [h, w])", "n, c: 32"],
  ["conv(x, c: 32) @conv |> linear([h, w] -> d: 2) @fc", "n, c: 32, d: 2"],
] as const;

test.each(cases.flatMap(([body, result]) => targetNames.map((target) => [target, body, result] as const)))(
  "for %s: %s",
  (target, body, result) => {
    const { graph, better, changes, inputs, weights } = optimized(body, result, target);
    expect(changes.length).toBeGreaterThan(0);
    const [before, after] = [graph, better].map((one) => interpretation(one, inputs, weights));
    expect(after!.results).toEqual(before!.results);
    expect(after!.macs).toBeLessThan(0.3 * before!.macs);
  },
);

test("a gate that makes nothing smaller stays after the product", () => {
  for (const target of targetNames)
    expect(optimized("conv(x, c: 32) @conv * g", "n, h: 32, w: 32, c: 32", target).changes).toEqual([]);
});
