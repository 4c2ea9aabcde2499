/** @file Softmax, which backends compute in one pass. */
import { generate, stridesOf } from "../contract/ndarray.ts";
import { invariant } from "../source/internal-error.ts";
import { primitive } from "./primitive.ts";
import { apply, reshaped } from "./tensorflow/nodes.ts";
import { softmaxKernel } from "./wasm/softmax.ts";

interface Softmax {
  /** The last one by default. */
  readonly axis?: number;
}

const requireLast = ({ axis }: Softmax): void => invariant(axis === undefined, "softmax is of the last axis");

export const softmax = primitive<Softmax>({
  name: "softmax",
  doc: "Positive numbers that sum to 1 along an axis, in the ratios of the exponentials of the elements.",
  shape: ([x]) => x!,
  reference: ([x], { axis = x!.shape.length - 1 }) => {
    const step = stridesOf(x!.shape)[axis]!;
    const length = x!.shape[axis]!;
    const rows = new Map<number, readonly [largest: number, total: number]>();
    return generate("f32", x!.shape, (index, flat) => {
      const start = flat - index[axis]! * step;
      let row = rows.get(start);
      if (row === undefined) {
        const values = Array.from({ length }, (_, i) => x!.data[start + i * step]!);
        const largest = Math.max(...values);
        row = [largest, values.reduce((sum, value) => sum + Math.exp(value - largest), 0)];
        rows.set(start, row);
      }
      return Math.exp(x!.data[flat]! - row[0]) / row[1];
    });
  },
  esm: (_, [x], attributes) => {
    requireLast(attributes);
    return `tf.softmax(${x})`;
  },
  tensorflow: (e, [x], attributes, { shape }) => {
    requireLast(attributes);
    if (shape.length <= 5) return apply(e, "Softmax", [x!]);
    // TensorFlow's oneDNN kernel takes at most five axes.
    const rows = reshaped(e, x!, "f32", [e.algebra.int(-1), shape.at(-1)!]);
    return reshaped(e, apply(e, "Softmax", [rows]), "f32", shape);
  },
  wasm: { kernels: (e, { axis = e.result.shape.length - 1 }) => [softmaxKernel(e, axis)] },
  onnx: (e, [x], { axis = -1 }) => e.node("Softmax", [x!], { axis: { int: axis } }),
  cases: () => [
    ...[[2, 3, 5], [1], [4, 1], [2, 1, 3, 2, 1, 7]].map((shape) => ({ shapes: [shape], attributes: {} })),
    ...[
      { shape: [2, 3, 5], axis: 1 },
      { shape: [4, 2, 1, 3], axis: 0 },
    ].map(({ shape, axis }) => ({ shapes: [shape], attributes: { axis }, variant: "softmax.any-axis" as const })),
    { shapes: [[4, 9]], values: [1000, -Infinity, 998, 0, 1], attributes: {} },
  ],
});
