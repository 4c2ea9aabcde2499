/** @file Softmax, which backends compute in one pass. */
import { primitive, type NoAttributes } from "./primitive.ts";

export const softmax = primitive<NoAttributes>({
  name: "softmax",
  doc: "Positive numbers that sum to 1 along the last axis, in the ratios of the exponentials of the elements.",
  shape: ([x]) => x!,
  reference: ([x]) => {
    const length = x!.shape.at(-1)!;
    const result = Float64Array.from(x!.data);
    for (let start = 0; start < result.length; start += length) {
      const row = result.subarray(start, start + length);
      const largest = Math.max(...row);
      row.forEach((value, i) => (row[i] = Math.exp(value - largest)));
      const total = row.reduce((a, b) => a + b, 0);
      row.forEach((value, i) => (row[i] = value / total));
    }
    return { ...x!, data: result };
  },
  esm: (_, [x]) => `tf.softmax(${x})`,
  cases: () => [
    ...[[2, 3, 5], [1], [4, 1], [2, 1, 3, 2, 1, 7]].map((shape) => ({ shapes: [shape], attributes: {} })),
    { shapes: [[4, 9]], values: [1000, -Infinity, 998, 0, 1], attributes: {} },
  ],
});
