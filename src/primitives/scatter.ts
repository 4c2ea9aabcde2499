/** @file Adds up rows by index. */
import { generate, type NdArray } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import { tidy } from "./esm/text.ts";
import { longs, onnxScalar } from "./onnx/literals.ts";
import { dims, primitive } from "./primitive.ts";
import { reshaped } from "./tensorflow/nodes.ts";
import { rowsAdded } from "./wasm/rows.ts";

/** Adds up the rows of a matrix that have the same index. */
function added(indices: NdArray, rows: NdArray, size: number): NdArray {
  const width = rows.shape[1]!;
  const sums = new Float64Array(size * width);
  rows.data.forEach((value, at) => {
    const target = indices.data[Math.floor(at / width)]! * width + (at % width);
    sums[target] = rows.dtype === "i32" ? (sums[target]! + value) | 0 : sums[target]! + value;
  });
  return generate(rows.dtype, [size, width], (_, flat) => sums[flat]!);
}

export const scatterAdd = primitive<{ readonly size: Size }>({
  name: "scatter_add",
  doc: "A matrix whose row at an index is the sum of the rows of the second input that have this index in the first, i32; 0 if none has. Every index is inside.",
  shape: ([, rows], { size }) => ({ shape: [size, rows!.shape[1]!], dtype: rows!.dtype }),
  reference: ([indices, rows], { size }, number) => added(indices!, rows!, number(size)),
  esm: (e, [indices, rows], _, { shape }) =>
    tidy(`tf.scatterND(tf.expandDims(${indices}, 1), ${rows}, ${e.sizes(shape)})`),
  tensorflow: (e, [indices, rows], _, { shape, dtype }) => {
    const [one, all] = [e.algebra.int(1), e.algebra.int(-1)];
    const column = reshaped(e, indices!, "i32", [all, one]);
    return e.node("ScatterNd", [column, rows!, e.sizes(shape)], { T: { type: dtype }, Tindices: { type: "i32" } });
  },
  wasm: { kernels: (e) => [rowsAdded(e)] },
  onnx: (e, [indices, rows], _, { shape, dtype }, [, operand]) => {
    const zeros = e.node("Expand", [onnxScalar(e, 0, dtype), e.sizes(shape)]);
    const column = e.node("Unsqueeze", [indices!, longs(e, [1])]);
    const everywhere = e.node("Expand", [column, e.sizes(operand!.shape)]);
    return e.node("ScatterElements", [zeros, everywhere, rows!], { axis: { int: 0 }, reduction: { text: "add" } });
  },
  cases: (sizes) =>
    (
      [
        ["5", "5x3", 4],
        ["7", "7x1", 2],
        ["3", "3x40", 9],
        ["600", "600x2", 5],
        ["1", "1x1", 4],
      ] as const
    ).flatMap(([indices, rows, size]) =>
      (["f32", "i32"] as const).map((dtype) => ({
        shapes: [dims(indices), dims(rows)],
        dtypes: ["i32" as const, dtype],
        range: [0, Math.min(size - 1, 3)] as const,
        attributes: { size: sizes.int(size) },
      })),
    ),
});
