/** @file Primitives without inputs. */
import type { DType } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import { dtypeText } from "./esm/text.ts";
import { onnxScalar } from "./onnx/literals.ts";
import { primitive } from "./primitive.ts";
import { literal } from "./tensorflow/nodes.ts";

export const scalar = primitive<{ readonly value: Size; readonly dtype: DType }>({
  name: "scalar",
  doc: "A size as a tensor of rank 0.",
  shape: (_, { dtype }) => ({ shape: [], dtype }),
  reference: (_, { value, dtype }, size) => ({
    dtype,
    shape: [],
    data: Float64Array.of(dtype === "i32" ? size(value) | 0 : size(value)),
  }),
  esm: (e, _, { value, dtype }) => `tf.scalar(${e.size(value)}, ${dtypeText(dtype)})`,
  tensorflow: (e, _, { value, dtype }) => {
    const known = e.known(value);
    if (known !== undefined) return literal(e, known, dtype);
    return dtype === "i32" ? e.size(value) : e.number(value);
  },
  wasm: "constant",
  onnx: (e, _, { value, dtype }) => {
    const known = e.known(value);
    return known === undefined ? e.cast(e.size(value), dtype) : onnxScalar(e, known, dtype);
  },
  cases: (sizes) =>
    (["f32", "i32"] as const).map((dtype) => ({ shapes: [], attributes: { value: sizes.int(224), dtype } })),
});
