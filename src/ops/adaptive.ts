/** @file Pooling to a given size, as in PyTorch: window i of n goes from floor(i * size / n) to below ceil((i + 1) * size / n). */
import type { NamedArray } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import type { Laid, Lowering, Positional } from "../ir/lowering.ts";
import {
  operator,
  tensors,
  type LoweringContext,
  type OperatorContext,
  type ReferenceContext,
} from "../ir/operator.ts";
import { withAxes, type Axis, type TensorType } from "../ir/type.ts";
import { binary } from "../primitives/binary.ts";
import { imageSizes, noPads, type Pair } from "../primitives/image.ts";
import { pool } from "../primitives/pool.ts";
import { reduce } from "../primitives/reduce.ts";
import { windowShares, type Windows } from "../primitives/windows.ts";
import type { Size } from "../sizes/size.ts";
import { fromImage, toImage } from "./lowering/images.ts";
import { overVolume } from "./lowering/volumes.ts";
import {
  largest,
  linesOf,
  placedLargestOver,
  placeOfLargest,
  poolPlanes,
  spatialPositions,
  takeWindows,
  type Covered,
} from "./lowering/windows.ts";
import { made, rows, volumeExtent } from "./reference/rows.ts";
import { product, reshaped, sizesOf } from "./shared/axes.ts";
import { dtypeOf, floating, requireAxes } from "./shared/conditions.ts";
import { keyedSpatial, requirePerAxis, requireSpatialCount } from "./shared/spatial.ts";
import { over } from "./shared/traits.ts";

const pooledAxes = "the axes to pool, with their new sizes: `h: 7, w: 7`";
interface Values {
  readonly keyed: ReadonlyMap<Axis, readonly Size[]>;
}

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

/** The reference of `adaptive_avgpool`. */
export const averages = (c: ReferenceContext<Values>): NamedArray =>
  reference(c, (elements) => elements.reduce((a, b) => a + b, 0) / elements.length);

/** Lowers `adaptive_avgpool`. */
export const lowerAverages = (c: LoweringContext<Values>): Laid => lowerAdaptive(c, "avg");

type Kind = "avg" | "max";

/** How an axis is pooled. */
interface Pooling {
  /** Undefined if the size stays the same. */
  readonly windows: Windows | undefined;
  /** The size of all windows, 1 if the axis keeps its size; undefined if window sizes may differ. */
  readonly kernel: Size | undefined;
}

/** Returns the axes that are pooled, with their windows; undefined where the size stays the same. */
function windowsOf({ p, attributes, inputs, results }: LoweringContext<Values>) {
  const axes = keyedSpatial(attributes.keyed);
  const [from, to] = [sizesOf(p.typeOf(inputs[0]!), axes), sizesOf(results[0]!, axes)];
  const windows = to.map((count, i): Windows | undefined =>
    count === from[i] ? undefined : { kind: "adaptive", count },
  );
  return { axes, from, windows };
}

/**
 * Lowers windows of equal size to a pool of an image. Gathers other windows along one axis after the other, in any axis order.
 * A volume pools its planes first, then the depth: the mean (or maximum) of a box is that of the means (or maxima) of its
 * planes.
 */
function lowerAdaptive(c: LoweringContext<Values>, kind: Kind): Laid {
  const { p } = c;
  const [input, result] = [c.inputs[0]!, c.results[0]!];
  const { axes, from, windows } = windowsOf(c);
  const still: Pooling = { windows: undefined, kernel: p.sizes.int(1) };
  const [columns = still, rows = still, layers = still] = windows
    .map((each, i) => (each === undefined ? still : { windows: each, kernel: evenKernel(p, from[i]!, each) }))
    .toReversed();
  const [planes, depth] = [[rows, columns] as const, [layers, still] as const];
  if (!isPool(planes) && !isPool(depth)) {
    const { value, axes: order } = p.any(input);
    const positions = axes.map((axis) => order.indexOf(axis));
    return p.laid(overWindows(p, value, positions, windows, kind), order);
  }
  const pooled = (image: Positional, both: Pair<Pooling>): Positional => {
    if (isPool(both)) return evenPool(p, image, [both[0].kernel!, both[1].kernel!], kind);
    return overWindows(
      p,
      image,
      spatialPositions(p),
      both.map((one) => one.windows),
      kind,
    );
  };
  if (axes.length === 3) {
    const [overPlanes, overDepth] = [planes, depth].map((both) => (image: Positional) => pooled(image, both));
    return overVolume(p, input, axes, result, { planes: overPlanes!, depth: overDepth! });
  }
  const image = toImage(p, input, axes);
  return fromImage(p, image, pooled(image.value, planes), result);
}

/** Returns the size of all windows if the new size divides the old one. */
function evenKernel({ sizes }: Lowering, size: Size, { count }: Windows): Size | undefined {
  return sizes.constant(sizes.mod(size, count)) === 0n ? sizes.divide(size, count) : undefined;
}

/** Whether there is something to pool, with windows of equal size. */
function isPool(both: Pair<Pooling>): boolean {
  return both.every(({ kernel }) => kernel !== undefined) && both.some(({ windows }) => windows !== undefined);
}

/** Pools windows of equal size, by one pool or a reduction. */
function evenPool(p: Lowering, image: Positional, kernel: Pair<Size>, kind: Kind): Positional {
  const { sizes, layout } = p;
  const isKnown = kernel.every((size) => sizes.constant(size) !== undefined);
  if (isKnown || p.can("pool.symbolic-window"))
    return p.emit(pool, [image], { kind, kernel, strides: kernel, pads: noPads, layout });
  // Make windows axes of their own and reduce these.
  const { h, w } = imageSizes(image.shape, layout);
  const [rows, columns] = spatialPositions(p);
  const [height, width] = kernel;
  const [across, down] = [sizes.divide(w, width), sizes.divide(h, height)];
  const apart = image.shape.toSpliced(columns, 1, across, width).toSpliced(rows, 1, down, height);
  const whole = image.shape.with(columns, across).with(rows, down);
  const axes = [rows + 1, columns + 2];
  const name = kind === "avg" ? "mean" : "max";
  return reshaped(p, p.emit(reduce, [reshaped(p, image, apart)], { function: name, axes, keepdims: false }), whole);
}

/**
 * Pools windows of different sizes along some positions, one after the other. The last position of the value comes last,
 * because gathering single numbers is slow (tensorflow) and should read few.
 */
function overWindows(
  p: Lowering,
  value: Positional,
  positions: readonly number[],
  windows: readonly (Windows | undefined)[],
  kind: Kind,
): Positional {
  const rank = value.shape.length;
  const turn = (index: number): number => (positions[index]! + 1) % rank;
  return [...positions.keys()]
    .toSorted((a, b) => turn(b) - turn(a))
    .reduce((current, i) => {
      const along = windows[i];
      return along === undefined ? current : overWindow(p, current, positions[i]!, along, kind);
    }, value);
}

/** Computes the largest element of each window along one position, or the sum of its elements weighted by their shares. */
function overWindow(p: Lowering, value: Positional, axis: number, windows: Windows, kind: Kind): Positional {
  const { sizes } = p;
  const [before, after] = [value.shape.slice(0, axis), value.shape.slice(axis + 1)];
  // Gathered elements have one more axis, and wasm multiplies tensors of at most six.
  if (value.shape.length > 5) {
    const folded = reshaped(p, value, [product(sizes, before), value.shape[axis]!, product(sizes, after)]);
    return reshaped(p, overWindow(p, folded, 1, windows, kind), value.shape.with(axis, windows.count));
  }
  const taken = takeWindows(p, value, axis, windows);
  const over = { axes: [axis + 1], keepdims: false };
  if (kind === "max") return p.emit(reduce, [taken], { function: "max", ...over });
  const shares = p.emit(windowShares, [], { size: value.shape[axis]!, count: windows.count });
  const one = sizes.int(1);
  const aligned = reshaped(p, shares, [...shares.shape, ...after.map(() => one)]);
  const shared = p.emit(binary, [taken, aligned], { function: "mul" });
  return p.emit(reduce, [shared], { function: "sum", ...over });
}

export const adaptive_avgpool = operator({
  name: "adaptive_avgpool",
  doc: "Average pooling to a given size, over one to three axes. The windows divide each axis evenly; they overlap if the new size does not divide the old one.",
  inputs: tensors("x"),
  attributes: { keyed: attribute("keyed", pooledAxes, { unordered: true }) },
  examples: [
    { code: "adaptive_avgpool(x, h: 3, w: 2)", inputs: "x: [n, c, h, w]" },
    { code: "adaptive_avgpool(x, h: 2, w: 3)", inputs: "x: [n, c, h: 2*k, w: 3*l]" },
    { code: "adaptive_avgpool(x, t: 4)", inputs: "x: [n, t, d]" },
    { code: "adaptive_avgpool(x, d: 2, h: 3, w: 2)", inputs: "x: [n, c, d, h, w]" },
    { code: "y + adaptive_avgpool(x, h: a, w: b)", inputs: "x: [n, c, h, w], y: [n, c, h: a, w: b]" },
  ],
  type: (c) => pooledType(c),
  trait: (c) => over(keyedSpatial(c.attributes.keyed), { is: "linear", unit: true }),
  reference: (c) => averages(c),
  lower: (c) => lowerAverages(c),
});

export const adaptive_maxpool = operator({
  name: "adaptive_maxpool",
  doc: "Max pooling to a given size, over one to three axes. The windows divide each axis evenly; they overlap if the new size does not divide the old one. With `indices`, also returns the positions of the largest elements.",
  inputs: tensors("x"),
  attributes: {
    // The order of the axes determines the flat indices.
    keyed: attribute("keyed", pooledAxes),
    indices: attribute(
      "bool",
      "whether to return a second result, i32: the flat index of each element in the pooled axes, in their order (`d`, `h`, `w`, or else as written)",
      {
        default: false,
      },
    ),
  },
  exact: true,
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
  trait: (c) => over(keyedSpatial(c.attributes.keyed), { is: c.attributes.indices ? "any" : "largest" }),
  reference: (c) => {
    const value = reference(c, largest);
    return c.attributes.indices ? [value, reference(c, placeOfLargest, "i32")] : value;
  },
  lower: (c) => {
    if (!c.attributes.indices) return lowerAdaptive(c, "max");
    const { axes, windows } = windowsOf(c);
    return placedLargestOver(c.p, c.inputs[0]!, axes, windows, c.results);
  },
});
