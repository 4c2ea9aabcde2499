/** @file Resizing of images, like PyTorch's `interpolate`. */
import { generate } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import { channelsLast, imageShape, imageSizes, inLayout, requireNhwc, type Layout, type Pair } from "./image.ts";
import type { OnnxEmitter, OnnxWire } from "./onnx/emitter.ts";
import { nearest, onnxNearestIndices } from "./nearest.ts";
import { onnxLiteral, onnxScalar } from "./onnx/literals.ts";
import type { OnnxOperator } from "./onnx/operators.ts";
import { counting, int64, requireNchw } from "./onnx/windows.ts";
import { dims, primitive, type Primitive, type PrimitiveCase } from "./primitive.ts";
import type { TensorFlowEmitter, Wire } from "./tensorflow/emitter.ts";
import { apply, converted, counted, literal, reshaped } from "./tensorflow/nodes.ts";
import type { TensorFlowOperation } from "./tensorflow/operations.ts";
import { resized, type Between } from "./wasm/resizing.ts";

interface Resize {
  readonly mode: "nearest" | "bilinear";
  /**
   * Only for `bilinear`: pixels are squares, and positions are their centres; corners keep their values; or positions are
   * where pixels begin, as in TensorFlow 1. The names are those of ONNX.
   */
  readonly centres: "half_pixel" | "align_corners" | "asymmetric";
  /** Height and width of the result. */
  readonly size: Pair<Size>;
  readonly layout: Layout;
}

/** Returns the position of pixel `i` in the input, as two neighbours and the weight of the second. */
function between(i: number, from: number, to: number, centres: Resize["centres"]): Between {
  const position = {
    half_pixel: Math.max(((i + 0.5) * from) / to - 0.5, 0),
    align_corners: to > 1 ? (i * (from - 1)) / (to - 1) : 0,
    asymmetric: (i * from) / to,
  }[centres];
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
  reference: ([x], { mode, centres, size, layout }, number) => {
    const image = channelsLast(x!, layout);
    const [n, h, w, c] = image.shape as [number, number, number, number];
    const [height, width] = [number(size[0]), number(size[1])];
    const result = generate("f32", [n, height, width, c], ([b, y, z, channel]) => {
      const at = (row: number, column: number): number => image.data[((b! * h + row) * w + column) * c + channel!]!;
      if (mode === "nearest") return at(nearest(y!, h, height), nearest(z!, w, width));
      const [top, bottom, down] = between(y!, h, height, centres);
      const [left, right, across] = between(z!, w, width, centres);
      const upper = at(top, left) * (1 - across) + at(top, right) * across;
      const lower = at(bottom, left) * (1 - across) + at(bottom, right) * across;
      return upper * (1 - down) + lower * down;
    });
    return inLayout(result, layout);
  },
  esm: (e, [x], { mode, centres, size, layout }) => {
    requireNhwc(layout);
    // The two flags are alignCorners and halfPixelCenters.
    return mode === "nearest"
      ? `tf.image.resizeNearestNeighbor(${x}, ${e.sizes(size)})`
      : `tf.image.resizeBilinear(${x}, ${e.sizes(size)}, ${centres === "align_corners"}, ${centres === "half_pixel"})`;
  },
  tensorflow: (e, [x], { mode, centres, size, layout }) => {
    requireNhwc(layout);
    const isNearest = mode === "nearest";
    return e.node(isNearest ? "ResizeNearestNeighbor" : "ResizeBilinear", [x!, e.sizes(size)], {
      T: { type: "f32" },
      align_corners: { bool: !isNearest && centres === "align_corners" },
      half_pixel_centers: { bool: !isNearest && centres === "half_pixel" },
    });
  },
  onnx: (e, [x], { mode, centres, size, layout }, _, [operand]) => {
    requireNchw(layout);
    const from = operand!.shape.slice(2) as unknown as Pair<Size>;
    if (from[0] === size[0] && from[1] === size[1]) return x!;
    if (mode === "nearest") return onnxNearest(e, x!, from, size);
    const shape = e.sizes([...operand!.shape.slice(0, 2), ...size]);
    return e.node("Resize", [x!, undefined, undefined, shape], {
      mode: { text: "linear" },
      coordinate_transformation_mode: { text: centres },
    });
  },
  wasm: {
    finishes: true,
    kernels: (e, { mode, centres, size, layout }) => {
      requireNhwc(layout);
      const isNearest = mode === "nearest";
      const places = (side: 0 | 1): Between[] => {
        const [from, to] = [e.operands[0]!.shape[1 + side]!, size[side]];
        return Array.from({ length: to }, (_, i) =>
          isNearest ? [nearest(i, from, to), 0, 0] : between(i, from, to, centres),
        );
      };
      return [resized(e, { rows: places(0), columns: places(1), isNearest })];
    },
  },
  cases: (sizes) => {
    const of = (image: string, height: number, width: number): PrimitiveCase<Resize>[] =>
      (
        [
          ["nearest", "half_pixel"],
          ["bilinear", "half_pixel"],
          ["bilinear", "align_corners"],
          ["bilinear", "asymmetric"],
        ] as const
      ).map(([mode, centres]) => ({
        shapes: [dims(image)],
        attributes: { mode, centres, size: [sizes.int(height), sizes.int(width)], layout: "NHWC" },
      }));
    return [
      ...of("1x4x4x3", 8, 8),
      ...of("3x3x5x2", 7, 9),
      ...of("2x7x9x1", 3, 5),
      ...of("1x5x6x2", 1, 1),
      ...of("1x1x1x3", 4, 5),
      ...of("1x6x4x2", 6, 4),
      ...of("2x5x8x1", 12, 3),
      // channels for vectors, with and without a rest
      ...of("2x3x4x8", 5, 9),
      ...of("1x4x3x33", 8, 6),
      ...of("2x3x2x5", 2, 3),
      ...of("2x6x9x1", 11, 23),
      ...of("1x2x3x1", 94, 123)
        .slice(0, 1)
        .map((it) => ({ ...it, backends: ["wasm", "tensorflow"] as const })),
    ];
  },
});

/** Returns the factor if it is an integer n for which Resize enlarges as PyTorch does: 1 / n rounded to float32 must not be below 1 / n. */
function enlargement(e: OnnxEmitter, from: Size, to: Size): number | undefined {
  const factor = e.known(e.algebra.divide(to, from));
  return factor !== undefined && Math.fround(1 / factor) * factor >= 1 ? factor : undefined;
}

/**
 * Resize divides the pixel by to / from, but PyTorch multiplies it by from / to, so another pixel is nearest in one of a
 * hundred pairs of sizes. Unless factors are whole, we therefore gather rows and columns by index.
 */
function onnxNearest(e: OnnxEmitter, x: OnnxWire, from: Pair<Size>, to: Pair<Size>): OnnxWire {
  const factors = [enlargement(e, from[0], to[0]), enlargement(e, from[1], to[1])];
  const known = factors.filter((factor) => factor !== undefined);
  if (known.length === 2) {
    const scales = e.constant({ dtype: "f32", shape: [4], data: Float64Array.of(1, 1, ...known) });
    return e.node("Resize", [x, undefined, scales], {
      mode: { text: "nearest" },
      coordinate_transformation_mode: { text: "asymmetric" },
      nearest_mode: { text: "floor" },
    });
  }
  return ([0, 1] as const).reduce(
    (image, i) =>
      from[i] === to[i]
        ? image
        : e.node("Gather", [image, onnxNearestIndices(e, from[i], to[i])], { axis: { int: 2 + i } }),
    x,
  );
}

/**
 * The kernel of R. Keys, Cubic convolution interpolation for digital image processing (1981), with PyTorch's a = -0.75,
 * for distances from 0 to 2.
 */
function cubic(distance: number): number {
  if (distance < 1) return (1.25 * distance - 2.25) * distance * distance + 1;
  return ((3.75 - 0.75 * distance) * distance - 6) * distance + 3;
}

/**
 * Adds the weights as nodes. Positions are fractions of i32 numbers, so rounding cannot move one to the next pixel. Each of
 * the four elements around a position gets its weight at its row.
 */
function cubicNodes(e: TensorFlowEmitter, { from, to, alignCorners }: CubicWeights): Wire {
  const i32 = (op: TensorFlowOperation, a: Wire, b: Wire) => apply(e, op, [a, b], "i32");
  const f32 = (op: TensorFlowOperation, a: Wire, b: Wire) => apply(e, op, [a, b]);
  const int = (n: number) => literal(e, n, "i32");
  const [one, all] = [e.algebra.int(1), e.algebra.int(-1)];
  const columns = reshaped(e, counted(e, to), "i32", [one, all]);
  const rows = reshaped(e, counted(e, from), "i32", [all, one]);
  const [size, count] = [e.size(from), e.size(to)];
  const last = i32("Sub", size, int(1));
  // i * (from - 1) / max(to - 1, 1), or ((2 * i + 1) * from - to) / (2 * to)
  const odd = i32("AddV2", i32("Mul", columns, int(2)), int(1));
  const dividend = alignCorners ? i32("Mul", columns, last) : i32("Sub", i32("Mul", odd, size), count);
  const divisor = alignCorners ? i32("Maximum", i32("Sub", count, int(1)), int(1)) : i32("Mul", count, int(2));
  const low = e.quotient(dividend, divisor);
  const rest = i32("Sub", dividend, i32("Mul", low, divisor));
  const fraction = f32("RealDiv", converted(e, rest, "i32", "f32"), converted(e, divisor, "i32", "f32"));
  /** ((a * x + b) * x + c) * x + d */
  const cubicOf = (x: Wire, [a, ...others]: readonly number[]): Wire =>
    others.reduce(
      (sum, next, i) => f32("AddV2", i === 0 ? sum : f32("Mul", sum, x), literal(e, next)),
      f32("Mul", x, literal(e, a!)),
    );
  const [near, far] = [
    [1.25, -2.25, 0, 1],
    [-0.75, 3.75, -6, 3],
  ];
  const taps = [
    { offset: -1, weight: cubicOf(f32("AddV2", fraction, literal(e, 1)), far) },
    { offset: 0, weight: cubicOf(fraction, near) },
    { offset: 1, weight: cubicOf(f32("Sub", literal(e, 1), fraction), near) },
    { offset: 2, weight: cubicOf(f32("Sub", literal(e, 2), fraction), far) },
  ];
  return taps
    .map(({ offset, weight }) => {
      const row = i32("Minimum", i32("Maximum", i32("AddV2", low, int(offset)), int(0)), last);
      return f32("Mul", converted(e, i32("Equal", rows, row), "bool", "f32"), weight);
    })
    .reduce((a, b) => f32("AddV2", a, b));
}

/** Like `cubic`, for ONNX nodes. */
function onnxCubic(e: OnnxEmitter, x: OnnxWire): OnnxWire {
  /** Evaluates a polynomial by Horner's scheme. */
  const polynomial = (...coefficients: readonly number[]): OnnxWire =>
    coefficients
      .slice(1)
      .reduce(
        (sum, next) => e.node("Add", [e.node("Mul", [sum, x]), onnxScalar(e, next)]),
        onnxScalar(e, coefficients[0]!),
      );
  const near = polynomial(1.25, -2.25, 0, 1);
  return e.node("Where", [e.node("Less", [x, onnxScalar(e, 1)]), near, polynomial(-0.75, 3.75, -6, 3)]);
}

interface CubicWeights {
  readonly from: Size;
  readonly to: Size;
  /** As for `bilinear`. */
  readonly alignCorners: boolean;
}

export const cubicWeights: Primitive<CubicWeights> = primitive<CubicWeights>({
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
  tensorflow: (e, _, attributes): Wire => {
    const { from, to } = attributes;
    if (e.known(from) === undefined || e.known(to) === undefined) return cubicNodes(e, attributes);
    return e.constant(cubicWeights.reference([], attributes, (size) => e.int(size)));
  },
  wasm: "constant",
  onnx: (e, _, attributes) => {
    const { from, to, alignCorners } = attributes;
    const literally = onnxLiteral(e, cubicWeights, attributes, [from, to]);
    if (literally !== undefined) return literally;
    const { max, min, sub, add } = int64(e);
    const f32 = (size: Size) => e.cast(e.size(size), "f32");
    const number = (n: number) => onnxScalar(e, n);
    const apply = (op: OnnxOperator, a: OnnxWire, b: OnnxWire) => e.node(op, [a, b]);
    const columns = e.cast(counting(e, to, "row"), "f32");
    const one = e.algebra.int(1);
    const at = alignCorners
      ? apply("Div", apply("Mul", columns, f32(e.algebra.sub(from, one))), e.cast(max(sub(e.size(to), 1), 1), "f32"))
      : apply("Sub", apply("Div", apply("Mul", apply("Add", columns, number(0.5)), f32(from)), f32(to)), number(0.5));
    const low = e.node("Floor", [at]);
    const [rows, last] = [counting(e, from, "column"), sub(e.size(from), 1)];
    const first = e.cast(low, "i64");
    const taps = [-1, 0, 1, 2].map((tap) => {
      const weight = onnxCubic(e, e.node("Abs", [apply("Sub", apply("Sub", at, low), number(tap))]));
      const here = e.node("Equal", [rows, min(max(add(first, tap), 0), last)]);
      return e.node("Where", [here, weight, number(0)]);
    });
    return taps.reduce((sum, tap) => apply("Add", sum, tap));
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
