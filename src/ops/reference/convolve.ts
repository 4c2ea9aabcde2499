/** @file Convolution by definition, for reference implementations. */
import type { NumberArray } from "../../contract/ndarray.ts";

/** Along depth, height and width. */
type Triple<T> = readonly [T, T, T];

interface Convolution {
  /** [images, groups * below, depth, height, width] */
  readonly x: NumberArray;
  /** [outputs, below, the window's depth, height, width] */
  readonly weight: NumberArray;
  readonly bias?: NumberArray | undefined;
  readonly images: number;
  readonly groups: number;
  /** The number of channels in a group. */
  readonly below: number;
  readonly outputs: number;
  readonly extent: Triple<number>;
  readonly windows: Triple<{ readonly kernel: number }>;
  /** For each window, the elements of the kernel and those of `x` below them. */
  readonly covered: Triple<readonly (readonly (readonly [element: number, at: number])[])[]>;
}

/** Returns [images, outputs, the numbers of windows]. `count` gets the MACs, with those of the padding, which backends multiply too. */
export function convolve(c: Convolution, count: (macs: number) => void): Float64Array {
  const { x, weight, bias, images, groups, below, outputs, covered } = c;
  const [depth, height, width] = c.extent;
  const [kd, kh, kw] = [c.windows[0].kernel, c.windows[1].kernel, c.windows[2].kernel];
  const [layers, lines, columns] = covered;
  const data = new Float64Array(images * outputs * layers.length * lines.length * columns.length);
  let at = 0;
  for (let image = 0; image < images; image++)
    for (let o = 0; o < outputs; o++) {
      const firstBelow = image * below * groups + Math.floor(o / (outputs / groups)) * below;
      for (const layer of layers)
        for (const line of lines)
          for (const column of columns) {
            let sum = bias?.[o] ?? 0;
            for (let i = 0; i < below; i++)
              for (const [kz, z] of layer)
                for (const [ky, y] of line) {
                  const pixels = (((firstBelow + i) * depth + z) * height + y) * width;
                  const taps = (((o * below + i) * kd + kz) * kh + ky) * kw;
                  for (const [kx, x0] of column) sum += x[pixels + x0]! * weight[taps + kx]!;
                }
            data[at++] = sum;
          }
    }
  count(data.length * below * kd * kh * kw);
  return data;
}
