/** @file Sums of several tensors of one shape. */
import { generate } from "../contract/ndarray.ts";
import { binaryOf } from "../contract/prepare-functions.ts";
import { f32x4, i32x4 } from "../wasm/f32x4.ts";
import { dims, largeIntegers, primitive, type NoAttributes } from "./primitive.ts";

export const sum = primitive<NoAttributes>({
  name: "sum",
  doc: "The sum of tensors of one shape, added from the first to the last.",
  shape: ([first]) => ({ shape: first!.shape, dtype: first!.dtype }),
  reference: ([first, ...others]) => {
    const { dtype, of: add } = binaryOf("add", first!.dtype);
    return generate(dtype, first!.shape, (_, at) =>
      others.reduce((sum, { data }) => add(sum, data[at]!), first!.data[at]!),
    );
  },
  esm: (_, inputs) => `tf.addN([${inputs.join(", ")}])`,
  tensorflow: (e, inputs, _, { dtype }) => e.node("AddN", inputs, { N: { int: inputs.length }, T: { type: dtype } }),
  wasm: {
    elements: (_, inputs, __, [operand]) =>
      inputs.reduce((sum, x) => (operand!.dtype === "f32" ? f32x4 : i32x4).add(sum, x)),
  },
  // ONNX Runtime's Sum takes no integers, and adds two tensors at a time, as Add does.
  onnx: (e, inputs) => inputs.reduce((sum, x) => e.node("Add", [sum, x])),
  cases: () =>
    (["f32", "i32"] as const).flatMap((dtype) =>
      [2, 3, 8].flatMap((count) =>
        ["", "5", "2x3x4", "2x1x3x1x2x3"].map((shape) => ({
          shapes: new Array<readonly number[]>(count).fill(dims(shape)),
          dtypes: new Array<typeof dtype>(count).fill(dtype),
          attributes: {},
          ...(dtype === "i32" && { values: largeIntegers }),
        })),
      ),
    ),
});
