/** @file The pixels of which resizing makes others, for the reference implementation. */

/** The input pixels that make one pixel of the result, with their weights. */
export type Taps = readonly (readonly [pixel: number, weight: number])[];

/** How pixels are made: PyTorch's modes, and `bilinear_tf`. */
export type ResizeMode = "nearest" | "nearest_exact" | "bilinear" | "bilinear_tf" | "bicubic";

export interface Resizing {
  readonly mode: ResizeMode;
  readonly align_corners: boolean;
  readonly antialias: boolean;
}

/** Returns the position of pixel `i` in the input. Positions are centres of square pixels, unless corners are aligned. */
function centre(i: number, from: number, to: number, { mode, align_corners }: Resizing): number {
  if (mode === "bilinear_tf") return (i * from) / to;
  if (align_corners) return to > 1 ? (i * (from - 1)) / (to - 1) : 0;
  return ((i + 0.5) * from) / to - 0.5;
}

/** The kernel of R. Keys, Cubic convolution interpolation for digital image processing (1981). */
function cubic(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * (x ** 3 - 5 * x ** 2 + 8 * x - 4) : 0;
}

/** Weights all pixels, as PyTorch does with `antialias`: the kernel is as wide as the pixels of the result. */
function antialiased(i: number, from: number, to: number, { mode, align_corners }: Resizing): Taps {
  const scale = align_corners ? (to > 1 ? (from - 1) / (to - 1) : 0) : from / to;
  const weights = Array.from({ length: from }, (_, j) => {
    const distance = (j + 0.5 - scale * (i + 0.5)) / Math.max(scale, 1);
    return mode === "bicubic" ? cubic(distance, -0.5) : Math.max(1 - Math.abs(distance), 0);
  });
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight, j) => [j, weight / total]);
}

/** Returns what makes pixel `i` of an axis that is resized. */
export function tapsOf(i: number, from: number, to: number, how: Resizing): Taps {
  const { mode, antialias } = how;
  // PyTorch rounds in float32, so a product that should be whole may be just below.
  if (mode === "nearest" || mode === "nearest_exact") {
    const place = mode === "nearest" ? i : i + 0.5;
    return [[Math.min(Math.floor(Math.fround(place * Math.fround(from / to))), from - 1), 1]];
  }
  if (antialias) return antialiased(i, from, to, how);
  const position = centre(i, from, to, how);
  const inside = (pixel: number) => Math.min(Math.max(pixel, 0), from - 1);
  const first = Math.floor(position);
  if (mode === "bicubic")
    return [-1, 0, 1, 2].map((step) => [inside(first + step), cubic(position - first - step, -0.75)] as const);
  const share = position - first;
  return [
    [inside(first), 1 - share],
    [inside(first + 1), share],
  ];
}
