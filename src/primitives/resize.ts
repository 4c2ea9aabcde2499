/** @file Resizing of images, as PyTorch's `interpolate`. */
import { generate } from "../ir/ndarray.ts";
import type { Size } from "../ir/size.ts";
import { channelsLast, imageShape, imageSizes, inLayout, requireNhwc, type Layout, type Pair } from "./image.ts";
import { dims, primitive, type PrimitiveCase } from "./primitive.ts";

interface Resize {
  readonly mode: "nearest" | "bilinear";
  /** Only of `bilinear`: corners keep their values; otherwise pixels are squares, and their centres are compared. */
  readonly alignCorners: boolean;
  /** Height and width of the result. */
  readonly size: Pair<Size>;
  readonly layout: Layout;
}

/** The pixel of the input that is `nearest` to pixel `i`. PyTorch, wasm and the native backend round in float32; cpu does not, which in one of a hundred pairs of sizes moves a pixel. */
function nearest(i: number, from: number, to: number): number {
  return Math.min(Math.floor(Math.fround(i * Math.fround(from / to))), from - 1);
}

/** Where pixel `i` lies in the input, as two neighbours and the weight of the second. */
function between(i: number, from: number, to: number, alignCorners: boolean): readonly [number, number, number] {
  const position = alignCorners
    ? to > 1
      ? (i * (from - 1)) / (to - 1)
      : 0
    : Math.max(((i + 0.5) * from) / to - 0.5, 0);
  const low = Math.min(Math.floor(position), from - 1);
  return [low, Math.min(low + 1, from - 1), position - low];
}

export const resize = primitive<Resize>({
  name: "resize",
  doc: "The image at another size.",
  shape: ([x], { size: [h, w], layout }) => ({
    shape: imageShape({ ...imageSizes(x!.shape, layout), h, w }, layout),
    dtype: "f32",
  }),
  reference: ([x], { mode, alignCorners, size, layout }, number) => {
    const image = channelsLast(x!, layout);
    const [n, h, w, c] = image.shape as [number, number, number, number];
    const [height, width] = [number(size[0]), number(size[1])];
    const result = generate("f32", [n, height, width, c], ([b, y, z, channel]) => {
      const at = (row: number, column: number): number => image.data[((b! * h + row) * w + column) * c + channel!]!;
      if (mode === "nearest") return at(nearest(y!, h, height), nearest(z!, w, width));
      const [top, bottom, down] = between(y!, h, height, alignCorners);
      const [left, right, across] = between(z!, w, width, alignCorners);
      const upper = at(top, left) * (1 - across) + at(top, right) * across;
      const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across;
      return upper * (1 - down) + lower * down;
    });
    return inLayout(result, layout);
  },
  esm: (e, [x], { mode, alignCorners, size, layout }) => {
    requireNhwc(layout);
    // Of the two flags, the first is alignCorners and the second halfPixelCenters.
    return mode === "nearest"
      ? `tf.image.resizeNearestNeighbor(${x}, ${e.sizes(size)})`
      : `tf.image.resizeBilinear(${x}, ${e.sizes(size)}, ${alignCorners}, ${!alignCorners})`;
  },
  cases: (sizes) => {
    const of = (image: string, height: number, width: number): PrimitiveCase<Resize>[] =>
      (
        [
          ["nearest", false],
          ["bilinear", false],
          ["bilinear", true],
        ] as const
      ).map(([mode, alignCorners]) => ({
        shapes: [dims(image)],
        attributes: { mode, alignCorners, size: [sizes.int(height), sizes.int(width)], layout: "NHWC" },
      }));
    return [
      ...of("1x4x4x3", 8, 8),
      ...of("3x3x5x2", 7, 9),
      ...of("2x7x9x1", 3, 5),
      ...of("1x5x6x2", 1, 1),
      ...of("1x1x1x3", 4, 5),
      ...of("1x6x4x2", 6, 4),
      ...of("2x5x8x1", 12, 3),
      ...of("1x2x3x1", 94, 123)
        .slice(0, 1)
        .map((it) => ({ ...it, backends: ["wasm", "tensorflow"] as const })),
    ];
  },
});

/**
 * The kernel of R. Keys, Cubic convolution interpolation for digital image processing (1981), with a = -0.75, which
 * PyTorch uses; for distances from 0 to 2.
 */
function cubic(distance: number): number {
  if (distance < 1) return (1.25 * distance - 2.25) * distance * distance + 1;
  return ((3.75 - 0.75 * distance) * distance - 6) * distance + 3;
}

interface CubicWeights {
  readonly from: Size;
  readonly to: Size;
  /** As for `bilinear`. */
  readonly alignCorners: boolean;
}

export const cubicWeights = primitive<CubicWeights>({
  name: "cubic_weights",
  doc: "The matrix [from, to] that resizes rows by bicubic interpolation; beyond an edge its element repeats.",
  shape: (_, { from, to }) => ({ shape: [from, to], dtype: "f32" }),
  reference: (_, { from, to, alignCorners }, number) => {
    const [size, count] = [number(from), number(to)];
    const data = new Float64Array(size * count);
    for (let i = 0; i < count; i++) {
      const at = alignCorners ? (i * (size - 1)) / Math.max(count - 1, 1) : ((i + 0.5) * size) / count - 0.5;
      for (let j = Math.floor(at) - 1; j < Math.floor(at) + 3; j++)
        data[Math.min(Math.max(j, 0), size - 1) * count + i]! += cubic(Math.abs(at - j));
    }
    return { dtype: "f32", shape: [size, count], data };
  },
  esm: (e, _, { from, to, alignCorners }) => {
    const at = alignCorners ? "i * (from - 1) / Math.max(to - 1, 1)" : "(i + 0.5) * from / to - 0.5";
    const weight = "x < 1 ? (1.25 * x - 2.25) * x * x + 1 : ((3.75 - 0.75 * x) * x - 6) * x + 3";
    const taps = `for (let j = Math.floor(at) - 1; j < Math.floor(at) + 3; j++) { const x = Math.abs(at - j); data[Math.min(Math.max(j, 0), from - 1) * to + i] += ${weight}; }`;
    const columns = `for (let i = 0; i < to; i++) { const at = ${at}; ${taps} }`;
    return `((from, to, data = new Float32Array(from * to)) => { ${columns} return tf.tensor(data, [from, to]); })(${e.size(from)}, ${e.size(to)})`;
  },
  cases: (sizes) =>
    [
      [4, 8],
      [7, 3],
      [1, 5],
      [5, 1],
      [3, 11],
      [6, 6],
    ].flatMap(([from, to]) =>
      [false, true].map((alignCorners) => ({
        shapes: [],
        attributes: { from: sizes.int(from!), to: sizes.int(to!), alignCorners },
      })),
    ),
});
