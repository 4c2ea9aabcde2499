/** @file What makes less than it takes goes into a concat, even after operators that gain nothing there by themselves. */
import { expect, test } from "vitest";
import { targets } from "../../src/codegen/targets.ts";
import { buildGraphs } from "../../src/graphs.ts";
import { generate } from "../../src/contract/ndarray.ts";
import { optimize } from "../../src/optimize/optimize.ts";
import { programOf } from "../support/check.ts";
import { interpret } from "../support/interpret.ts";

test("generalised means of a concat are a concat of generalised means", () => {
  const text = `fuse 1
import { GeM } from "fuse/pooling"

model M(a: [n, c: 64, h, w], b: [n, c: 64, h, w]) -> (y: [n, c: 128]) {
  return concat(a, b, axis: c) |> GeM @gem
}
`;
  const [graph] = buildGraphs(programOf(text)).value!;
  const { graph: better, changes } = optimize(graph!, targets["saved-model"].profile);
  const rules = changes.flatMap(({ replaced }) => replaced.flatMap(({ moves }) => moves.map(({ rule }) => rule)));
  expect(rules).toContain("into concat");
  const value = better.results[0]!.value;
  const names = value.kind === "node" ? value.inputs.map((input) => input.kind === "node" && input.op.name) : [];
  expect(names).toContain("concat");
  const map = (step: number) => generate("f32", [2, 64, 4, 4], ([n, c, h, w]) => ((n! + step * c! + h! * w!) % 5) / 4);
  const inputs = { a: map(1), b: map(3) };
  const weights = { "gem.p": generate("f32", [], () => 2) };
  expect(interpret(better, inputs, weights)).toEqual(interpret(graph!, inputs, weights));
});
