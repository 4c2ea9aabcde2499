/** @file Convolution as a product: the rows are windows of an image whose margins are in memory, the columns are channels. */
import { elements } from "../../contract/ndarray.ts";
import type { V128 } from "../../wasm/code.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import { side, type Pads, type Pair } from "../image.ts";
import type { Kernel, KernelEmitter, Located } from "./emitter.ts";
import { padded } from "./margin.ts";
import { panelsOf } from "./panels.ts";
import { multiplied, panelElements } from "./product.ts";

interface Geometry {
  readonly strides: Pair<number>;
  readonly dilations: Pair<number>;
  readonly pads: Pads;
  readonly groups: number;
  readonly activation: (f: FunctionBody, x: V128) => V128;
}

/** An image in memory that contains all windows. */
export interface Covered {
  readonly image: Pick<Located, "at" | "shape">;
  readonly kernels: readonly Kernel[];
}

/** Returns the image with a margin of a number, if windows reach over its edges. */
export function covered(
  e: KernelEmitter,
  x: Located,
  kernel: Pair<number>,
  { strides, dilations, pads }: Pick<Geometry, "strides" | "dilations" | "pads">,
  value: number,
): Covered {
  const [n, , , c] = x.shape as [number, number, number, number];
  const sides = ([0, 1] as const).map((i) => {
    const size = x.shape[1 + i]!;
    const windows = side(size, kernel[i], strides[i], dilations[i], pads === "same_tf" ? pads : pads[i]);
    const before = -windows.at(0, 0);
    const after = Math.max(0, windows.at(windows.count - 1, kernel[i] - 1) - size + 1);
    return { before, size: before + size + after };
  });
  const shape = [n, sides[0]!.size, sides[1]!.size, c];
  if (elements(shape) === elements(x.shape)) return { image: x, kernels: [] };
  const image = { ...x, at: e.scratch(4 * elements(shape)), shape };
  const before = [0, sides[0]!.before, sides[1]!.before, 0];
  return { image, kernels: padded(x, image, { before, mode: "constant", value }) };
}

/** Returns the kernels of a convolution of an image with a filter [kh, kw, ci / groups, co], and a bias if there is one. */
export function convolved(e: KernelEmitter, geometry: Geometry): readonly Kernel[] {
  const [x, filter, bias] = e.operands;
  const { strides, dilations, groups } = geometry;
  const [kh, kw, ci, co] = filter!.shape as [number, number, number, number];
  const [n, oh, ow] = e.result.shape as [number, number, number];
  const { image, kernels: margins } = covered(e, x!, [kh, kw], geometry, 0);
  const [, height, width, channels] = image.shape as [number, number, number, number];
  const [pixel, line] = [4 * channels, 4 * width * channels];
  const columns = co / groups;
  const depth = kh * kw * ci;
  const { at: panels, kernels: packing } = panelsOf(e, {
    operand: 1,
    bias: bias && 2,
    count: groups,
    depth,
    columns,
    strides: { matrix: columns, summand: co, column: 1 },
    biasStride: columns,
  });
  // All pixels are one line if neighbours in the result are neighbours in the image, at all edges.
  const isDense = kh === 1 && kw === 1 && strides[0] === 1 && strides[1] === 1 && height === oh && width === ow;
  // Pixels of a window that are neighbours are one run of summands.
  const isRun = groups === 1 && dilations[1] === 1;
  const product = multiplied(e, {
    a: image.at,
    panels,
    c: e.result.at,
    outer: [
      { count: isDense ? 1 : n, a: height * line, b: 0, c: 4 * oh * ow * co, channel: 0 },
      { count: groups, a: 4 * ci, b: 4 * panelElements(depth, columns), c: 4 * columns, channel: 4 * columns },
    ],
    lines: isDense ? { count: 1, a: 0, c: 0 } : { count: oh, a: strides[0] * line, c: 4 * ow * co },
    rows: { count: isDense ? n * oh * ow : ow, a: strides[1] * pixel, c: 4 * co },
    summands: [
      { count: kh, a: dilations[0] * line },
      ...(isRun
        ? [{ count: kw * ci, a: 4 }]
        : [
            { count: kw, a: dilations[1] * pixel },
            { count: ci, a: 4 },
          ]),
    ],
    columns,
    activation: geometry.activation,
  });
  return [...margins, ...packing, product];
}
