/** @file Averages and maxima of windows. */
import { doWhile, set, when, type I32, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { bits, f32x4, f64x2, i32x4, load, shuffle } from "../../wasm/f32x4.ts";
import { either, i32, increase, int, loadInt, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import { windows, type Pads, type Pair } from "../image.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { range, zero } from "./loops.ts";
import { slidingWindows, spansOf, type Combination, type Span } from "./sliding.ts";

interface Pool {
  readonly kind: "avg" | "max";
  readonly kernel: Pair<number>;
  readonly strides: Pair<number>;
  readonly pads: Pads;
}

/** Pools an image with channels last. */
export function pooled(e: KernelEmitter, pool: Pool): readonly Kernel[] {
  const { shape } = e.operands[0]!;
  const [h, w] = [shape[1]!, shape[2]!];
  const { kernel, strides, pads } = pool;
  const sides = windows([h, w], kernel, strides, [1, 1], pads);
  const [rows, columns] = [spansOf(sides[0], h, kernel[0]), spansOf(sides[1], w, kernel[1])];
  // A few elements are added in a row; of a few windows, none would be computed beside another.
  const isSmall = kernel[1] <= 8 && kernel[0] * kernel[1] <= mostInRow && columns.length >= 4;
  if (!isSmall) return [largeWindows(e, pool, rows, columns)];
  const sliding = { rows, columns, dilations: [1, 1], most: 4 } as const;
  return [slidingWindows(e, e.operands[0]!, e.result.at, sliding, (f) => combined(f, pool))];
}

/** The most elements that are added up in float32. */
const mostInRow = 128;

/** The larger one of both; NaN stays. Two instructions more than `pmax`, but many less than `max` on x64. */
const larger = (a: V128, b: V128): V128 => bits.or(f32x4.pmax(a, b), f32x4.pmax(b, a));

const splat = (n: I32): V128 => f32x4.ofInts(i32x4.splat(n));

function combined(f: FunctionBody, { kind, kernel, strides, pads }: Pool): Combination {
  // With longer strides, a tile has more columns than there are registers.
  const nothing = { begin: () => [], beginRow: () => [], endRow: () => [], isShared: strides[1] === 1 };
  if (kind === "max") return { ...nothing, start: () => f32x4.of(-Infinity), add: larger, end: (sum) => sum };
  const sums = { ...nothing, start: () => zero, add: (a: V128, b: V128) => f32x4.add(a, b) };
  if (pads !== "same_tf") return { ...sums, end: (sum) => f32x4.mul(sum, f32x4.of(1 / (kernel[0] * kernel[1]))) };
  const factor = f.vector();
  return {
    ...sums,
    begin: (_channel, _first, rows) => set(factor, f32x4.div(f32x4.of(1), splat(rows))),
    end: (sum, columns) => f32x4.mul(f32x4.mul(sum, f32x4.of(1 / columns)), factor),
  };
}

/** Channels that one unit has. */
const block = 32;

/** Pools window by window. The units are some channels of a window. */
function largeWindows(
  e: KernelEmitter,
  { kind, kernel, pads }: Pool,
  rows: readonly Span[],
  columns: readonly Span[],
): Kernel {
  const x = e.operands[0]!;
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const pixel = 4 * c;
  const blocks = Math.ceil(c / block);
  const tableOf = (spans: readonly Span[], stride: number): I32 =>
    e.table(Int32Array.from(spans.flatMap(({ from, count }) => [from * stride, count])));
  const [rowTable, columnTable] = [tableOf(rows, w * pixel), tableOf(columns, pixel)];
  const isEmpty = [...rows, ...columns].some(({ count }) => count === 0);
  const isLong = kind === "avg" && kernel[0] * kernel[1] > mostInRow;
  return {
    units: n * rows.length * columns.length * blocks,
    write: (f, from, to) => {
      const finish = e.finish(f);
      const [rest, channel, row, column] = [f.int(), f.int(), f.int(), f.int()];
      const [source, target, start, here] = [f.int(), f.int(), f.int(), f.int()];
      const [rowsLeft, columnsLeft, some] = [f.int(), f.int(), f.int()];
      const most = Math.ceil(Math.min(c, block) / 4);
      const sums = f.vectors(most);
      const loaded = f.vector();
      const totals = isLong ? f.vectors(2 * most) : [];
      const count = pads === "same_tf" ? splat(i32.mul(loadInt(row, 4), loadInt(column, 4))) : undefined;

      /** Computes a number of channels. */
      const part = (channels: number): Statement => {
        const used = Array.from({ length: Math.ceil(channels / 4) }, (_, i) => i);
        const clear = used.map((i) => set(sums[i]!, kind === "max" ? f32x4.of(-Infinity) : zero));
        const add = used.map((i) => {
          const sum = sums[i]!;
          return kind === "avg"
            ? set(sum, f32x4.add(sum, load(here, 16 * i)))
            : [set(loaded, load(here, 16 * i)), set(sum, larger(sum, loaded))];
        });
        const addAll = (left: Local<"i32">): Statement => doWhile(left, add, increase(here, pixel), increase(left, -1));
        /** Adds up blocks of elements in float32, and the sums of the blocks in float64. */
        const addLong = (): Statement =>
          doWhile(
            columnsLeft,
            set(some, either(columnsLeft, int(mostInRow), i32.lt(columnsLeft, int(mostInRow)))),
            set(columnsLeft, i32.sub(columnsLeft, some)),
            clear,
            addAll(some),
            used.map((i) => [
              set(totals[2 * i]!, f64x2.add(totals[2 * i]!, f64x2.ofFloats(sums[i]!))),
              set(totals[2 * i + 1]!, f64x2.add(totals[2 * i + 1]!, f64x2.ofFloats(upperHalf(sums[i]!)))),
            ]),
          );
        const all = doWhile(
          rowsLeft,
          set(here, start),
          set(columnsLeft, loadInt(column, 4)),
          isLong ? addLong() : addAll(columnsLeft),
          increase(start, w * pixel),
          increase(rowsLeft, -1),
        );
        return [
          clear,
          isLong ? used.map((i) => [set(totals[2 * i]!, zero), set(totals[2 * i + 1]!, zero)]) : [],
          set(rowsLeft, loadInt(row, 4)),
          isEmpty ? when(i32.mul(rowsLeft, loadInt(column, 4)), all) : all,
          used.map((i) => {
            const sum = isLong
              ? shuffle(f32x4.ofDoubles(totals[2 * i]!), f32x4.ofDoubles(totals[2 * i + 1]!), [0, 1, 4, 5])
              : sums[i]!;
            const of = count ?? f32x4.of(kernel[0] * kernel[1]);
            return [
              kind === "max" ? [] : set(sums[i]!, f32x4.div(sum, of)),
              finish.store(sums[i]!, {
                address: i32.add(target, channel),
                channel,
                offset: 16 * i,
                lanes: Math.min(4, channels - 4 * i),
              }),
            ];
          }),
        ];
      };

      /** Divides what is left of the unit's index; returns the rest. */
      const digit = (size: number): I32 => i32.rem(rest, int(size));
      const next = (size: number): Statement => set(rest, i32.div(rest, int(size)));
      const last = c % block;
      return [
        finish.before,
        range(f, from, to, (unit) => [
          set(rest, unit),
          set(channel, times(digit(blocks), 4 * block)),
          next(blocks),
          set(target, i32.add(e.result.at, times(rest, pixel))),
          set(column, i32.add(columnTable, times(digit(columns.length), 8))),
          next(columns.length),
          set(row, i32.add(rowTable, times(digit(rows.length), 8))),
          next(rows.length),
          set(source, i32.add(x.at, times(rest, h * w * pixel))),
          set(start, i32.add(i32.add(source, channel), i32.add(loadInt(row), loadInt(column)))),
          last === 0
            ? part(block)
            : c < block
              ? part(c)
              : when(i32.lt(channel, int(4 * (c - last))), part(block), part(last)),
        ]),
      ];
    },
  };
}

/** The last two lanes. */
const upperHalf = (x: V128): V128 => shuffle(x, x, [2, 3, 0, 1]);
