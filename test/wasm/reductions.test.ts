/** @file Reductions, softmax, scans and rows by index in WebAssembly: special values, long sums, wrong indices, and shapes of all kinds. */
import { describe, expect, test } from "vitest";
import type { SizedInput, SizedStep } from "../../src/codegen/wasm/sized-plan.ts";
import type { DType, NdArray } from "../../src/contract/ndarray.ts";
import { binary } from "../../src/primitives/binary.ts";
import { reduceFunction, reduceFunctions, type ReduceName } from "../../src/primitives/functions/reduce.ts";
import { gather } from "../../src/primitives/gather.ts";
import { dims, type Primitive } from "../../src/primitives/primitive.ts";
import { argReduce, reduce } from "../../src/primitives/reduce.ts";
import { scan } from "../../src/primitives/scan.ts";
import { scatterAdd } from "../../src/primitives/scatter.ts";
import { softmax } from "../../src/primitives/softmax.ts";
import { topPlaces } from "../../src/primitives/top.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { planOf, referenceOf, runStep, size } from "../support/wasm-step.ts";
import { runWasm } from "../support/wasm.ts";

const array = (dtype: DType, shape: readonly number[], data: readonly number[]): NdArray => ({
  dtype,
  shape,
  data: Float64Array.from(data),
});
const row = (...numbers: readonly number[]): NdArray => array("f32", [numbers.length], numbers);
const filledRow = (length: number, value: number): NdArray => row(...new Array<number>(length).fill(value));
const over = (name: ReduceName, x: NdArray, axes: readonly number[] = [0]): readonly number[] => [
  ...runStep(reduce, { function: name, axes, keepdims: false }, [x]).data,
];

/** Asserts that a primitive does what its reference does. */
function expectReference<A>(
  primitive: Primitive<A>,
  attributes: A,
  inputs: readonly NdArray[],
  tolerance = 1e-6,
): void {
  const got = runStep(primitive, attributes, inputs);
  expect(difference(got, referenceOf(primitive, attributes, inputs), tolerance)).toBe(undefined);
}

describe("reduce", () => {
  const shapes: readonly (readonly [shape: string, axes: readonly number[]])[] = [
    ["3x5x40", [0, 1]],
    ["2x70x13", [1]],
    ["3x2x5x6", [0]],
    ["2x3x5x7", [0, 2]],
    ["9x131", [1]],
    ["2x9x3x35", [1, 3]],
    ["5x3", [1]],
    ["3x1x5", [1]],
    ["70x3x2", [0, 2]],
    ["2x66000", [1]],
    ["70000x1", [0]],
    ["24x3000", [0]],
    ["2x16x30x70", [1, 3]],
    ["7", []],
    ["", []],
  ];
  test.each(Object.keys(reduceFunctions) as ReduceName[])(
    "%s of all kinds of axes is that of the reference",
    (name) => {
      const random = seeded(1);
      const { dtypes } = reduceFunction(name);
      // A sum of elements of both signs may be much smaller than they are.
      const tolerance = name === "prod" ? 1e-3 : 1e-5;
      for (const dtype of dtypes)
        shapes.forEach(([shape, axes], i) => {
          const source = name === "prod" ? { values: [1, -1, 1.0001] } : {};
          const x = randomArray(random, dtype, dims(shape), source);
          expectReference(reduce, { function: name, axes, keepdims: i % 2 === 0 }, [x], tolerance);
        });
    },
  );

  test("sums of millions of elements keep their digits, in rows and down columns", () => {
    const length = 3_000_001;
    const data = new Float64Array(length).fill(Math.fround(0.1));
    const want = length * Math.fround(0.1);
    const close = (got: readonly number[], want: number): void =>
      got.forEach((x) => expect(Math.abs(x / want - 1)).toBeLessThan(1e-6));
    close(over("sum", { dtype: "f32", shape: [length], data }), want);
    close(over("mean", { dtype: "f32", shape: [length], data }), Math.fround(0.1));
    close(over("sum", { dtype: "f32", shape: [300_000, 10], data: data.subarray(1) }), want / 10);
  });

  test("NaN stays in sums, maxima and minima, wherever it is", () => {
    for (const name of ["sum", "mean", "max", "min", "prod"] as const)
      for (const length of [1, 3, 6, 37])
        for (let at = 0; at < length; at++) {
          const x = row(...Array.from({ length }, (_, i) => (i === at ? NaN : i)));
          expect(over(name, x)).toEqual([NaN]);
          expect(over(name, { ...x, shape: [length, 1] }, [0])).toEqual([NaN]);
        }
  });

  test("infinities and the smallest integers are results", () => {
    expect(over("max", filledRow(5, -Infinity))).toEqual([-Infinity]);
    expect(over("min", filledRow(7, Infinity))).toEqual([Infinity]);
    expect(over("sum", row(Infinity, 1, -Infinity))).toEqual([NaN]);
    expect(over("max", array("i32", [3], new Array<number>(3).fill(-(2 ** 31))))).toEqual([-(2 ** 31)]);
  });

  test("functions that follow get the channels of their elements", () => {
    const random = seeded(2);
    for (const [shape, axes] of [
      ["3x6x7x5", [1]],
      ["3x6x7x8", [1]],
      ["2x5x9", [2]],
      ["6x7x12", [0]],
      ["5x8x9", [2]],
      ["2x3x70x5", [0, 2]],
    ] as const) {
      const x = randomArray(random, "f32", dims(shape));
      const attributes = { function: "mean", axes, keepdims: false } as const;
      const mean = referenceOf(reduce, attributes, [x]);
      const bias = randomArray(random, "f32", [mean.shape.at(-1)!]);
      const plan = planOf(reduce, attributes, [x]);
      const operand: SizedInput = { kind: "input", shape: bias.shape, dtype: "f32" };
      const sum: SizedStep = {
        ...plan.steps[0]!,
        primitive: binary,
        attributes: { function: "add" },
        inputs: [plan.steps[0]!, operand],
      };
      const inputs = [...plan.inputs, operand];
      const got = runWasm(
        { ...plan, inputs, steps: [...plan.steps, sum], results: [sum] },
        { relaxed: false },
        [x, bias],
        [],
      );
      expect(difference(got[0]!, referenceOf(binary, { function: "add" }, [mean, bias]), 1e-6)).toBe(undefined);
    }
  });
});

describe("arg_reduce", () => {
  const place = (name: "argmax" | "argmin", x: NdArray): number =>
    runStep(argReduce, { function: name, axis: 0 }, [x]).data[0]!;

  test.each(["argmax", "argmin"] as const)("%s is the first of equal elements, and the first NaN", (name) => {
    const random = seeded(3);
    for (const length of [1, 2, 3, 4, 5, 8, 15, 33, 130]) {
      for (const values of [[1], [1, 2], [NaN, 1, 2, 3, 4, 5, 6, 7], [-Infinity, Infinity, 0]]) {
        expectReference(argReduce, { function: name, axis: 0 }, [randomArray(random, "f32", [length], { values })]);
        expectReference(argReduce, { function: name, axis: 1 }, [
          randomArray(random, "f32", [2, length, 7], { values }),
        ]);
      }
      for (let at = 0; at < length; at++) {
        const numbers = Array.from({ length }, (_, i) => (i >= at ? NaN : Infinity));
        expect(place(name, row(...numbers))).toBe(at);
      }
    }
  });
});

describe("softmax", () => {
  test("rows of all lengths, and all axes", () => {
    const random = seeded(4);
    for (const [shape, axis] of [
      ["5x1", 1],
      ["3x2", 1],
      ["3x3", 1],
      ["4x17", 1],
      ["2x300", 1],
      ["2x1003", 1],
      ["2x100x3", 1],
      ["2x7x18", 1],
      ["100x21", 0],
    ] as const) {
      const x = randomArray(random, "f32", dims(shape), { range: [-9, 9] });
      expectReference(softmax, { axis }, [x]);
    }
  });

  test("rows with infinities and NaN", () => {
    for (const numbers of [
      [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
      [-Infinity, 3, -Infinity, 3, 3],
      [Infinity, 1, -Infinity, 2, 3],
      [1, NaN, 3, 4, 5],
      [1e38, -1e38, 1e38, 0, 1],
      [-200, 0, -300, -1000, -104],
    ]) {
      expectReference(softmax, {}, [row(...numbers)]);
      expectReference(softmax, { axis: 0 }, [array("f32", [5, 1], numbers)]);
      expectReference(softmax, {}, [row(...numbers, ...numbers.slice(0, 3))]);
    }
  });

  test("a million equal elements sum to 1", () => {
    const length = 1_000_003;
    const result = runStep(softmax, {}, [{ dtype: "f32", shape: [length], data: new Float64Array(length).fill(5) }]);
    expect(result.data.every((x) => Math.abs(x * length - 1) < 2e-7)).toBe(true);
  });
});

test("running sums of many elements keep their digits", () => {
  const length = 200_000;
  const x: NdArray = { dtype: "f32", shape: [length], data: new Float64Array(length).fill(Math.fround(0.1)) };
  for (const shape of [[length], [length / 5, 5]])
    expectReference(scan, { function: "sum", axis: 0, reverse: false, exclusive: false }, [{ ...x, shape }], 1e-7);
});

describe("wrong indices", () => {
  const indices = array("i32", [6], [-1, 3, 2, 2 ** 31 - 1, -(2 ** 31), 1]);

  test("gather reads nothing outside the operand", () => {
    const x = array("f32", [3, 2], [1, 2, 3, 4, 5, 6]);
    expect([...runStep(gather, { axis: 0 }, [x, indices]).data]).toEqual([1, 2, 1, 2, 5, 6, 1, 2, 1, 2, 3, 4]);
    const y = array("f32", [2, 3], [1, 2, 3, 4, 5, 6]);
    expect([...runStep(gather, { axis: 1 }, [y, indices]).data]).toEqual([1, 1, 3, 1, 1, 2, 4, 4, 6, 4, 4, 5]);
  });

  test("scatter_add adds nothing outside the result", () => {
    const rows = array("f32", [6, 1], [10, 20, 30, 40, 50, 60]);
    expect([...runStep(scatterAdd, { size: size(3) }, [indices, rows]).data]).toEqual([0, 60, 30]);
  });
});

test("scatter_add keeps the digits of long sums", () => {
  const length = 100_000;
  const rows: NdArray = { dtype: "f32", shape: [length, 1], data: new Float64Array(length).fill(Math.fround(0.1)) };
  const indices: NdArray = { dtype: "i32", shape: [length], data: Float64Array.from({ length }, (_, i) => i % 2) };
  expectReference(scatterAdd, { size: size(2) }, [indices, rows], 1e-7);
});

describe("top_places", () => {
  test.each([1, 5, 16, 17, 37])("%s places: the first of equal elements first, and extremes", (count) => {
    const random = seeded(5);
    for (const length of [37, 40, 100, 1025])
      for (const values of [undefined, [1], [0, -0, 1, -1], [-1e-45, 0, 1e-45, 3e38, -3e38]]) {
        const x = randomArray(random, "f32", [3, length], values && { values });
        expectReference(topPlaces, { count: size(count) }, [x]);
        const integers = randomArray(random, "i32", [2, length], { values: [-(2 ** 31), 2 ** 31 - 1, 0, 5] });
        expectReference(topPlaces, { count: size(count) }, [integers]);
      }
  });

  test.each([3, 20])("%s places of rows with NaN are places", (count) => {
    const x = row(...Array.from({ length: 50 }, (_, i) => (i % 3 === 0 ? NaN : i)));
    const { data } = runStep(topPlaces, { count: size(count) }, [x]);
    expect(new Set(data).size).toBe(count);
    expect(data.every((at) => at >= 0 && at < 50)).toBe(true);
  });
});
