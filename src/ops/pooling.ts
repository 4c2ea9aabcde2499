/** @file Pooling: the maximum or the average of a window that slides over one to three spatial axes. */
import type { DType, NamedArray } from "../contract/ndarray.ts";
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import type { Laid, Lowering, Positional } from "../ir/lowering.ts";
import {
  operator,
  tensors,
  type LoweringContext,
  type OperatorContext,
  type ReferenceContext,
} from "../ir/operator.ts";
import { withAxes, type Axis, type Tensor, type TensorType } from "../ir/type.ts";
import { binary } from "../primitives/binary.ts";
import { imageShape, imageSizes, noPads, type Pads, type Pair } from "../primitives/image.ts";
import { broadcast, pad } from "../primitives/layout.ts";
import { pool } from "../primitives/pool.ts";
import type { Windows } from "../primitives/windows.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { mul, pow } from "./elementwise.ts";
import { sqrt, square } from "./functions.ts";
import { dilatedPool } from "./lowering/dilated-pool.ts";
import { fromImage, toImage } from "./lowering/images.ts";
import { overVolume } from "./lowering/volumes.ts";
import { largest, linesOf, placedLargestOver, placeOfLargest, poolPlanes, type Covered } from "./lowering/windows.ts";
import { made, rows, volumeExtent } from "./reference/rows.ts";
import { product, sizesOf } from "./shared/axes.ts";
import { dtypeOf, floating, refuse, requireNumber } from "./shared/conditions.ts";
import {
  axisAttribute,
  imageWindows,
  knownSpatial,
  padSizes,
  padsOf,
  pairOfPads,
  perAxis,
  places,
  reach,
  requireWindows,
  spanOf,
  spatialOf,
  volumeWindows,
  withSpatial,
  type Window,
} from "./shared/spatial.ts";
import { over } from "./shared/traits.ts";

const attributes = {
  kernel: attribute("sizes", "size of the window"),
  stride: attribute("sizes", "step of the window; by default, the size of the window", { optional: true }),
  pad: attribute("padding", "a number, one per axis or pairs; `same`: (kernel - 1) / 2; `same_tf`: TensorFlow's", {
    default: 0,
    choices: ["same", "same_tf"],
  }),
  dilation: attribute("sizes", "step between the elements of a window", { default: 1 }),
  ceil_mode: attribute("bool", "whether the last window may reach beyond the end, as in PyTorch", { default: false }),
  axis: axisAttribute,
};
type Values = ValuesOf<typeof attributes>;

/**
 * Whether the last window of `ceil_mode` always begins in the input or in the pad before it: the window reaches at least
 * `stride` beyond the pad after it. Undefined while that depends on a parameter.
 */
function reachesStride(sizes: Sizes, attributes: Values, index: number): boolean | undefined {
  const surplus = sizes.constant(surplusOf(sizes, attributes, index));
  return surplus === undefined ? undefined : surplus >= 0n;
}

/** Returns by how much the window is larger than `stride` and the pad after it. */
function surplusOf(sizes: Sizes, attributes: Values, index: number): Size {
  const stride = perAxis(attributes.stride ?? attributes.kernel, index);
  const reached = sizes.add(spanOf(sizes, attributes, index), sizes.int(1));
  return sizes.sub(reached, sizes.add(padSizes(sizes, attributes, index)[1], stride));
}

/**
 * Returns the size after pooling. With `ceil_mode`, it is PyTorch's: ceil(reach / stride) + 1 windows, or one fewer if the
 * last would begin after the input. It can only do so if it does not `reachesStride`, and then ceil((size + pad) / stride)
 * windows begin before that.
 */
function pooled(sizes: Sizes, attributes: Values, index: number, size: Size): Size {
  if (!attributes.ceil_mode || attributes.pad === "same_tf") return places(sizes, attributes, index, size);
  const stride = perAxis(attributes.stride ?? attributes.kernel, index);
  if (reachesStride(sizes, attributes, index) === false)
    return sizes.ceil(sizes.add(size, padSizes(sizes, attributes, index)[0]), stride);
  return sizes.add(sizes.ceil(reach(sizes, attributes, index, size), stride), sizes.int(1));
}

function pooledType(c: OperatorContext<Values>): TensorType {
  const { sizes } = c;
  const { kernel, stride = kernel, dilation, pad, ceil_mode } = c.attributes;
  dtypeOf(c, 0, floating);
  const axes = spatialOf(c);
  requireWindows(c, c.attributes, axes);
  const one = sizes.int(1);
  for (const [i, axis] of axes.entries()) {
    const gap = perAxis(dilation, i);
    if (pad === "same_tf") {
      if (gap !== one) refuse(c, "pad", "a number, pairs or `same` if `dilation` is not 1", "`same_tf`");
      continue;
    }
    const [before, after] = padSizes(sizes, c.attributes, i);
    const reached = sizes.add(spanOf(sizes, c.attributes, i), one);
    // Every window must cover an element of the input: it must be larger than the pad, and must not straddle the input.
    if (pad !== "same")
      for (const side of new Set([before, after]))
        c.atLeast(reached, sizes.add(side, one), {
          attribute: "kernel",
          axis,
          why: "every window must cover an element of the input, so it must be larger than the padding",
        });
    const isCentred = pad === "same" && (sizes.constant(perAxis(kernel, i)) ?? 0n) % 2n === 1n;
    const isPadded = [before, after].some((side) => side !== sizes.int(0));
    if (gap !== one && isPadded && !isCentred)
      c.atLeast(c.size(0, axis), gap, {
        inputs: [0],
        axis,
        why: "every window must cover an element of the input, so the axis must not be smaller than `dilation`",
      });
    if (ceil_mode && reachesStride(sizes, c.attributes, i) === undefined)
      c.atLeast(reached, sizes.add(after, perAxis(stride, i)), {
        attribute: "kernel",
        axis,
        why: "with `ceil_mode`, a smaller kernel drops the last window for some sizes; with numbers for `kernel`, `stride` and `pad`, both are possible",
      });
  }
  return withAxes(
    c.input(0),
    axes.map((axis, i) => [axis, pooled(sizes, c.attributes, i, c.size(0, axis))]),
  );
}

function pooledAxes({ attributes, inputs: [x] }: OperatorContext<Values>): readonly Axis[] {
  return knownSpatial(x!.axes.keys(), attributes.axis);
}

/** Whether elements of the padding count in an average. */
function countsPads(c: OperatorContext<Values & { readonly count_include_pad: boolean }>): boolean {
  const { pad, count_include_pad } = c.attributes;
  if (!count_include_pad || pad === "same_tf") return false;
  const none = c.sizes.int(0);
  return pooledAxes(c).some((_, i) => padSizes(c.sizes, c.attributes, i).some((size) => size !== none));
}

/** The elements that windows cover, and how many count in each. */
interface Counted {
  readonly elements: Covered;
  readonly counts: readonly number[];
}

/** Returns what the windows along one axis cover: elements of the input, and how many count, possibly including pads. */
function coveredBy(window: Window, size: number, count: number, countsPads: boolean): Counted {
  const [before, after] = padsOf(window, size);
  const within = (from: number, to: number): Covered =>
    Array.from({ length: count }, (_, i) =>
      Array.from({ length: window.kernel }, (_, j) => i * window.stride - before + j * window.dilation).filter(
        (at) => at >= from && at < to,
      ),
    );
  const elements = within(0, size);
  const counted = countsPads && window.pads !== "same_tf" ? within(-before, size + after) : elements;
  return { elements, counts: counted.map(({ length }) => length) };
}

/** The reference of a pool. `value` gets the elements of a window, their flat indices, and how many elements count. */
function pooledArray(
  c: ReferenceContext<Values>,
  value: (elements: readonly number[], indices: readonly number[], count: number) => number,
  { countsPads = false, dtype = "f32" }: { readonly countsPads?: boolean; readonly dtype?: DType } = {},
): NamedArray {
  const [input] = c.inputs;
  const [result] = c.results;
  const axes = knownSpatial(input!.axes, c.attributes.axis);
  const x = rows(input!, axes);
  const [depth, height, width] = volumeExtent(input!, axes);
  const [newDepth, newHeight, newWidth] = volumeExtent(result!, axes);
  const windows = volumeWindows(c.attributes, axes.length, (size) => c.size(size));
  const layers = coveredBy(windows[0], depth, newDepth, countsPads);
  const lines = coveredBy(windows[1], height, newHeight, countsPads);
  const columns = coveredBy(windows[2], width, newWidth, countsPads);
  const lineCounts = layers.counts.flatMap((count) => lines.counts.map((other) => count * other));
  const covered = [linesOf(layers.elements, lines.elements, height), columns.elements] as const;
  const data = poolPlanes(x, width, covered, (elements, indices, y, z) =>
    value(elements, indices, lineCounts[y]! * columns.counts[z]!),
  );
  return made(data, [...x.axes, ...axes], result!, dtype);
}

/** Returns the extra padding at the end of an axis that makes all windows of `ceil_mode` whole, and adds none. */
function beyond(sizes: Sizes, attributes: Values, index: number, size: Size, newSize: Size): Size {
  if (!attributes.ceil_mode) return sizes.int(0);
  const { kernel, stride = kernel } = attributes;
  const last = sizes.mul(sizes.sub(newSize, sizes.int(1)), perAxis(stride, index));
  // reach = size + pads - kernel
  const missing = sizes.sub(last, reach(sizes, attributes, index, size));
  // Negative if whole windows leave a rest, which is less than this surplus is below 0. Both are smaller than a stride.
  return reachesStride(sizes, attributes, index) === false
    ? sizes.sub(missing, surplusOf(sizes, attributes, index))
    : missing;
}

/** Pools an image whose one or two axes have these sizes before and after. */
type PoolImage = (
  p: Lowering,
  attributes: Values,
  image: Positional,
  from: readonly Size[],
  to: readonly Size[],
) => Positional;

/** Pools one or two axes at once and three in two steps, because pooling works axis by axis. */
function lowerPool(
  { p, attributes, inputs: [x], results: [result] }: LoweringContext<Values>,
  pooled: PoolImage,
): Laid {
  const type = p.typeOf(x!);
  const axes = knownSpatial(type.axes.keys(), attributes.axis);
  const [from, to] = [sizesOf(type, axes), sizesOf(result!, axes)];
  if (axes.length < 3) {
    const image = toImage(p, x!, axes);
    return fromImage(p, image, pooled(p, attributes, image.value, from, to), result!);
  }
  return overVolume(p, x!, axes, result!, {
    planes: (image) => pooled(p, onAxes(p, attributes, [1, 2]), image, from.slice(1), to.slice(1)),
    depth: (image) => {
      const { h, w } = imageSizes(image.shape, p.layout);
      return pooled(p, onAxes(p, attributes, [0, undefined]), image, [h, w], [to[0]!, w]);
    },
  });
}

/** Returns the attributes for some of the axes. An undefined axis has windows of one element. */
function onAxes(p: Lowering, attributes: Values, indices: readonly (number | undefined)[]): Values {
  const [none, one] = [p.sizes.int(0), p.sizes.int(1)];
  const of = <T>(values: readonly T[], other: T): T[] =>
    indices.map((index) => (index === undefined ? other : perAxis(values, index)));
  const { kernel, stride, dilation, pad } = attributes;
  return {
    ...attributes,
    kernel: of(kernel, one),
    stride: stride && of(stride, one),
    dilation: of(dilation, one),
    pad: typeof pad === "string" ? pad : of(pad, [none, none]),
  };
}

const slidden =
  (kind: "avg" | "max", countsPads: boolean): PoolImage =>
  (p, attributes, image, from, to) => {
    const { sizes, layout } = p;
    const windows = imageWindows(attributes, from.length, (size) => p.int(size));
    const [rowWindow, columnWindow] = windows;
    const slide = (value: Positional, pads: Pads) =>
      p.emit(pool, [value], {
        kind,
        kernel: [sizes.int(rowWindow.kernel), sizes.int(columnWindow.kernel)],
        strides: [sizes.int(rowWindow.stride), sizes.int(columnWindow.stride)],
        pads,
        layout,
      });

    const pads = pairOfPads(windows);
    if (pads === "same_tf") return slide(image, pads);
    const [width, height = sizes.int(0)] = from.map((size, i) => beyond(sizes, attributes, i, size, to[i]!)).reverse();
    const extra = [height, width!] as const;
    const isWhole = extra.every((size) => size === sizes.int(0));
    const isPadded = pads.flat().some((count) => count > 0);
    const canPad = (kind === "max" && p.can("maxpool.pads")) || (kind === "avg" && countsPads && p.can("avgpool.pads"));
    if (isWhole && (!isPadded || canPad)) return slide(image, pads);
    const fill = kind === "max" ? -Infinity : 0;
    const value = slide(withMargin(p, image, pads, extra, fill), noPads);
    if (kind === "max" || (isWhole && countsPads)) return value;

    // Averages of ones give the share of each window that counts.
    const { h, w } = imageSizes(image.shape, layout);
    const counted = countsPads ? pads : noPads;
    const one = sizes.int(1);
    const side = (size: Size, [before, after]: Pair<number>) => sizes.add(size, sizes.int(before + after));
    const shape = imageShape({ n: one, h: side(h, counted[0]), w: side(w, counted[1]), c: one }, layout);
    const ones = p.emit(broadcast, [p.scalar(1)], { shape });
    const parts = slide(withMargin(p, ones, countsPads ? noPads : pads, extra, 0), noPads);
    return p.emit(binary, [value, parts], { function: "div" });
  };

function withMargin(
  p: Lowering,
  image: Positional,
  pads: Pair<Pair<number>>,
  extra: Pair<Size>,
  value: number,
): Positional {
  const none = [p.sizes.int(0), p.sizes.int(0)] as const;
  const [h, w] = pads.map(
    ([before, after], i) => [p.sizes.int(before), p.sizes.add(p.sizes.int(after), extra[i]!)] as const,
  );
  return p.emit(pad, [image], {
    pads: imageShape({ n: none, h: h!, w: w!, c: none }, p.layout),
    mode: "constant",
    value,
  });
}

/** Computes the largest elements and their positions, by gathering windows from the input. */
function lowerPlaced({ p, attributes, inputs: [x], results }: LoweringContext<Values>): readonly Laid[] {
  const axes = knownSpatial(p.typeOf(x!).axes.keys(), attributes.axis);
  const counts = sizesOf(results[0]!, axes);
  const windows = volumeWindows(attributes, axes.length, (size) => p.int(size)).slice(-axes.length);
  const sliding = windows.map((window, i): Windows => ({ ...window, kind: "sliding", count: counts[i]! }));
  return placedLargestOver(p, x!, axes, sliding, results);
}

/** Pools with dilated windows, one axis after the other. */
const dilated =
  (kind: "avg" | "max", countsPads: boolean): PoolImage =>
  (p, attributes, image, from, to) => {
    const { sizes, layout } = p;
    const [none, one] = [sizes.int(0), sizes.int(1)];
    const windows = imageWindows(attributes, from.length, (size) => p.int(size)).slice(-from.length);
    const sides = (["h", "w"] as const).slice(-from.length);
    const extra = from.map((size, i) => beyond(sizes, attributes, i, size, to[i]!));
    const padded = from.map((size, i) => sizes.add(size, sizes.int(sum(padsOf(windows[i]!, 0)))));
    const along = (value: Positional, windows: readonly Window[]) =>
      windows.reduce((current, window, i) => {
        const reached = sizes.add(padded[i]!, extra[i]!);
        return dilatedPool(p, kind, current, { side: sides[i]!, window, reached, count: to[i]! });
      }, value);
    const value = along(image, windows);
    const isWhole = extra.every((size) => size === none);
    const isPadded = padded.some((size, i) => size !== from[i]);
    if (kind === "max" || (isWhole && (countsPads || !isPadded))) return value;

    // Averages of ones give the share of each window that counts.
    const counted = countsPads ? padded : from;
    const [w, h = one] = counted.toReversed();
    const ones = p.emit(broadcast, [p.scalar(1)], { shape: imageShape({ n: one, h, w: w!, c: one }, layout) });
    const unpadded = windows.map((window): Window => ({ ...window, pads: [0, 0] }));
    return p.emit(binary, [value, along(ones, countsPads ? unpadded : windows)], { function: "div" });
  };

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

/** Whether elements of a window are apart. */
const isDilated = (p: Lowering, dilation: readonly Size[]): boolean => dilation.some((size) => p.int(size) !== 1);

export const maxpool = operator({
  name: "maxpool",
  doc: "The largest element of every window. With `indices`, also returns its position. Padding never wins.",
  inputs: tensors("x"),
  attributes: {
    ...attributes,
    indices: attribute(
      "bool",
      "whether to return a second result, i32: the flat index of each element in the spatial axes, without padding",
      {
        default: false,
      },
    ),
  },
  exact: true,
  examples: [
    { code: "maxpool(x, kernel: 2)", inputs: "x: [n, c, h: 2*k, w: 2*l]" },
    { code: "maxpool(x, kernel: 3, stride: 2, pad: 1)", inputs: "x: [n, c, h, w]" },
    { code: "maxpool(x, kernel: 3, stride: 1, pad: same, dilation: 2)", inputs: "x: [n, c, h, w]" },
    { code: "maxpool(x, kernel: 3, pad: 1, ceil_mode: true)", inputs: "x: [n, c, h, w]" },
    {
      code: "maxpool(x, kernel: [3, 4], stride: 2, pad: 1, ceil_mode: true, indices: true)",
      inputs: "x: [n, c, h, w]",
    },
    { code: "maxpool(x, kernel: 3, stride: 2, pad: same_tf, indices: true, axis: t)", inputs: "x: [n, t, d]" },
    { code: "maxpool(x, kernel: 3, stride: [1, 2, 2], pad: 1, ceil_mode: true)", inputs: "x: [n, c, d, h, w]" },
    { code: "maxpool(x, kernel: [2, 3, 2], stride: 2, pad: 1, indices: true)", inputs: "x: [n, c, d, h, w]" },
  ],
  type: (c) => {
    const type = pooledType(c);
    return c.attributes.indices ? [type, { dtype: "i32", axes: type.axes }] : type;
  },
  resolve: withSpatial,
  trait: (c) => over(pooledAxes(c), { is: c.attributes.indices ? "any" : "largest" }),
  reference: (c) => {
    const value = pooledArray(c, largest);
    return c.attributes.indices ? [value, pooledArray(c, placeOfLargest, { dtype: "i32" })] : value;
  },
  lower: (c) => {
    const { dilation, indices } = c.attributes;
    if (indices) return lowerPlaced(c);
    return lowerPool(c, (isDilated(c.p, dilation) ? dilated : slidden)("max", false));
  },
});

export const avgpool = operator({
  name: "avgpool",
  doc: "The average of every window. Padding counts as zeros, unless it is `same_tf` or `count_include_pad` is false.",
  inputs: tensors("x"),
  attributes: {
    ...attributes,
    count_include_pad: attribute("bool", "whether padding counts in the average", { default: true }),
  },
  examples: [
    { code: "avgpool(x, kernel: 2)", inputs: "x: [n, c, h: 2*k, w: 2*l]" },
    { code: "avgpool(x, kernel: 3, stride: 1, pad: 1, count_include_pad: false)", inputs: "x: [n, c, h, w]" },
    { code: "avgpool(x, kernel: 3, stride: 4, pad: 1, ceil_mode: true)", inputs: "x: [n, c, h, w]" },
    { code: "avgpool(x, kernel: 3, stride: 1, pad: same, dilation: 2)", inputs: "x: [n, c, h, w]" },
    { code: "avgpool(x, kernel: 3, stride: [1, 2, 1], pad: same_tf)", inputs: "x: [n, d, h, w, c]" },
  ],
  type: (c) => pooledType(c),
  resolve: withSpatial,
  trait: (c) => over(pooledAxes(c), { is: "linear", ...(!countsPads(c) && { unit: true }) }),
  reference: (c) =>
    pooledArray(c, (elements, _, count) => sum(elements) / count, {
      countsPads: c.attributes.count_include_pad,
    }),
  lower: (c) => {
    const { dilation, count_include_pad } = c.attributes;
    return lowerPool(c, (isDilated(c.p, dilation) ? dilated : slidden)("avg", count_include_pad));
  },
});

export const lppool = operator({
  name: "lppool",
  doc: "The p-norm of every window. As in PyTorch, elements keep their signs under odd powers. If `ceil_mode` or `same_tf` cuts a window off, the sum over the rest is scaled up to the full window.",
  inputs: tensors("x"),
  attributes: {
    norm_type: attribute("number", "exponent of the norm, positive", { default: 2 }),
    ...attributes,
  },
  examples: [
    { code: "lppool(x, kernel: 2)", inputs: "x: [n, c, h: 2*k, w: 2*l]" },
    { code: "lppool(x, norm_type: 1, kernel: 3, stride: 2, pad: 1)", inputs: "x: [n, c, h, w]" },
    { code: "lppool(abs(x), norm_type: 3, kernel: [2, 3], stride: 2, ceil_mode: true)", inputs: "x: [n, c, h, w]" },
  ],
  type: (c) => {
    requireNumber(c, "norm_type", c.attributes.norm_type, "a positive number", (p) => p > 0 && p < Infinity);
    return pooledType(c);
  },
  resolve: withSpatial,
  trait: (c) => over(pooledAxes(c), { is: "any" }),
  expand: (g) => {
    const { norm_type, ...window } = g.attributes;
    const x = g.inputs[0]!;
    const power = (value: Tensor, exponent: number) => g.node(pow, [value, g.scalar(exponent)], {});
    const powers = norm_type === 1 ? x : norm_type === 2 ? g.node(square, [x], {}) : power(x, norm_type);
    const axes = knownSpatial(x.type.axes.keys(), window.axis);
    const elements = product(
      g.sizes,
      axes.map((_, i) => perAxis(window.kernel, i)),
    );
    const averages = g.node(avgpool, [powers], { ...window, count_include_pad: true });
    const sums = g.node(mul, [averages, g.scalar(elements)], {});
    return norm_type === 1 ? sums : norm_type === 2 ? g.node(sqrt, [sums], {}) : power(sums, 1 / norm_type);
  },
});
