/** @file The places of the largest elements. */
import { type NdArray } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import { tidy } from "./esm/text.ts";
import { dims, largeIntegers, primitive } from "./primitive.ts";
import { topKernel } from "./wasm/sorting.ts";

/** Returns the indices of a row, those of larger elements first; of equal elements, the first one first. */
function descending({ data }: NdArray, start: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => i).sort((a, b) => data[start + b]! - data[start + a]!);
}

export const topPlaces = primitive<{ readonly count: Size }>({
  name: "top_places",
  doc: "The indices, i32, of the largest elements along the last axis, the largest first; of equal elements, the first one first. No element is infinite or NaN.",
  shape: ([x], { count }) => ({ shape: x!.shape.with(-1, count), dtype: "i32" }),
  reference: ([x], { count }, number) => {
    const size = x!.shape.at(-1)!;
    const shape = x!.shape.with(-1, number(count));
    const rows = x!.data.length / size;
    const data = Array.from({ length: rows }, (_, row) => descending(x!, row * size, size).slice(0, number(count)));
    return { dtype: "i32", shape, data: Float64Array.from(data.flat()) };
  },
  esm: (e, [x], { count }) => tidy(`tf.topk(${x}, ${e.size(count)}).indices`),
  tensorflow: (e, [x], { count }, _, [operand]) =>
    e.output(
      e.node("TopKV2", [x!, e.size(count)], {
        T: { type: operand!.dtype },
        Tk: { type: "i32" },
        index_type: { type: "i32" },
        sorted: { bool: true },
      }),
      1,
    ),
  wasm: { kernels: (e, { count }) => [topKernel(e, count)] },
  onnx: (e, [x], { count }) => {
    const attributes = { axis: { int: -1 }, largest: { int: 1 }, sorted: { int: 1 } };
    return e.cast(e.nodes("TopK", [x!, e.sizes([count])], attributes, 2)[1]!, "i32");
  },
  cases: (sizes) =>
    (
      [
        ["5", 5],
        ["5", 2],
        ["3x7", 1],
        ["2x3x40", 40],
        ["2x900", 900],
        ["2x900", 7],
        ["2x1x1x3x2x4", 3],
      ] as const
    ).flatMap(([shape, count]) => [
      { shapes: [dims(shape)], attributes: { count: sizes.int(count) } },
      { shapes: [dims(shape)], values: [-2, -1, -0, 0, 1], attributes: { count: sizes.int(count) } },
      { shapes: [dims(shape)], dtypes: ["i32"], values: largeIntegers, attributes: { count: sizes.int(count) } },
    ]),
});
