/** @file The second matrix of a product in panels of eight columns, each with its biases first. */
import type { Move, MovedAxis } from "../../contract/packing.ts";
import type { I32 } from "../../wasm/code.ts";
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
  const whole = Math.floor(columns / panelWidth);
  const panel = (depth + 1) * panelWidth;
  /** Moves whole panels and the last one. `of` counts the used operands. */
  const both = (of: number, to: number, summands: MovedAxis, matrix: number, column: number): readonly Move[] =>
    [
      { panels: whole, columns: panelWidth, skip: 0 },
      { panels: 1, columns: columns % panelWidth, skip: whole },
    ]
      .filter((it) => it.panels > 0 && it.columns > 0)
      .map((it) => ({
        operand: of,
        from: it.skip * panelWidth * column,
        to: to + it.skip * panel,
        axes: [
          { size: count, from: matrix, to: each },
          { size: it.panels, from: panelWidth * column, to: panel },
          summands,
          { size: it.columns, from: column, to: 1 },
        ],
      }));
  const summands = { size: depth, from: strides.summand, to: panelWidth };
  const moves = [
    ...(bias === undefined ? [] : both(1, 0, { size: 1, from: 0, to: 0 }, matrices.biasStride, 1)),
    ...both(0, panelWidth, summands, strides.matrix, strides.column),
  ];
  if (used.every((i) => e.operands[i]!.isPrepared)) {
    const form = `panels ${count} ${depth} ${columns} ${Object.values(strides).join(" ")} ${matrices.biasStride}`;
    return { at: e.packed(form, count * each, used, moves), kernels: [] };
  }
  const at = e.scratch(4 * count * each);
  const kernels = moves.map(({ operand: of, from, to, axes }) =>
    copied({ from: plus(e.operands[used[of]!]!.at, 4 * from), to: plus(at, 4 * to), axes }),
  );
  return { at, kernels: [filled(at, count * each, 0, "f32"), ...kernels] };
}
