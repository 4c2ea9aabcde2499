/** @file Operations along an axis: reversing it, and running sums and products. */
import { generate, stridesOf, type DType } from "../contract/ndarray.ts";
import { productOf, sumOf } from "../contract/prepare-functions.ts";
import { tidy } from "./esm/text.ts";
import type { OnnxBody } from "./onnx/emitter.ts";
import { longs, onnxScalar } from "./onnx/literals.ts";
import { dims, largeIntegers, primitive } from "./primitive.ts";
import { plus } from "../wasm/i32.ts";
import { copied, toDense } from "./wasm/copy.ts";
import { scanKernel } from "./wasm/scan.ts";
import { asIntegers, ints, literal } from "./tensorflow/nodes.ts";

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
  // On wasm, tf.reverse writes four bytes for each bool, beyond the end of its result.
  esm: (_, [x], { axes }, { dtype }) =>
    dtype === "bool"
      ? tidy(`tf.notEqual(tf.reverse(tf.cast(${x}, "int32"), [${axes.join(", ")}]), 0)`)
      : `tf.reverse(${x}, [${axes.join(", ")}])`,
  tensorflow: (e, [x], { axes }, { dtype }) =>
    asIntegers(e, x!, dtype, (elements, type) =>
      e.node("ReverseV2", [elements, ints(e, axes)], { T: { type }, Tidx: { type: "i32" } }),
    ),
  wasm: {
    kernels: ({ operands: [x], result }, { axes }) => {
      const strides = stridesOf(x!.shape);
      const isTurned = (axis: number): boolean => axes.includes(axis);
      const last = x!.shape.reduce((flat, size, i) => (isTurned(i) ? flat + (size - 1) * strides[i]! : flat), 0);
      const turned = strides.map((stride, i) => (isTurned(i) ? -stride : stride));
      return [copied({ from: plus(x!.at, 4 * last), to: result.at, axes: toDense(x!.shape, turned) })];
    },
  },
  onnx: (e, [x], { axes }) => {
    const all = (n: number) => longs(e, new Array<number>(axes.length).fill(n));
    // From the last element to just before the first.
    return e.node("Slice", [x!, all(-1), all(Number.MIN_SAFE_INTEGER), longs(e, axes), all(-1)]);
  },
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
  /** Goes from the last element to the first. */
  readonly reverse: boolean;
  /** Leaves out the element itself. */
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
    const combine = (name === "sum" ? sumOf : productOf)(x!.dtype);
    for (let first = 0; first < data.length; first++) {
      if (Math.floor(first / step) % size !== 0) continue;
      let total = name === "sum" ? 0 : 1;
      for (let i = 0; i < size; i++) {
        const at = first + (reverse ? size - 1 - i : i) * step;
        const next = combine(total, x!.data[at]!);
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
  tensorflow: (e, [x], { function: name, axis, reverse, exclusive }, { dtype }) =>
    e.node(name === "sum" ? "Cumsum" : "Cumprod", [x!, literal(e, axis, "i32")], {
      T: { type: dtype },
      Tidx: { type: "i32" },
      exclusive: { bool: exclusive },
      reverse: { bool: reverse },
    }),
  wasm: { kernels: (e, attributes) => [scanKernel(e, attributes)] },
  onnx: (e, [x], { function: name, axis, reverse, exclusive }, { shape, dtype }) => {
    const flag = (on: boolean) => ({ int: Number(on) });
    if (name === "sum")
      return e.node("CumSum", [x!, onnxScalar(e, axis, "i64")], { exclusive: flag(exclusive), reverse: flag(reverse) });
    // ONNX has no running product before operator set 26. A subgraph multiplies slice by slice.
    const rest = shape.filter((_, i) => i !== axis);
    const ones =
      rest.length === 0 ? onnxScalar(e, 1, dtype) : e.node("Expand", [onnxScalar(e, 1, dtype), e.sizes(rest)]);
    const body: OnnxBody = {
      dtype,
      inputs: ["product", "element"],
      outputs: ["next", "result"],
      nodes: [
        { op: "Mul", inputs: ["product", "element"], output: "next" },
        { op: "Identity", inputs: [exclusive ? "product" : "next"], output: "result" },
      ],
    };
    const along = { ints: [axis] };
    const direction = { ints: [Number(reverse)] };
    const attributes = {
      body: { graph: body },
      num_scan_inputs: { int: 1 },
      scan_input_axes: along,
      scan_input_directions: direction,
      scan_output_axes: along,
      scan_output_directions: direction,
    };
    return e.nodes("Scan", [ones, x!], attributes, 2)[1]!;
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
