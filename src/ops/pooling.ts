/** @file Pooling: the maximum or the average of a window that slides over one or two spatial axes. */
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
import type { Size, Sizes } from "../ir/size.ts";
import { withAxes, type TensorType } from "../ir/type.ts";
import { binary } from "../primitives/binary.ts";
import { imageShape, imageSizes, noPads, type Pads, type Pair } from "../primitives/image.ts";
import { broadcast, pad } from "../primitives/layout.ts";
import { pool } from "../primitives/pool.ts";
import { dtypeOf, floating } from "./conditions.ts";
import { fromImage, toImage } from "./image.ts";
import { extent, made, rows } from "./reading.ts";
import {
  axisAttribute,
  imageWindows,
  knownSpatial,
  padsOf,
  pairOfPads,
  perAxis,
  places,
  reach,
  requireWindows,
  spatialOf,
} from "./spatial.ts";

const attributes = {
  kernel: attribute("sizes", "size of the window"),
  stride: attribute("sizes", "step of the window; the size of the window unless given", { optional: true }),
  pad: attribute("padding", "a number, or pairs; `same`: (kernel - 1) / 2; `same_tf`: TensorFlow's", { default: 0 }),
  ceil_mode: attribute("bool", "whether a last window may reach beyond the end, as in PyTorch", { default: false }),
  axis: axisAttribute,
};
type Values = ValuesOf<typeof attributes>;

/** Before and after the input. Not for `same_tf`. */
function padSizes(sizes: Sizes, { kernel, pad }: Values, index: number): readonly [Size, Size] {
  if (typeof pad !== "string") return perAxis(pad, index);
  const half = sizes.divide(sizes.sub(perAxis(kernel, index), sizes.int(1)), sizes.int(2));
  return [half, half];
}

/** Whether the last window of `ceil_mode` would begin beyond the input and the pad before it; undefined while that depends on a size. */
function isBeyond(sizes: Sizes, attributes: Values, index: number, size: Size): boolean | undefined {
  const stride = perAxis(attributes.stride ?? attributes.kernel, index);
  const steps = sizes.ceil(reach(sizes, attributes, index, size), stride);
  const begin = sizes.constant(sizes.mul(steps, stride));
  const end = sizes.constant(sizes.add(size, padSizes(sizes, attributes, index)[0]));
  return begin === undefined || end === undefined ? undefined : begin >= end;
}

/** The size after pooling. With `ceil_mode` it is PyTorch's ceil(reach / stride) + 1, less a window that would begin beyond. */
function pooled(sizes: Sizes, attributes: Values, index: number, size: Size): Size {
  if (!attributes.ceil_mode || attributes.pad === "same_tf") return places(sizes, attributes, index, size);
  const stride = perAxis(attributes.stride ?? attributes.kernel, index);
  const steps = sizes.ceil(reach(sizes, attributes, index, size), stride);
  return isBeyond(sizes, attributes, index, size) === true ? steps : sizes.add(steps, sizes.int(1));
}

function pooledType(c: OperatorContext<Values>): TensorType {
  const { sizes } = c;
  const { kernel, stride = kernel, pad, ceil_mode } = c.attributes;
  dtypeOf(c, 0, floating);
  const axes = spatialOf(c);
  requireWindows(c, axes);
  for (const [i, axis] of axes.entries()) {
    if (pad === "same_tf") break;
    const [before, after] = padSizes(sizes, c.attributes, i);
    // So that every window has an element of the input.
    if (pad !== "same")
      for (const side of new Set([before, after]))
        c.atLeast(perAxis(kernel, i), sizes.add(side, sizes.int(1)), { attribute: "kernel", axis });
    // So that the last window begins in time whatever the size is.
    if (ceil_mode && isBeyond(sizes, c.attributes, i, c.size(0, axis)) === undefined)
      c.atLeast(perAxis(kernel, i), sizes.add(after, perAxis(stride, i)), { attribute: "kernel", axis });
  }
  return withAxes(
    c.input(0),
    axes.map((axis, i) => [axis, pooled(sizes, c.attributes, i, c.size(0, axis))]),
  );
}

/** One side of a window in the reference: the elements of the input below it, and how many of them or of the pads count. */
function below(start: number, kernel: number, size: number, pads: readonly [number, number] | undefined) {
  const [from, to] = [Math.max(start, 0), Math.min(start + kernel, size)];
  if (pads === undefined) return { from, to, count: to - from };
  return { from, to, count: Math.min(start + kernel, size + pads[1]) - start };
}

function pooledArray(c: ReferenceContext<Values>, kind: "avg" | "max", countsPads: boolean): NamedArray {
  const [input] = c.inputs;
  const [result] = c.results;
  const axes = knownSpatial(input!.axes, c.attributes.axis);
  const x = rows(input!, axes);
  const [height, width] = extent(input!, axes);
  const [newHeight, newWidth] = extent(result!, axes);
  const [rowWindow, columnWindow] = imageWindows(c.attributes, axes.length, (size) => c.size(size));
  const [rowPads, columnPads] = [padsOf(rowWindow, height), padsOf(columnWindow, width)];
  const counts = countsPads && c.attributes.pad !== "same_tf";
  const data = new Float64Array(x.count * newHeight * newWidth);
  let at = 0;
  for (let plane = 0; plane < x.count; plane++)
    for (let y = 0; y < newHeight; y++)
      for (let z = 0; z < newWidth; z++) {
        const [top, left] = [y * rowWindow.stride - rowPads[0], z * columnWindow.stride - columnPads[0]];
        const rowsBelow = below(top, rowWindow.kernel, height, counts ? rowPads : undefined);
        const columnsBelow = below(left, columnWindow.kernel, width, counts ? columnPads : undefined);
        let [largest, sum] = [-Infinity, 0];
        for (let row = rowsBelow.from; row < rowsBelow.to; row++)
          for (let column = columnsBelow.from; column < columnsBelow.to; column++) {
            const value = x.data[(plane * height + row) * width + column]!;
            largest = Math.max(largest, value);
            sum += value;
          }
        data[at++] = kind === "max" ? largest : sum / (rowsBelow.count * columnsBelow.count);
      }
  return made(data, [...x.axes, ...axes], result!);
}

/** What `ceil_mode` needs beyond the pads at the end of an axis, so that all windows are whole. */
function beyond(c: LoweringContext<Values>, index: number, size: Size, newSize: Size): Size {
  const { sizes } = c.p;
  if (!c.attributes.ceil_mode) return sizes.int(0);
  const { kernel, stride = kernel } = c.attributes;
  const last = sizes.mul(sizes.sub(newSize, sizes.int(1)), perAxis(stride, index));
  // reach = size + pads - kernel
  const missing = sizes.sub(last, reach(sizes, c.attributes, index, size));
  return (sizes.constant(missing) ?? 1n) < 0n ? sizes.int(0) : missing;
}

function lowerPool(c: LoweringContext<Values>, kind: "avg" | "max", countsPads: boolean): Laid {
  const { p, attributes } = c;
  const { sizes, layout } = p;
  const type = p.typeOf(c.inputs[0]!);
  const axes = knownSpatial(type.axes.keys(), attributes.axis);
  const windows = imageWindows(attributes, axes.length, (size) => p.int(size));
  const [rowWindow, columnWindow] = windows;
  const image = toImage(p, c.inputs[0]!, axes);
  const slide = (value: Positional, pads: Pads) =>
    p.emit(pool, [value], {
      kind,
      kernel: [sizes.int(rowWindow.kernel), sizes.int(columnWindow.kernel)],
      strides: [sizes.int(rowWindow.stride), sizes.int(columnWindow.stride)],
      pads,
      layout,
    });
  const finish = (value: Positional) => fromImage(p, image, value, c.results[0]!);

  const pads = pairOfPads(windows);
  if (pads === "same_tf") return finish(slide(image.value, pads));
  const [width, height = sizes.int(0)] = axes
    .map((axis, i) => beyond(c, i, type.axes.get(axis)!, c.results[0]!.axes.get(axis)!))
    .reverse();
  const extra = [height, width!] as const;
  const isWhole = extra.every((size) => size === sizes.int(0));
  const isPadded = pads.flat().some((count) => count > 0);
  if (isWhole && (!isPadded || ((kind === "max" || countsPads) && p.can("pool.pads"))))
    return finish(slide(image.value, pads));
  const fill = kind === "max" ? -Infinity : 0;
  const value = slide(withMargin(p, image.value, pads, extra, fill), noPads);
  if (kind === "max" || (isWhole && countsPads)) return finish(value);

  // The averages of ones are the parts of the windows that count.
  const { h, w } = imageSizes(image.value.shape, layout);
  const counted = countsPads ? pads : noPads;
  const one = sizes.int(1);
  const side = (size: Size, [before, after]: Pair<number>) => sizes.add(size, sizes.int(before + after));
  const shape = imageShape({ n: one, h: side(h, counted[0]), w: side(w, counted[1]), c: one }, layout);
  const ones = p.emit(broadcast, [p.scalar(1)], { shape });
  const parts = slide(withMargin(p, ones, countsPads ? noPads : pads, extra, 0), noPads);
  return finish(p.emit(binary, [value, parts], { function: "div" }));
}

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

export const maxpool = operator({
  name: "maxpool",
  doc: "The largest element of every window. Padding never wins.",
  inputs: tensors("x"),
  attributes,
  examples: [
    { code: "maxpool(x, kernel: 2)", inputs: "x: [n, c, h: 2*k, w: 2*l]" },
    { code: "maxpool(x, kernel: 3, stride: 2, pad: 1)", inputs: "x: [n, c, h, w]" },
  ],
  type: (c) => pooledType(c),
  reference: (c) => pooledArray(c, "max", false),
  lower: (c) => lowerPool(c, "max", false),
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
  ],
  type: (c) => pooledType(c),
  reference: (c) => pooledArray(c, "avg", c.attributes.count_include_pad),
  lower: (c) => lowerPool(c, "avg", c.attributes.count_include_pad),
});
