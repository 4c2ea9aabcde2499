/** @file Along an axis: elements backwards, and running sums and products. */
import { generate, stridesOf, type DType } from "../ir/ndarray.ts";
import { tidy } from "./javascript.ts";
import { dims, largeIntegers, primitive } from "./primitive.ts";

export const reverse = primitive<{ readonly axes: readonly number[] }>({
  name: "reverse",
  doc: "The elements along some axes in the opposite order.",
  exact: true,
  shape: ([x]) => x!,
  reference: ([x], { axes }) => {
    const strides = stridesOf(x!.shape);
    return generate(x!.dtype, x!.shape, (index) => {
      const source = index.map((at, i) => (axes.includes(i) ? x!.shape[i]! - 1 - at : at));
      return x!.data[source.reduce((flat, at, i) => flat + at * strides[i]!, 0)]!;
    });
  },
  // On wasm tf.reverse writes four bytes for each bool, beyond the end of its result.
  esm: (_, [x], { axes }, { dtype }) =>
    dtype === "bool"
      ? tidy(`tf.notEqual(tf.reverse(tf.cast(${x}, "int32"), [${axes.join(", ")}]), 0)`)
      : `tf.reverse(${x}, [${axes.join(", ")}])`,
  cases: () =>
    (
      [
        ["5", [0]],
        ["2x3x4", [1]],
        ["2x3x4x5", [3, 1]],
        ["3x1x2", [0, 1, 2]],
        ["2x3x1x2x2x3", [1, 5]],
      ] as const
    ).flatMap(([shape, axes]) =>
      (["f32", "i32", "bool"] as const).map((dtype: DType) => ({
        shapes: [dims(shape)],
        dtypes: [dtype],
        ...(dtype === "i32" && { values: largeIntegers }),
        attributes: { axes },
      })),
    ),
});

export interface Scan {
  readonly function: "sum" | "product";
  readonly axis: number;
  /** From the last element to the first. */
  readonly reverse: boolean;
  /** Without the element itself. */
  readonly exclusive: boolean;
}

export const scan = primitive<Scan>({
  name: "scan",
  doc: "The sum or the product of every element and those before it along an axis.",
  shape: ([x]) => x!,
  reference: ([x], { function: name, axis, reverse, exclusive }) => {
    const size = x!.shape[axis]!;
    const step = stridesOf(x!.shape)[axis]!;
    const data = new Float64Array(x!.data.length);
    for (let first = 0; first < data.length; first++) {
      if (Math.floor(first / step) % size !== 0) continue;
      let total = name === "sum" ? 0 : 1;
      for (let i = 0; i < size; i++) {
        const at = first + (reverse ? size - 1 - i : i) * step;
        const next = name === "sum" ? total + x!.data[at]! : total * x!.data[at]!;
        data[at] = exclusive ? total : next;
        total = next;
      }
    }
    return { ...x!, data };
  },
  esm: (_, [x], { function: name, axis, reverse, exclusive }) => {
    const flags = reverse ? `, ${exclusive}, true` : exclusive ? ", true" : "";
    return `tf.${name === "sum" ? "cumsum" : "cumprod"}(${x}, ${axis}${flags})`;
  },
  cases: () =>
    (["sum", "product"] as const).flatMap((name) =>
      (["f32", "i32"] as const).flatMap((dtype) =>
        (
          [
            ["7", 0],
            ["2x5x3", 1],
            ["3x4", 0],
            ["4x1", 1],
            ["2x1x3x2x1x4", 2],
          ] as const
        ).flatMap(([shape, axis]) =>
          [0, 1, 2, 3].map((flags) => ({
            shapes: [dims(shape)],
            dtypes: [dtype],
            ...(dtype === "i32" && { values: name === "sum" ? [16777217, -16777217, 3, 0] : [-19, 13, 21] }),
            attributes: { function: name, axis, reverse: flags > 1, exclusive: flags % 2 === 1 },
          })),
        ),
      ),
    ),
});
