/** @file What pools in WebAssembly promise beyond the cases of their record: NaN stays, and long sums keep their digits. */
import { expect, test } from "vitest";
import type { SizedInput, SizedStep } from "../../src/codegen/wasm/sized-plan.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { noPads } from "../../src/primitives/image.ts";
import { pool } from "../../src/primitives/pool.ts";
import type { Primitive } from "../../src/primitives/primitive.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { runWasm } from "../support/wasm.ts";

const primitive: Primitive = pool;

/** Pools an image. Returns the result and that of the reference. */
function pooled(
  kind: "avg" | "max",
  kernel: number,
  image: NdArray,
): { readonly got: NdArray; readonly want: NdArray } {
  const attributes = { kind, kernel: [kernel, kernel], strides: [1, 1], pads: noPads, layout: "NHWC" };
  const want = primitive.reference([image], attributes, Number);
  const input: SizedInput = { kind: "input", shape: image.shape, dtype: "f32" };
  const step: SizedStep = { kind: "step", shape: want.shape, dtype: "f32", primitive, attributes, inputs: [input] };
  const plan = { inputs: [input], prepared: [], steps: [step], results: [step] };
  return { got: runWasm(plan, { relaxed: false }, [image], [])[0]!, want };
}

test.each([2, 9, 12])("a maximum over %i rows and columns keeps NaN and infinities", (kernel) => {
  const values = [...Array.from({ length: 60 }, (_, i) => i - 30), NaN, Infinity, -Infinity];
  const image = randomArray(seeded(kernel), "f32", [1, 12, 12, 5], { values });
  const { got, want } = pooled("max", kernel, image);
  expect(Array.from(want.data, Number.isNaN)).toContain(true);
  expect(difference(got, want, 1e-7)).toBeUndefined();
});

test("an average of 12544 numbers is as exact as one of a few", () => {
  const image = randomArray(seeded(1), "f32", [1, 112, 112, 6], { range: [1000, 1001] });
  const { got, want } = pooled("avg", 112, image);
  expect(difference(got, want, 1e-7)).toBeUndefined();
});
