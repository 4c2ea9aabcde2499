/** @file The second matrix of a product in panels of eight columns, each with its biases first. */
import type { NdArray } from "../../contract/ndarray.ts";
import { type I32 } from "../../wasm/code.ts";
import { plus } from "../../wasm/i32.ts";
import { copied } from "./copy.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { filled } from "./margin.ts";
import { panelElements, panelWidth } from "./product.ts";

/** Matrices in a tensor, one after the other in the panels. Strides count elements. */
export interface Matrices {
  /** The index of the tensor among the operands, and that of the biases, if any. */
  readonly operand: number;
  readonly bias: number | undefined;
  readonly count: number;
  readonly depth: number;
  readonly columns: number;
  /** How far neighbouring matrices, summands and columns are apart. */
  readonly strides: { readonly matrix: number; readonly summand: number; readonly column: number };
  /** How far the biases of neighbouring matrices are apart. */
  readonly biasStride: number;
}

/** The panels: weights when all is known, else made in the run by the kernels. */
export function panelsOf(
  e: KernelEmitter,
  matrices: Matrices,
): { readonly at: I32; readonly kernels: readonly Kernel[] } {
  const { operand, bias, count, depth, columns, strides } = matrices;
  const used = bias === undefined ? [operand] : [operand, bias];
  const each = panelElements(depth, columns);
  if (used.every((i) => e.operands[i]!.isPrepared)) {
    const form = `panels ${count} ${depth} ${columns} ${Object.values(strides).join(" ")} ${matrices.biasStride}`;
    return {
      at: e.packed(form, count * each, used, ([matrix, biases]) => packed(matrices, matrix!, biases)),
      kernels: [],
    };
  }
  const at = e.scratch(4 * count * each);
  const whole = Math.floor(columns / panelWidth);
  const panel = (depth + 1) * panelWidth;
  /** Copies of whole panels and of the last one. */
  const both = (
    from: I32,
    to: I32,
    summands: { size: number; from: number; to: number },
    matrix: number,
    column: number,
  ) =>
    [
      { panels: whole, columns: panelWidth, skip: 0 },
      { panels: 1, columns: columns % panelWidth, skip: whole },
    ]
      .filter((it) => it.panels > 0 && it.columns > 0)
      .map((it) =>
        copied({
          from: plus(from, 4 * it.skip * panelWidth * column),
          to: plus(to, 4 * it.skip * panel),
          axes: [
            { size: count, from: matrix, to: each },
            { size: it.panels, from: panelWidth * column, to: panel },
            summands,
            { size: it.columns, from: column, to: 1 },
          ],
        }),
      );
  const summands = { size: depth, from: strides.summand, to: panelWidth };
  return {
    at,
    kernels: [
      filled(at, count * each, 0, "f32"),
      ...(bias === undefined
        ? []
        : both(e.operands[bias]!.at, at, { size: 1, from: 0, to: 0 }, matrices.biasStride, 1)),
      ...both(e.operands[operand]!.at, plus(at, 4 * panelWidth), summands, strides.matrix, strides.column),
    ],
  };
}

/** Returns the panels of known numbers. */
function packed(
  { count, depth, columns, strides, biasStride }: Matrices,
  matrix: NdArray,
  biases: NdArray | undefined,
) {
  const each = panelElements(depth, columns);
  const out = new Float32Array(count * each);
  for (let m = 0; m < count; m++)
    for (let column = 0; column < columns; column++) {
      const panel = Math.floor(column / panelWidth) * (depth + 1) * panelWidth;
      const to = m * each + panel + (column % panelWidth);
      if (biases !== undefined) out[to] = biases.data[m * biasStride + column]!;
      const from = m * strides.matrix + column * strides.column;
      for (let k = 0; k < depth; k++) out[to + (k + 1) * panelWidth] = matrix.data[from + k * strides.summand]!;
    }
  return out;
}
