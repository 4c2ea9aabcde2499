/**
 * @file Attention without the matrix of its scores: those of a few rows are in a thread's own memory, which a cache holds. There
 * they become their softmax, and are multiplied by the values.
 */
import { elements } from "../../contract/ndarray.ts";
import { set } from "../../wasm/code.ts";
import { either, i32, int } from "../../wasm/i32.ts";
import type { Finish, Kernel, KernelEmitter } from "./emitter.ts";
import { range, storeUpTo } from "./loops.ts";
import { panelsOf, type Matrices } from "./panels.ts";
import { multiplied, panelElements, unchanged } from "./product.ts";
import { softmaxKernel } from "./softmax.ts";

/** The bytes of scores that stay in a cache of the first level beside a panel. */
const cached = 40_000;

/** The most rows of a unit. */
const mostRows = 64;

/** Computes softmax(q k) v. */
export function attentionKernels(
  e: KernelEmitter,
  { transposeK, transposeV }: { readonly transposeK: boolean; readonly transposeV: boolean },
): readonly Kernel[] {
  const [q, k] = e.operands;
  const batches = elements(q!.shape.slice(0, -2));
  const [t, depth] = q!.shape.slice(-2) as [number, number];
  const s = k!.shape.at(transposeK ? -2 : -1)!;
  const features = e.result.shape.at(-1)!;
  const keys = panelsOf(e, matricesOf(1, { count: batches, depth, columns: s }, transposeK));
  const values = panelsOf(e, matricesOf(2, { count: batches, depth: s, columns: features }, transposeV));

  const unitRows = Math.min(mostRows, Math.max(4, 4 * Math.floor(cached / (16 * s))));
  const units = Math.max(1, Math.ceil(Math.floor(t / 4) / (unitRows / 4)));
  /** The last unit also has the rest of the rows, fewer than four. */
  const lastRows = t - (units - 1) * unitRows;
  const rows = Math.max(units === 1 ? 0 : unitRows, lastRows);
  const scores = { shape: [rows, s], dtype: "f32", at: e.perThread(4 * rows * s), isPrepared: false } as const;
  const stored: Finish = {
    before: [],
    store: (x, { address, offset, lanes = 4 }) => storeUpTo(address, x, lanes, offset),
  };
  const shared = { unitRows, lines: { count: 1, a: 0, c: 0 }, activation: unchanged };
  const first = multiplied(
    { ...e, finish: () => stored },
    {
      ...shared,
      name: "scores",
      a: q!.at,
      panels: keys.at,
      c: scores.at,
      outer: [{ count: batches, a: 4 * t * depth, b: 4 * panelElements(depth, s), c: 0, channel: 0 }],
      rows: { count: t, a: 4 * depth, c: 4 * s },
      summands: [{ count: depth, a: 4 }],
      columns: s,
      inPlace: "c",
    },
  );
  const softmax = softmaxKernel({ operands: [scores], result: scores }, 1);
  const second = multiplied(e, {
    ...shared,
    a: scores.at,
    panels: values.at,
    c: e.result.at,
    outer: [{ count: batches, a: 0, b: 4 * panelElements(s, features), c: 4 * t * features, channel: 0 }],
    rows: { count: t, a: 4 * s, c: 4 * features },
    summands: [{ count: s, a: 4 }],
    columns: features,
    inPlace: "a",
  });
  return [
    ...keys.kernels,
    ...values.kernels,
    {
      units: batches * units,
      write: (f, from, to) =>
        range(f, from, to, (unit) => {
          const next = f.int();
          const isLast = i32.eq(i32.rem(unit, int(units)), int(units - 1));
          return [
            set(next, i32.add(unit, int(1))),
            first.write(f, unit, next),
            softmax.write(f, int(0), either(int(lastRows), int(unitRows), isLast)),
            second.write(f, unit, next),
          ];
        }),
    },
  ];
}

/** Matrices [depth, columns] in a tensor, or their transposes. */
function matricesOf(
  operand: number,
  { count, depth, columns }: Pick<Matrices, "count" | "depth" | "columns">,
  isTransposed: boolean,
): Matrices {
  const strides = { summand: isTransposed ? 1 : columns, column: isTransposed ? depth : 1 };
  return {
    operand,
    bias: undefined,
    count,
    depth,
    columns,
    strides: { matrix: depth * columns, ...strides },
    biasStride: 0,
  };
}
