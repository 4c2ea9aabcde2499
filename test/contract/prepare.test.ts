/** @file The evaluator of weight preparations. */
import { describe, expect, test } from "vitest";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { product } from "../../src/contract/prepare-arrays.ts";
import { evaluate } from "../../src/contract/prepare-evaluate.ts";
import { parseSteps, printSteps, type PrepareOp, type PrepareStep } from "../../src/contract/prepare.ts";
import { InternalError } from "../../src/source/internal-error.ts";

const matrix: NdArray = { dtype: "f32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const m: PrepareStep = { op: "load", path: "m" };
const constant = (shape: number[], ...data: number[]): PrepareStep => ({ op: "constant", dtype: "f32", shape, data });

/** The last of the steps, which is wanted alone. */
const last = (steps: readonly PrepareStep[]) => {
  const [made] = evaluate(steps, new Set([steps.length - 1]), () => matrix);
  const { shape, data } = made![1];
  return [shape, [...data]];
};

/** One step of some operands. */
const run = (op: PrepareOp, ...operands: readonly PrepareStep[]) =>
  last([...operands, { ...op, of: [...operands.keys()] }]);

test.each<[string, PrepareOp, readonly PrepareStep[], number[], number[]]>([
  ["load", m, [], [2, 3], [1, 2, 3, 4, 5, 6]],
  ["constant", constant([2, 1], 7, 8), [], [2, 1], [7, 8]],
  ["iota", { op: "iota", size: 3 }, [], [3], [0, 1, 2]],
  ["transpose", { op: "transpose", permutation: [1, 0] }, [m], [3, 2], [1, 4, 2, 5, 3, 6]],
  ["reshape", { op: "reshape", shape: [3, 1, 2] }, [m], [3, 1, 2], [1, 2, 3, 4, 5, 6]],
  ["broadcast", { op: "broadcast", shape: [2, 2] }, [constant([2, 1], 7, 8)], [2, 2], [7, 7, 8, 8]],
  ["concat, axis 0", { op: "concat", axis: 0 }, [m, constant([1, 3], 7, 8, 9)], [3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ["concat, axis 1", { op: "concat", axis: 1 }, [m, constant([2, 1], 7, 8)], [2, 4], [1, 2, 3, 7, 4, 5, 6, 8]],
  ["slice", { op: "slice", begin: [0, 1], size: [2, 2] }, [m], [2, 2], [2, 3, 5, 6]],
  ["slice of nothing", { op: "slice", begin: [2, 0], size: [0, 3] }, [m], [0, 3], []],
  ["reverse", { op: "reverse", axes: [1] }, [m], [2, 3], [3, 2, 1, 6, 5, 4]],
  ["gather", { op: "gather", axis: 1 }, [m, constant([2], 2, 0)], [2, 2], [3, 1, 6, 4]],
  ["select", { op: "select" }, [constant([3], 1, 0, 1), m, constant([], 9)], [2, 3], [1, 9, 3, 4, 9, 6]],
  ["sum", { op: "reduce", function: "sum", axes: [0], keepdims: false }, [m], [3], [5, 7, 9]],
  ["mean", { op: "reduce", function: "mean", axes: [1], keepdims: true }, [m], [2, 1], [2, 5]],
  ["softmax", { op: "softmax" }, [constant([2, 2], 0, 0, 1000, 1000)], [2, 2], [0.5, 0.5, 0.5, 0.5]],
  ["matmul", { op: "matmul" }, [m, constant([3, 1], 1, 10, 100)], [2, 1], [321, 654]],
])("%s", (_, op, operands, shape, data) => {
  expect(run(op, ...operands)).toEqual([shape, data]);
});

test("a product of large matrices, in blocks, is that of plain loops", () => {
  const [rows, inner, columns] = [5, 131, 517];
  const random = (shape: number[], seed: number): NdArray => {
    const data = Float64Array.from({ length: shape[0]! * shape[1]! }, (_, i) => ((i * 7919 + seed) % 13) - 6);
    return { dtype: "f32", shape, data };
  };
  const [a, b] = [random([rows, inner], 1), random([inner, columns], 2)];
  const { shape, data } = product(a, b);
  expect(shape).toEqual([rows, columns]);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let l = 0; l < inner; l++) sum += a.data[i * inner + l]! * b.data[l * columns + j]!;
      // Whole numbers: exact in any order.
      expect(data[i * columns + j]).toBe(sum);
    }
});

test("products of batches, and with one matrix for all", () => {
  const batch = constant([2, 1, 2], 1, 2, 3, 4);
  expect(run({ op: "matmul" }, batch, constant([2, 2, 1], 1, 1, 10, 10))).toEqual([
    [2, 1, 1],
    [3, 70],
  ]);
  expect(run({ op: "matmul" }, batch, constant([2, 1], 1, 10))).toEqual([
    [2, 1, 1],
    [21, 43],
  ]);
});

test("what is used twice is computed once, and every wanted step is given in order", () => {
  let loads = 0;
  const steps: readonly PrepareStep[] = [
    m,
    { op: "unary", function: "neg", of: [0] },
    { op: "binary", function: "add", of: [1, 1] },
    { op: "binary", function: "mul", of: [2, 0] },
  ];
  const made = [...evaluate(steps, new Set([1, 3]), () => ((loads += 1), matrix))];
  expect(loads).toBe(1);
  expect(made.map(([step, { data }]) => [step, [...data]])).toEqual([
    [1, [-1, -2, -3, -4, -5, -6]],
    [3, [-2, -8, -18, -32, -50, -72]],
  ]);
});

test("60 doublings are 60 additions", () => {
  const steps: readonly PrepareStep[] = [
    constant([], 1),
    ...Array.from({ length: 60 }, (_, i): PrepareStep => ({ op: "binary", function: "add", of: [i, i] })),
  ];
  expect(last(steps)).toEqual([[], [2 ** 60]]);
});

test("as text, steps keep numbers that JSON has not", () => {
  const steps = [constant([5], Infinity, -Infinity, NaN, -0, 0.1), { op: "unary", function: "neg", of: [0] } as const];
  expect(parseSteps(printSteps(steps))).toEqual(steps);
});

test("binary functions broadcast as NumPy does, both ways at once", () => {
  const add: PrepareOp = { op: "binary", function: "add" };
  expect(run(add, constant([2, 1], 10, 20), constant([3], 1, 2, 3))).toEqual([
    [2, 3],
    [11, 12, 13, 21, 22, 23],
  ]);
});

test("a batch norm's scale is computed in float64", () => {
  const steps: readonly PrepareStep[] = [
    constant([1], 0.1),
    constant([], 1e-5),
    { op: "binary", function: "add", of: [0, 1] },
    { op: "unary", function: "rsqrt", of: [2] },
  ];
  expect(last(steps)).toEqual([[1], [1 / Math.sqrt(0.1 + 1e-5)]]);
});

describe("a mismatch is a bug", () => {
  test.each<[string, PrepareOp, readonly PrepareStep[]]>([
    ["reshape", { op: "reshape", shape: [4] }, [m]],
    ["constant", constant([3], 1), []],
    ["permutation", { op: "transpose", permutation: [0, 0] }, [m]],
    ["broadcast", { op: "binary", function: "add" }, [m, constant([2], 1, 2)]],
    ["concat", { op: "concat", axis: 0 }, [m, constant([2], 1, 2)]],
    ["concat of nothing", { op: "concat", axis: 0 }, []],
    ["slice", { op: "slice", begin: [1, 0], size: [2, 3] }, [m]],
    ["gather", { op: "gather", axis: 0 }, [m, constant([1], 2)]],
    ["matmul", { op: "matmul" }, [m, m]],
  ])("%s", (_, op, operands) => {
    expect(() => run(op, ...operands)).toThrow(InternalError);
  });

  test("a step that comes later", () => {
    expect(() =>
      last([{ op: "reshape", shape: [6], of: [1] }, m, { op: "binary", function: "add", of: [0, 1] }]),
    ).toThrow(InternalError);
  });
});
