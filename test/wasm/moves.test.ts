/** @file Copies in WebAssembly: transposes in blocks of all sizes, margins, repetitions. */
import { expect, test } from "vitest";
import { broadcast, concat, pad, transpose } from "../../src/primitives/layout.ts";
import { dims, type Primitive } from "../../src/primitives/primitive.ts";
import { reverse } from "../../src/primitives/scan.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { referenceOf, runStep, size } from "../support/wasm-step.ts";

/** Asserts that a primitive moves the same elements as its reference. */
function expectReference<A>(primitive: Primitive<A>, attributes: A, ...shapes: readonly string[]): void {
  const random = seeded(shapes.join().length);
  const inputs = shapes.map((shape) => randomArray(random, "f32", dims(shape)));
  const got = runStep(primitive, attributes, inputs);
  expect(difference(got, referenceOf(primitive, attributes, inputs), 0)).toBe(undefined);
}

test.each([
  ["2x2", [1, 0]],
  ["3x5", [1, 0]],
  ["4x4", [1, 0]],
  ["37x70", [1, 0]],
  ["2x261x6", [0, 2, 1]],
  ["2x6x517", [0, 2, 1]],
  ["3x40x33", [2, 0, 1]],
  ["3x40x33", [1, 2, 0]],
  ["2x19x3x34", [0, 3, 1, 2]],
  ["2x3x19x34", [0, 2, 3, 1]],
  ["2x9x3x34", [2, 3, 0, 1]],
  ["5x1x4x3x6", [4, 2, 0, 3, 1]],
] as const)("a transpose of %s to %j", (shape, permutation) => expectReference(transpose, { permutation }, shape));

test.each([
  ["5x6", "1+1 0+0"],
  ["5x6", "0+0 0+1"],
  ["5x3", "2+0 1+2"],
  ["4x1", "0+1 1+1"],
  ["3", "1+0"],
  ["2x5x6x3", "0+0 1+2 2+1 0+0"],
  ["2x5x6x3", "0+0 1+1 1+1 0+2"],
  ["2x9x9x32", "0+1 1+1 0+1 0+0"],
  ["2x3x40", "1+0 0+0 0+0"],
])("a margin around %s of %s", (shape, text) => {
  const pads = text.split(" ").map((pair) => {
    const [before, after] = pair.split("+").map((n) => size(Number(n)));
    return [before!, after!] as const;
  });
  expectReference(pad, { pads, mode: "constant", value: 7 }, shape);
});

test.each([
  ["1x70", "5x70"],
  ["70x1", "70x5"],
  ["3x1x37", "3x9x37"],
  ["9x1x1", "9x5x40"],
])("a repetition of %s to %s", (from, to) => expectReference(broadcast, { shape: dims(to).map(size) }, from));

test("long rows are reversed and joined", () => {
  expectReference(reverse, { axes: [0] }, "5x300");
  for (const shape of ["5x300", "5x7", "5x6", "3x5"]) expectReference(reverse, { axes: [1] }, shape);
  expectReference(reverse, { axes: [0, 1] }, "6x11");
  for (const widths of [
    ["64", "70"],
    ["3", "4", "1"],
    ["17", "64", "2"],
  ])
    expectReference(concat, { axis: 1 }, ...widths.map((width) => `9x${width}`));
});
