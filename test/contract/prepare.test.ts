/** @file The evaluator of weight preparations. */
import { describe, expect, test } from "vitest";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { evaluate, type Prepare } from "../../src/contract/prepare.ts";
import { InternalError } from "../../src/source/internal-error.ts";

const matrix: NdArray = { dtype: "f32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const m: Prepare = { op: "load", path: "m" };
const constant = (shape: number[], ...data: number[]): Prepare => ({ op: "constant", shape, data });
const run = (prepare: Prepare) => {
  const { shape, data } = evaluate(prepare, () => matrix);
  return [shape, [...data]];
};

test.each<[string, Prepare, number[], number[]]>([
  ["load", m, [2, 3], [1, 2, 3, 4, 5, 6]],
  ["constant", constant([2, 1], 7, 8), [2, 1], [7, 8]],
  ["transpose", { op: "transpose", of: m, permutation: [1, 0] }, [3, 2], [1, 4, 2, 5, 3, 6]],
  ["reshape", { op: "reshape", of: m, shape: [3, 1, 2] }, [3, 1, 2], [1, 2, 3, 4, 5, 6]],
  [
    "concat, axis 0",
    { op: "concat", of: [m, constant([1, 3], 7, 8, 9)], axis: 0 },
    [3, 3],
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  ],
  ["concat, axis 1", { op: "concat", of: [m, constant([2, 1], 7, 8)], axis: 1 }, [2, 4], [1, 2, 3, 7, 4, 5, 6, 8]],
  ["slice", { op: "slice", of: m, begin: [0, 1], size: [2, 2] }, [2, 2], [2, 3, 5, 6]],
  ["slice of nothing", { op: "slice", of: m, begin: [2, 0], size: [0, 3] }, [0, 3], []],
])("%s", (_, prepare, shape, data) => {
  expect(run(prepare)).toEqual([shape, data]);
});

test.each([
  ["neg", [-4, -0.25]],
  ["sqrt", [2, 0.5]],
  ["rsqrt", [0.5, 2]],
  ["square", [16, 0.0625]],
  ["exp", [Math.exp(4), Math.exp(0.25)]],
  ["log", [Math.log(4), Math.log(0.25)]],
  ["abs", [4, 0.25]],
  ["reciprocal", [0.25, 4]],
] as const)("%s", (name, expected) => {
  expect(run({ op: "unary", function: name, of: constant([2], 4, 0.25) })).toEqual([[2], expected]);
});

test.each([
  ["add", 8],
  ["sub", 4],
  ["mul", 12],
  ["div", 3],
  ["maximum", 6],
  ["minimum", 2],
  ["pow", 36],
] as const)("%s", (name, expected) => {
  expect(run({ op: "binary", function: name, a: constant([], 6), b: constant([], 2) })).toEqual([[], [expected]]);
});

test("binary functions broadcast as NumPy does, both ways at once", () => {
  const sum: Prepare = { op: "binary", function: "add", a: constant([2, 1], 10, 20), b: constant([3], 1, 2, 3) };
  expect(run(sum)).toEqual([
    [2, 3],
    [11, 12, 13, 21, 22, 23],
  ]);
  expect(run({ op: "binary", function: "mul", a: sum, b: m })).toEqual([
    [2, 3],
    [11, 24, 39, 84, 110, 138],
  ]);
});

test("a batch norm's scale is computed in float64", () => {
  const variance = constant([1], 0.1);
  const sum: Prepare = { op: "binary", function: "add", a: variance, b: constant([], 1e-5) };
  expect(run({ op: "unary", function: "rsqrt", of: sum })).toEqual([[1], [1 / Math.sqrt(0.1 + 1e-5)]]);
});

describe("a mismatch is a bug", () => {
  test.each<[string, Prepare]>([
    ["reshape", { op: "reshape", of: m, shape: [4] }],
    ["constant", constant([3], 1)],
    ["permutation", { op: "transpose", of: m, permutation: [0, 0] }],
    ["broadcast", { op: "binary", function: "add", a: m, b: constant([2], 1, 2) }],
    ["concat", { op: "concat", of: [m, constant([2], 1, 2)], axis: 0 }],
    ["concat of nothing", { op: "concat", of: [], axis: 0 }],
    ["slice", { op: "slice", of: m, begin: [1, 0], size: [2, 3] }],
  ])("%s", (_, prepare) => {
    expect(() => run(prepare)).toThrow(InternalError);
  });
});
