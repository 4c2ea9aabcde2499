/** @file Weights that do not fit the model are refused by every target whose files hold them. */
import { expect, test } from "vitest";
import { targets, type TargetName } from "../../src/codegen/targets.ts";
import { build, buildPlans } from "../../src/compile.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { programOf } from "../support/check.ts";

const text = "fuse 1\nmodel M(x: [n, c: 3]) -> (y: [n, k: 5]) {\n  return linear(x, c -> k: 5, bias: false) @fc\n}\n";
const array = (shape: readonly number[], count = shape.reduce((a, b) => a * b, 1)): NdArray => ({
  dtype: "f32",
  shape,
  data: new Float32Array(count),
});

const holders = (Object.keys(targets) as TargetName[]).filter((name) => targets[name].holdsWeights);

test.each(
  holders.flatMap((name) => [
    { name, given: array([5, 3]), problem: undefined },
    { name, given: array([3, 5]), problem: 'the weight "fc.weight" of M must have the shape [5, 3], not [3, 5]' },
    { name, given: array([5, 3], 7), problem: 'the weight "fc.weight" of M must have 15 numbers, not 7' },
    { name, given: undefined, problem: 'the weight "fc.weight" of M is missing' },
  ]),
)("$name: $problem", ({ name, given, problem }) => {
  const program = programOf(text);
  const plans = buildPlans(program, { target: name }).value!;
  // A caller without types may return nothing.
  const { value, diagnostics } = build(program, name, plans, { weights: () => given! });
  expect(diagnostics.map(({ message }) => message)).toEqual(problem === undefined ? [] : [problem]);
  expect(value === undefined).toBe(problem !== undefined);
});
