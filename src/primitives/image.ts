/** @file Images and the windows that slide over them, shared by convolutions, pools and resizing. */
import { transpose, type NdArray } from "../contract/ndarray.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { invariant } from "../source/internal-error.ts";

/** One value for the height and one for the width. */
export type Pair<T> = readonly [T, T];

export type Layout = "NHWC" | "NCHW";

/** Padding before and after, for height and width. `same_tf` is TensorFlow's, with the odd pixel at the end. */
export type Pads = "same_tf" | Pair<Pair<number>>;

export const noPads: Pair<Pair<number>> = [
  [0, 0],
  [0, 0],
];

/** Pads for test cases, with a different width on every side. */
export const unevenPads: Pair<Pair<number>> = [
  [1, 0],
  [2, 3],
];

/** An image's sizes by name. */
export interface ImageSizes<T> {
  readonly n: T;
  readonly h: T;
  readonly w: T;
  readonly c: T;
}

export function imageSizes<T>(shape: readonly T[], layout: Layout): ImageSizes<T> {
  const [n, h, w, c] = layout === "NHWC" ? shape : [shape[0], shape[2], shape[3], shape[1]];
  return { n: n!, h: h!, w: w!, c: c! };
}

export function imageShape<T>({ n, h, w, c }: ImageSizes<T>, layout: Layout): readonly T[] {
  return layout === "NHWC" ? [n, h, w, c] : [n, c, h, w];
}

/** Moves the channels of an image last, for the loops of the references. */
export function channelsLast(x: NdArray, layout: Layout): NdArray {
  return layout === "NHWC" ? x : transpose(x, [0, 2, 3, 1]);
}

/** Undoes `channelsLast`. */
export function inLayout(x: NdArray, layout: Layout): NdArray {
  return layout === "NHWC" ? x : transpose(x, [0, 3, 1, 2]);
}

/** Requires channels last, the only layout of the wasm backend and so of the ES module. */
export function requireNhwc(layout: Layout): void {
  invariant(layout === "NHWC", `the ES module has no kernels for ${layout}`);
}

/** Returns the number of windows per side: ceil(input / stride) for `same_tf`, else floor((input + pads - extent) / stride) + 1. */
export function windowCounts(
  sizes: Sizes,
  input: Pair<Size>,
  kernel: Pair<Size>,
  strides: Pair<Size>,
  dilations: Pair<number>,
  pads: Pads,
): Pair<Size> {
  const count = (side: 0 | 1): Size => {
    if (pads === "same_tf") return sizes.ceil(input[side], strides[side]);
    const one = sizes.int(1);
    const [before, after] = pads[side];
    const reach = sizes.mul(sizes.int(dilations[side]), sizes.sub(kernel[side], one));
    const room = sizes.sub(sizes.add(input[side], sizes.int(before + after - 1)), reach);
    return sizes.add(sizes.floor(room, strides[side]), one);
  };
  return [count(0), count(1)];
}

/** The windows along one side, if sizes are numbers. */
export interface Side {
  readonly count: number;
  /** Returns the index in the input of an element of a window. Outside of 0 … input - 1 the element is padding. */
  at(window: number, element: number): number;
}

export function side(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
  pads: "same_tf" | Pair<number>,
): Side {
  const extent = dilation * (kernel - 1) + 1;
  let count: number;
  let before: number;
  if (pads === "same_tf") {
    count = Math.ceil(input / stride);
    before = Math.floor(Math.max((count - 1) * stride + extent - input, 0) / 2);
  } else {
    count = Math.floor((input + pads[0] + pads[1] - extent) / stride) + 1;
    before = pads[0];
  }
  return { count, at: (window, element) => window * stride + element * dilation - before };
}

/** Returns the windows along both sides. */
export function windows(
  input: Pair<number>,
  kernel: Pair<number>,
  strides: Pair<number>,
  dilations: Pair<number>,
  pads: Pads,
): Pair<Side> {
  const of = (i: 0 | 1): Side =>
    side(input[i], kernel[i], strides[i], dilations[i], pads === "same_tf" ? pads : pads[i]);
  return [of(0), of(1)];
}

/** Prints `"same"`, `"valid"` or the explicit list, which every backend takes. The native backend refuses a single number. */
export function padText(pads: Pads): string {
  if (pads === "same_tf") return `"same"`;
  const [[top, bottom], [left, right]] = pads;
  return isPadded(pads) ? `[[0, 0], [${top}, ${bottom}], [${left}, ${right}], [0, 0]]` : `"valid"`;
}

/** Prints how much `same_tf` pads one side in total: a number if the sizes are numbers, else an expression. */
export function samePadding(count: string, input: string, kernel: string, stride: number, dilation: number): string {
  if (kernel === "1") return "0";
  const total = (Number(count) - 1) * stride + dilation * (Number(kernel) - 1) + 1 - Number(input);
  if (!Number.isNaN(total)) return String(Math.max(total, 0));
  return `Math.max((${count} - 1) * ${stride} + ${dilation} * (${kernel} - 1) + 1 - (${input}), 0)`;
}

/** Whether the pads are given as numbers, not all 0. */
export function isPadded(pads: Pads): boolean {
  return pads !== "same_tf" && pads.flat().some((pad) => pad !== 0);
}
