/** @file Pooling of images. */
import { generate } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import { invariant } from "../source/internal-error.ts";
import { pairText } from "./esm/text.ts";
import {
  channelsLast,
  imageShape,
  imageSizes,
  inLayout,
  isPadded,
  noPads,
  padText,
  requireNhwc,
  unevenPads,
  windowCounts,
  windows,
  type Layout,
  type Pads,
  type Pair,
} from "./image.ts";
import { requireNchw, windowed } from "./onnx/windows.ts";
import { dims, primitive, type PrimitiveCase } from "./primitive.ts";
import { poolNode } from "./tensorflow/windows.ts";
import { pooled } from "./wasm/pools.ts";

interface Pool {
  readonly kind: "avg" | "max";
  readonly kernel: Pair<Size>;
  readonly strides: Pair<Size>;
  /** Padding never wins a maximum. In an average, explicit padding counts and `same_tf` does not. */
  readonly pads: Pads;
  readonly layout: Layout;
}

export const pool = primitive<Pool>({
  name: "pool",
  doc: "The average or the maximum of every window of an image.",
  shape: ([x], { kernel, strides, pads, layout }, sizes) => {
    const { n, h, w, c } = imageSizes(x!.shape, layout);
    const [height, width] = windowCounts(sizes, [h, w], kernel, strides, [1, 1], pads);
    return { shape: imageShape({ n, h: height, w: width, c }, layout), dtype: "f32" };
  },
  reference: ([x], { kind, kernel, strides, pads, layout }, size) => {
    const image = channelsLast(x!, layout);
    const [n, h, w, c] = image.shape as [number, number, number, number];
    const [kh, kw] = [size(kernel[0]), size(kernel[1])];
    const steps: Pair<number> = [size(strides[0]), size(strides[1])];
    const [rows, columns] = windows([h, w], [kh, kw], steps, [1, 1], pads);
    const result = generate("f32", [n, rows.count, columns.count, c], ([b, y, z, channel]) => {
      let sum = 0;
      let largest = -Infinity;
      let count = 0;
      for (let ky = 0; ky < kh; ky++)
        for (let kx = 0; kx < kw; kx++) {
          const [row, column] = [rows.at(y!, ky), columns.at(z!, kx)];
          if (row < 0 || row >= h || column < 0 || column >= w) continue;
          const value = image.data[((b! * h + row) * w + column) * c + channel!]!;
          sum += value;
          largest = Math.max(largest, value);
          count++;
        }
      if (kind === "max") return largest;
      return sum / (pads === "same_tf" ? count : kh * kw);
    });
    return inLayout(result, layout);
  },
  // The native backend returns the lowest finite number for a window that is entirely -Infinity.
  esm: (e, [x], { kind, kernel, strides, pads, layout }) => {
    requireNhwc(layout);
    invariant(kind === "max" || !isPadded(pads), "tfjs does not count padding in an average");
    const text = (pair: Pair<Size>): string => pairText([e.size(pair[0]), e.size(pair[1])]);
    return `tf.${kind}Pool(${x}, ${text(kernel)}, ${text(strides)}, ${padText(pads)})`;
  },
  tensorflow: (e, [x], { kind, kernel, strides, pads, layout }) => {
    requireNhwc(layout);
    invariant(kind === "max" || !isPadded(pads), "TensorFlow does not count padding in an average");
    return poolNode(e, kind === "max" ? "MaxPool" : "AvgPool", x!, {
      kernel: [e.int(kernel[0]), e.int(kernel[1])],
      strides: [e.int(strides[0]), e.int(strides[1])],
      pads,
    });
  },
  onnx: (e, [x], { kind, kernel, strides, pads, layout }, _, [operand]) => {
    requireNchw(layout);
    const [h, w] = operand!.shape.slice(2);
    if (!isPadded(pads) && pads !== "same_tf" && kernel[0] === h && kernel[1] === w)
      return e.node(kind === "max" ? "GlobalMaxPool" : "GlobalAveragePool", [x!]);
    const window: Pair<number> = [e.int(kernel[0]), e.int(kernel[1])];
    const steps: Pair<number> = [e.int(strides[0]), e.int(strides[1])];
    const geometry = { kernel: window, strides: steps, dilations: [1, 1], pads, layout } as const;
    // A pad must be narrower than the window.
    const most: Pair<number> = [window[0] - 1, window[1] - 1];
    const { image, attributes: own } = windowed(e, x!, operand!, geometry, kind === "max" ? -Infinity : 0, most);
    // Without VALID, ONNX Runtime would fuse a Pad before the pool into it, and then refuse wide pads.
    const attributes = "pads" in own || "auto_pad" in own ? own : { ...own, auto_pad: { text: "VALID" } };
    if (kind === "max") return e.node("MaxPool", [image], attributes);
    const counts = pads !== "same_tf" && "pads" in attributes;
    return e.node("AveragePool", [image], counts ? { ...attributes, count_include_pad: { int: 1 } } : attributes);
  },
  wasm: {
    finishes: true,
    kernels: (e, attributes) => {
      requireNhwc(attributes.layout);
      return pooled(e, attributes);
    },
  },
  cases: (sizes) => {
    const of = (
      image: string,
      kernel: Pair<number>,
      strides: Pair<number>,
      pads: Pads = noPads,
    ): PrimitiveCase<Pool>[] =>
      (["avg", "max"] as const).map((kind) => ({
        shapes: [dims(image)],
        attributes: {
          kind,
          kernel: [sizes.int(kernel[0]), sizes.int(kernel[1])],
          strides: [sizes.int(strides[0]), sizes.int(strides[1])],
          pads,
          layout: "NHWC",
        },
        ...(isPadded(pads) && { variant: `${kind}pool.pads` as const }),
      }));
    return [
      ...of("1x4x4x3", [2, 2], [2, 2]),
      ...of("3x7x6x2", [3, 2], [2, 1]),
      ...of("2x5x7x1", [1, 1], [1, 1]),
      ...of("2x5x7x3", [1, 1], [2, 3]),
      ...of("2x5x7x3", [1, 3], [1, 2]),
      ...of("2x7x5x4", [7, 5], [1, 1]),
      ...of("2x13x11x33", [13, 11], [1, 1]),
      ...of("1x1x1x4", [1, 1], [1, 1]),
      ...of("1x7x8x3", [3, 3], [2, 2], "same_tf"),
      ...of("3x5x4x2", [2, 4], [3, 1], "same_tf"),
      ...of("1x2x1x3", [3, 3], [1, 1], "same_tf"),
      // windows narrower than their stride, where the last one covers less, just as much, or the image goes on after it
      ...of("1x9x10x2", [2, 3], [4, 5], "same_tf"),
      ...of("1x10x9x2", [2, 3], [4, 5], "same_tf"),
      ...of("2x8x7x1", [2, 2], [4, 3], "same_tf"),
      ...of("1x6x8x2", [2, 1], [1, 5], "same_tf"),
      ...of("2x5x6x3", [3, 4], [2, 2], unevenPads),
      ...of("1x3x2x2", [4, 5], [1, 1], unevenPads),
      // images so wide that windows inside of them repeat, and windows too large for sums in float32
      ...of("2x5x41x8", [3, 3], [1, 1], "same_tf"),
      ...of("1x6x50x33", [3, 3], [2, 2], "same_tf"),
      ...of("2x4x30x5", [2, 2], [2, 2]),
      ...of("2x5x37x3", [3, 5], [2, 2], unevenPads),
      ...of("1x30x12x18", [9, 10], [9, 2], "same_tf"),
      ...of("2x3x300x5", [3, 290], [1, 7]),
      ...of("1x4x140x1", [4, 139], [1, 1], unevenPads),
    ];
  },
});
