/** @file Pooling to a given size, as PyTorch's: window i of n is from floor(i * size / n) to below ceil((i + 1) * size / n). */
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import type { Laid, Lowering, Positional } from "../ir/lowering.ts";
import type { NamedArray } from "../ir/ndarray.ts";
import {
  operator,
  tensors,
  type LoweringContext,
  type OperatorContext,
  type ReferenceContext,
} from "../ir/operator.ts";
import type { Size } from "../ir/size.ts";
import { withAxes, type TensorType } from "../ir/type.ts";
import { binary } from "../primitives/binary.ts";
import { imageSizes, noPads, type Pair } from "../primitives/image.ts";
import { pool } from "../primitives/pool.ts";
import { reduce } from "../primitives/reduce.ts";
import { windowShares, type Windows } from "../primitives/windows.ts";
import { dtypeOf, floating, requireAxes } from "./conditions.ts";
import { fromImage, toImage } from "./image.ts";
import { reshaped, sizesOf } from "./positions.ts";
import { made, rows, volumeExtent } from "./reading.ts";
import { keyedSpatial, requirePerAxis, requireSpatialCount } from "./spatial.ts";
import { overVolume } from "./volume.ts";
import {
  largest,
  largestOf,
  linesOf,
  placedLargestOver,
  placeOfLargest,
  poolPlanes,
  spatialPositions,
  takeWindows,
  type Covered,
} from "./windows.ts";

const attributes = { keyed: attribute("keyed", "the axes that are pooled, with their new sizes: `h: 7, w: 7`") };
type Values = ValuesOf<typeof attributes>;

function pooledType(c: OperatorContext<Values>): TensorType {
  const { keyed } = c.attributes;
  dtypeOf(c, 0, floating);
  if (keyed.size === 0) c.complain("missing-attribute", { callee: c.callee, name: "h" }, {});
  requireSpatialCount(c, keyed);
  for (const [axis, sizes] of keyed) {
    requireAxes(c, 0, [axis], axis);
    requirePerAxis(c, axis, sizes, [axis]);
  }
  return withAxes(
    c.input(0),
    [...keyed].map(([axis, sizes]) => [axis, sizes[0]!]),
  );
}

function covered(size: number, count: number): Covered {
  return Array.from({ length: count }, (_, i) => {
    const [start, end] = [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)];
    return Array.from({ length: end - start }, (_, j) => start + j);
  });
}

function reference(
  c: ReferenceContext<Values>,
  value: (elements: readonly number[], indices: readonly number[]) => number,
  dtype: "f32" | "i32" = "f32",
): NamedArray {
  const [input] = c.inputs;
  const [result] = c.results;
  const axes = keyedSpatial(c.attributes.keyed);
  const x = rows(input!, axes);
  const [depth, height, width] = volumeExtent(input!, axes);
  const [newDepth, newHeight, newWidth] = volumeExtent(result!, axes);
  const lines = linesOf(covered(depth, newDepth), covered(height, newHeight), height);
  const data = poolPlanes(x, width, [lines, covered(width, newWidth)], value);
  return made(data, [...x.axes, ...axes], result!, dtype);
}

/** The axes that are pooled, with the windows over them; none where the size stays. */
function windowsOf({ p, attributes, inputs, results }: LoweringContext<Values>) {
  const axes = keyedSpatial(attributes.keyed);
  const [from, to] = [sizesOf(p.typeOf(inputs[0]!), axes), sizesOf(results[0]!, axes)];
  const windows = to.map((count, i): Windows | undefined =>
    count === from[i] ? undefined : { kind: "adaptive", count },
  );
  return { axes, windows };
}

/** Pools over height and width, and then over depth: the mean or the largest element of a box is that of its planes'. */
function lowerAdaptive(
  c: LoweringContext<Values>,
  pooled: (image: Positional, windows: Pair<Windows | undefined>) => Positional,
): Laid {
  const { p } = c;
  const { axes, windows } = windowsOf(c);
  const [columns, rows, layers] = windows.toReversed();
  const planes = (image: Positional) => pooled(image, [rows, columns]);
  if (axes.length === 3) {
    const depth = (image: Positional) => pooled(image, [layers, undefined]);
    return overVolume(p, c.inputs[0]!, axes, c.results[0]!, { planes, depth });
  }
  const image = toImage(p, c.inputs[0]!, axes);
  return fromImage(p, image, planes(image.value), c.results[0]!);
}

/** Windows of one size: one pool, or a reduction, where every new size divides the old one; undefined where it may not. */
function evenPool(
  p: Lowering,
  image: Positional,
  windows: Pair<Windows | undefined>,
  kind: "avg" | "max",
): Positional | undefined {
  const { sizes, layout } = p;
  if (windows.every((window) => window === undefined)) return image;
  const { h, w } = imageSizes(image.shape, layout);
  const kernelOf = (size: Size, window: Windows | undefined): Size | undefined => {
    if (window === undefined) return sizes.int(1);
    return sizes.constant(sizes.mod(size, window.count)) === 0n ? sizes.divide(size, window.count) : undefined;
  };
  const [height, width] = [kernelOf(h, windows[0]), kernelOf(w, windows[1])];
  if (height === undefined || width === undefined) return undefined;
  const kernel = [height, width] as const;
  const isKnown = kernel.every((size) => sizes.constant(size) !== undefined);
  if (isKnown || p.can("pool.symbolic-window"))
    return p.emit(pool, [image], { kind, kernel, strides: kernel, pads: noPads, layout });
  // Windows become axes of their own, which are reduced.
  const [rows, columns] = spatialPositions(p);
  const [across, down] = [sizes.divide(w, width), sizes.divide(h, height)];
  const apart = image.shape.toSpliced(columns, 1, across, width).toSpliced(rows, 1, down, height);
  const whole = image.shape.with(columns, across).with(rows, down);
  const axes = [rows + 1, columns + 2];
  const name = kind === "avg" ? "mean" : "max";
  return reshaped(p, p.emit(reduce, [reshaped(p, image, apart)], { function: name, axes, keepdims: false }), whole);
}

/** The means of the windows along one axis: sums of their elements, each by its share. */
function means(p: Lowering, value: Positional, axis: number, windows: Windows | undefined): Positional {
  if (windows === undefined) return value;
  const taken = takeWindows(p, value, axis, windows);
  const shares = p.emit(windowShares, [], { size: value.shape[axis]!, count: windows.count });
  const one = p.sizes.int(1);
  const aligned = reshaped(p, shares, [...shares.shape, ...value.shape.slice(axis + 1).map(() => one)]);
  const shared = p.emit(binary, [taken, aligned], { function: "mul" });
  return p.emit(reduce, [shared], { function: "sum", axes: [axis + 1], keepdims: false });
}

export const adaptive_avgpool = operator({
  name: "adaptive_avgpool",
  doc: "The averages of windows that divide one to three axes evenly, as many as the new size says; where that does not divide the old one they overlap.",
  inputs: tensors("x"),
  attributes,
  examples: [
    { code: "adaptive_avgpool(x, h: 3, w: 2)", inputs: "x: [n, c, h, w]" },
    { code: "adaptive_avgpool(x, h: 2, w: 3)", inputs: "x: [n, c, h: 2*k, w: 3*l]" },
    { code: "adaptive_avgpool(x, t: 4)", inputs: "x: [n, t, d]" },
    { code: "adaptive_avgpool(x, d: 2, h: 3, w: 2)", inputs: "x: [n, c, d, h, w]" },
    { code: "y + adaptive_avgpool(x, h: a, w: b)", inputs: "x: [n, c, h, w], y: [n, c, h: a, w: b]" },
  ],
  type: (c) => pooledType(c),
  reference: (c) => reference(c, (elements) => elements.reduce((a, b) => a + b, 0) / elements.length),
  lower: (c) => {
    const { p } = c;
    const [height, width] = spatialPositions(p);
    return lowerAdaptive(
      c,
      (image, windows) =>
        evenPool(p, image, windows, "avg") ?? means(p, means(p, image, height, windows[0]), width, windows[1]),
    );
  },
});

export const adaptive_maxpool = operator({
  name: "adaptive_maxpool",
  doc: "The largest elements of windows that divide one to three axes evenly, as many as the new size says; with `indices` also where they are.",
  inputs: tensors("x"),
  attributes: {
    ...attributes,
    indices: attribute(
      "bool",
      "a second result, i32: the flat index of each in the axes that are pooled, in their order (`d`, `h`, `w`, or else as written)",
      {
        default: false,
      },
    ),
  },
  examples: [
    { code: "adaptive_maxpool(x, h: 3, w: 2)", inputs: "x: [n, c, h, w]" },
    { code: "adaptive_maxpool(x, h: 2, w: 3)", inputs: "x: [n, c, h: 2*k, w: 3*l]" },
    { code: "adaptive_maxpool(x, h: 3, w: 4, indices: true)", inputs: "x: [n, c, h, w]" },
    { code: "adaptive_maxpool(x, t: 4, indices: true)", inputs: "x: [n, t, d]" },
    { code: "adaptive_maxpool(x, d: 2, h: 3, w: 4)", inputs: "x: [n, c, d: 2*k, h, w]" },
    { code: "adaptive_maxpool(x, w: 2, h: 3, d: 4, indices: true)", inputs: "x: [n, c, d, h, w]" },
  ],
  type: (c) => {
    const type = pooledType(c);
    return c.attributes.indices ? [type, { dtype: "i32", axes: type.axes }] : type;
  },
  reference: (c) => {
    const value = reference(c, largest);
    return c.attributes.indices ? [value, reference(c, placeOfLargest, "i32")] : value;
  },
  lower: (c) => {
    const { p } = c;
    if (c.attributes.indices) {
      const { axes, windows } = windowsOf(c);
      return placedLargestOver(p, c.inputs[0]!, axes, windows, c.results);
    }
    return lowerAdaptive(c, (image, windows) => evenPool(p, image, windows, "max") ?? largestOf(p, image, windows));
  },
});
