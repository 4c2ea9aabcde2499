/** @file Gathers elements by index. */
import { generate, stridesOf, type DType } from "../contract/ndarray.ts";
import { tidy } from "./esm/text.ts";
import { dims, primitive } from "./primitive.ts";
import { asIntegers, literal } from "./tensorflow/nodes.ts";
import { gathered } from "./wasm/rows.ts";

export const gather = primitive<{ readonly axis: number }>({
  name: "gather",
  doc: "The elements along an axis that the second input, i32, counts from 0; its axes stand in the place of that one. Every index is inside.",
  exact: true,
  shape: ([x, indices], { axis }) => ({
    shape: x!.shape.toSpliced(axis, 1, ...indices!.shape),
    dtype: x!.dtype,
  }),
  reference: ([x, indices], { axis }) => {
    const strides = stridesOf(x!.shape);
    const steps = stridesOf(indices!.shape);
    return generate(x!.dtype, x!.shape.toSpliced(axis, 1, ...indices!.shape), (index) => {
      const place = steps.reduce((flat, step, i) => flat + index[axis + i]! * step, 0);
      const source = index.toSpliced(axis, steps.length, indices!.data[place]!);
      return x!.data[source.reduce((flat, at, i) => flat + at * strides[i]!, 0)]!;
    });
  },
  esm: (_, [x, indices], { axis }, { dtype }) => {
    const call = (of: string) => `tf.gather(${of}, ${indices}, ${axis})`;
    // On wasm, tf.gather writes four bytes for each bool, beyond the end of its result. Its batch axes are wrong there, too.
    return dtype === "bool" ? tidy(`tf.notEqual(${call(`tf.cast(${x}, "int32")`)}, 0)`) : call(x!);
  },
  tensorflow: (e, [x, indices], { axis }, { dtype }) =>
    asIntegers(e, x!, dtype, (elements, type) =>
      e.node("GatherV2", [elements, indices!, literal(e, axis, "i32")], {
        Tparams: { type },
        Tindices: { type: "i32" },
        Taxis: { type: "i32" },
      }),
    ),
  wasm: { kernels: (e, { axis }) => [gathered(e, axis)] },
  onnx: (e, [x, indices], { axis }) => e.node("Gather", [x!, indices!], { axis: { int: axis } }),
  cases: () =>
    (
      [
        ["5", "3", 0],
        ["3", "", 0],
        ["2x3x4", "5", 1],
        ["2x3x4x2", "5x2", 1],
        ["2x4x3x2", "1x7", 2],
        ["2x3x4", "3x2", 2],
        ["1x2x3x2x2", "2x2", 2],
      ] as const
    ).flatMap(([x, indices, axis]) =>
      (["f32", "i32", "bool"] as const).map((dtype: DType) => ({
        shapes: [dims(x), dims(indices)],
        dtypes: [dtype, "i32" as const],
        values: [0, 1, 2],
        attributes: { axis },
      })),
    ),
});
