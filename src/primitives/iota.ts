/** @file Numbers that count from 0. */
import type { Size } from "../sizes/size.ts";
import { onnxScalar } from "./onnx/literals.ts";
import { primitive } from "./primitive.ts";
import { counted } from "./tensorflow/nodes.ts";

export const iota = primitive<{ readonly size: Size }>({
  name: "iota",
  doc: "The integers from 0 on, as many as the size says.",
  exact: true,
  shape: (_, { size }) => ({ shape: [size], dtype: "i32" }),
  reference: (_, { size }, number) => {
    const data = Float64Array.from({ length: number(size) }, (_, i) => i);
    return { dtype: "i32", shape: [data.length], data };
  },
  esm: (e, _, { size }) => `tf.range(0, ${e.size(size)}, 1, "int32")`,
  tensorflow: (e, _, { size }) => counted(e, size),
  wasm: "constant",
  onnx: (e, _, { size }) => {
    const known = e.known(size);
    if (known === undefined)
      return e.cast(e.node("Range", [onnxScalar(e, 0, "i64"), e.size(size), onnxScalar(e, 1, "i64")]), "i32");
    return e.constant({ dtype: "i32", shape: [known], data: Float64Array.from({ length: known }, (_, i) => i) });
  },
  cases: (sizes) => [1, 2, 7].map((size) => ({ shapes: [], attributes: { size: sizes.int(size) } })),
});
