/** @file Images at another size: each pixel is a pixel of the image, or a weighted mean of four. */
import { doWhile, set, type I32, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { f32x4, load, loadLane, loadOne, loadSplat } from "../../wasm/f32x4.ts";
import { i32, increase, int, loadInt, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import type { Finish, Kernel, KernelEmitter } from "./emitter.ts";
import { loadUpTo, range, repeat } from "./loops.ts";

/** Two pixels of the image along one side, and the weight of the second. */
export type Between = readonly [low: number, high: number, weight: number];

/** Where the rows and columns of the result are in the image. */
interface Places {
  readonly rows: readonly Between[];
  readonly columns: readonly Between[];
  /** Whether only the first pixel of two counts. */
  readonly isNearest: boolean;
}

/** Four values that each pixel has: for the upper and the lower row, and the left and the right column. */
type Corners<T> = readonly [upperLeft: T, upperRight: T, lowerLeft: T, lowerRight: T];

/** Resizes an image with channels last. The units are the rows of the result. */
export function resized(e: KernelEmitter, { rows, columns, isNearest }: Places): Kernel {
  const [n, h, w, c] = e.operands[0]!.shape as [number, number, number, number];
  const pixel = 4 * c;
  /** All first numbers, then all second ones. */
  const both = (pairs: readonly (readonly [number, number])[]) => [0, 1].flatMap((i) => pairs.map((pair) => pair[i]!));
  const offsets = (sides: readonly Between[], stride: number): I32 =>
    e.table(Int32Array.from(both(sides.map(([low, high]) => [low * stride, high * stride]))));
  const weights = (sides: readonly Between[]): I32 =>
    e.table(Float32Array.from(both(sides.map(([, , weight]) => [1 - weight, weight]))));
  const tables = {
    rows: offsets(rows, w * pixel),
    columns: offsets(columns, pixel),
    rowWeights: weights(rows),
    columnWeights: weights(columns),
  };
  return {
    units: n * rows.length,
    write: (f, from, to) => {
      const finish = e.finish(f);
      const [source, upper, lower, row, target, entry] = [f.int(), f.int(), f.int(), f.int(), f.int(), f.int()];
      const [up, down] = [f.vector(), f.vector()];
      const line: Line = { upper, lower, up, down, target, entry, tables, columns: columns.length, isNearest };
      return [
        finish.before,
        range(f, from, to, (unit) => {
          const image = n === 1 ? int(0) : i32.div(unit, int(rows.length));
          const index = n === 1 ? unit : i32.rem(unit, int(rows.length));
          return [
            set(source, i32.add(e.operands[0]!.at, times(image, h * w * pixel))),
            set(row, times(index, 4)),
            set(upper, i32.add(source, loadInt(i32.add(tables.rows, row)))),
            set(lower, i32.add(source, loadInt(i32.add(tables.rows, row), 4 * rows.length))),
            set(up, loadSplat(i32.add(tables.rowWeights, row))),
            set(down, loadSplat(i32.add(tables.rowWeights, row), 4 * rows.length)),
            set(target, i32.add(e.result.at, times(unit, columns.length * pixel))),
            set(entry, int(0)),
            c === 1 ? oneChannel(f, finish, line) : manyChannels(f, finish, line, c),
          ];
        }),
      ];
    },
  };
}

/** A row of the result. */
interface Line {
  /** The addresses of the two rows of the image, and their weights. */
  readonly upper: Local<"i32">;
  readonly lower: Local<"i32">;
  readonly up: Local<"v128">;
  readonly down: Local<"v128">;
  readonly target: Local<"i32">;
  /** The offset of a column's first entry in its tables. */
  readonly entry: Local<"i32">;
  readonly tables: { readonly columns: I32; readonly columnWeights: I32 };
  readonly columns: number;
  readonly isNearest: boolean;
}

/** Pixel by pixel, four channels at a time. */
function manyChannels(f: FunctionBody, finish: Finish, line: Line, c: number): Statement {
  const { upper, lower, up, down, target, entry, tables, columns, isNearest } = line;
  const offset = (side: 0 | 1): I32 => loadInt(i32.add(tables.columns, entry), side * 4 * columns);
  const weight = (side: 0 | 1): V128 => loadSplat(i32.add(tables.columnWeights, entry), side * 4 * columns);
  const corners: Corners<Local<"i32">> = [f.int(), f.int(), f.int(), f.int()];
  const weights: Corners<Local<"v128">> = [f.vector(), f.vector(), f.vector(), f.vector()];
  const [sum, channel] = [f.vector(), f.int()];
  const used = isNearest ? 1 : 4;
  const vector = (lanes: number, offset: number): Statement => [
    isNearest
      ? set(sum, loadUpTo(corners[0], lanes, offset))
      : corners.map((corner, i) => {
          const x = loadUpTo(corner, lanes, offset);
          return set(sum, i === 0 ? f32x4.mul(x, weights[i]) : f.madd(x, weights[i]!, sum));
        }),
    finish.store(sum, { address: target, channel, offset, lanes }),
  ];
  const part = (channels: number): Statement =>
    Array.from({ length: Math.ceil(channels / 4) }, (_, i) => vector(Math.min(4, channels - 4 * i), 16 * i));
  const advance = (bytes: number): Statement =>
    [...corners.slice(0, used), target, channel].map((local) => increase(local, bytes));
  const [blocks, rest] = [Math.floor(c / block), c % block];
  return repeat(f, columns, [
    corners.slice(0, used).map((corner, i) => set(corner, i32.add(i < 2 ? upper : lower, offset(i % 2 === 0 ? 0 : 1)))),
    isNearest ? [] : weights.map((local, i) => set(local, f32x4.mul(i < 2 ? up : down, weight(i % 2 === 0 ? 0 : 1)))),
    set(channel, int(0)),
    blocks === 0 ? [] : doWhile(i32.lt(channel, int(4 * (c - rest))), part(block), advance(4 * block)),
    part(rest),
    increase(target, 4 * rest),
    increase(entry, 4),
  ]);
}

/** Channels whose code has no loop. */
const block = 16;

/** Four pixels at a time. */
function oneChannel(f: FunctionBody, finish: Finish, line: Line): Statement {
  const { upper, lower, up, down, target, entry, tables, columns, isNearest } = line;
  const [gathered, above, below] = [f.vector(), f.vector(), f.vector()];
  const gather = (row: I32, side: 0 | 1, lanes: number): Statement =>
    Array.from({ length: lanes }, (_, lane) => {
      const address = i32.add(row, loadInt(i32.add(tables.columns, entry), 4 * (side * columns + lane)));
      return set(gathered, lane === 0 ? loadOne(address) : loadLane(address, gathered, lane));
    });
  const weight = (side: 0 | 1): V128 => load(i32.add(tables.columnWeights, entry), side * 4 * columns);
  const across = (sum: Local<"v128">, row: I32, lanes: number): Statement => [
    gather(row, 0, lanes),
    set(sum, f32x4.mul(gathered, weight(0))),
    gather(row, 1, lanes),
    set(sum, f.madd(gathered, weight(1), sum)),
  ];
  const vector = (lanes: number): Statement => [
    isNearest
      ? [gather(upper, 0, lanes), set(above, gathered)]
      : [
          across(above, upper, lanes),
          across(below, lower, lanes),
          set(above, f.madd(below, down, f32x4.mul(above, up))),
        ],
    finish.store(above, { address: target, channel: int(0), lanes }),
  ];
  return [
    repeat(f, Math.floor(columns / 4), [vector(4), increase(target, 16), increase(entry, 16)]),
    columns % 4 === 0 ? [] : vector(columns % 4),
  ];
}
