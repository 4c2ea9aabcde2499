/**
 * @file Transposed convolutions. The columns of the result that are a stride apart use the same columns of the filter: they are
 * computed like a convolution, several neighbours of them at once.
 */
import type { Move } from "../../contract/packing.ts";
import { doWhile, set, when, type I32, type Local, type Statement } from "../../wasm/code.ts";
import { load, loadSplat } from "../../wasm/f32x4.ts";
import { i32, increase, int, loadInt, plus, times } from "../../wasm/i32.ts";
import type { Pair } from "../image.ts";
import { copied } from "./copy.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { range, repeat, zero } from "./loops.ts";

interface Transposed {
  readonly strides: Pair<number>;
  readonly pads: Pair<Pair<number>>;
}

/** Channels of the result that are computed at once. */
const block = 8;

/** An element of the filter along one side, and the place in the image that it is multiplied with. */
interface Tap {
  readonly element: number;
  readonly place: number;
}

/** Returns the taps of a place in the result along one side, in the order of the filter. */
function tapsOf(place: number, before: number, stride: number, kernel: number, input: number): readonly Tap[] {
  const moved = place + before;
  return Array.from({ length: kernel }, (_, element) => ({ element, place: (moved - element) / stride })).filter(
    (tap) => Number.isInteger(tap.place) && tap.place >= 0 && tap.place < input,
  );
}

/** Columns of the result, a stride apart, with the same code. */
interface Run {
  /** The first one, and the first column of the image that it may use. */
  readonly column: number;
  readonly place: number;
  readonly tiles: number;
  /** The taps of the columns of a tile; places count from the first one of the tile. */
  readonly columns: readonly (readonly Tap[])[];
}

/** Returns the runs of the columns of one phase. */
function runsOf(
  phase: number,
  width: number,
  stride: number,
  most: number,
  taps: (x: number) => readonly Tap[],
): Run[] {
  const all = Array.from({ length: Math.ceil((width - phase) / stride) }, (_, i) => phase + i * stride);
  const size = Math.ceil(all.length / Math.ceil(all.length / most));
  const runs: Run[] = [];
  for (let i = 0; i < all.length; i += size) {
    const own = all.slice(i, i + size);
    // Of neighbours, the places of the same element are neighbours too.
    const columns = own.map((x) => taps(x).map(({ element, place }) => ({ element, place: place - i })));
    const last = runs.at(-1);
    if (last !== undefined && JSON.stringify(last.columns) === JSON.stringify(columns))
      runs[runs.length - 1] = { ...last, tiles: last.tiles + 1 };
    else runs.push({ column: own[0]!, place: i, tiles: 1, columns });
  }
  return runs;
}

/** Bytes of an entry of the table of rows: where the first row of the image and of the filter begin, and their number. */
const entry = 12;

/** Computes the transposed convolution of an image with channels last with a filter [kh, kw, co, ci]. */
export function transposedConvolution(e: KernelEmitter, { strides, pads }: Transposed): readonly Kernel[] {
  const [x, filter] = e.operands;
  const [n, h, w, ci] = x!.shape as [number, number, number, number];
  const [kh, kw, co] = filter!.shape as [number, number, number];
  const [, height, width] = e.result.shape as [number, number, number];
  const [pixel, weights] = [4 * ci, 4 * ci * block];
  const { parts, at: filterAt } = packedFilter(e);
  const rows = Array.from({ length: height }, (_, y) => tapsOf(y, pads[0][0], strides[0], kh, h));
  const table = e.table(
    Int32Array.from(
      rows.flatMap((taps) => [(taps[0]?.place ?? 0) * w * pixel, (taps[0]?.element ?? 0) * kw * weights, taps.length]),
    ),
  );
  const most = co <= 4 ? 8 : 4;
  const runs = Array.from({ length: Math.min(strides[1], width) }, (_, phase) =>
    runsOf(phase, width, strides[1], most, (column) => tapsOf(column, pads[1][0], strides[1], kw, w)),
  ).flat();
  const kernel: Kernel = {
    units: n * height,
    write: (f, from, to) => {
      const finish = e.finish(f);
      const [row, source, target, filterRow, channel, filterBlock] = [
        f.int(),
        f.int(),
        f.int(),
        f.int(),
        f.int(),
        f.int(),
      ];
      const [tileSource, tileTarget, hereSource, hereFilter] = [f.int(), f.int(), f.int(), f.int()];
      const [left, pointer, weight] = [f.int(), f.int(), f.int()];
      const sums = Array.from({ length: most }, () => f.vectors(block / 4));
      const [shared, loaded] = [f.vector(), f.vectors(block / 4)];

      /** Adds the products with one column of the filter, for a row of the image and all its channels. */
      const products = (element: number, columns: Run["columns"], vectors: number, first: number): Statement => {
        const uses = columns.flatMap((taps, i) =>
          taps.filter((tap) => tap.element === element).map(({ place }) => ({ sums: sums[i]!, place: place - first })),
        );
        return [
          set(pointer, hereSource),
          set(weight, plus(hereFilter, element * weights)),
          repeat(f, ci, [
            loaded.slice(0, vectors).map((local, v) => set(local, load(weight, 16 * v))),
            uses.map(({ sums, place }) => [
              set(shared, loadSplat(pointer, place * pixel)),
              sums.slice(0, vectors).map((sum, v) => set(sum, f.madd(shared, loaded[v]!, sum))),
            ]),
            increase(pointer, 4),
            increase(weight, 4 * block),
          ]),
        ];
      };

      const run = ({ column, place, tiles, columns }: Run, channels: number): Statement => {
        const vectors = Math.ceil(channels / 4);
        const elements = [...new Set(columns.flat().map(({ element }) => element))];
        const first = elements.length === 0 ? 0 : Math.min(...columns.flat().map((tap) => tap.place));
        const used = sums.slice(0, columns.length).map((vector) => vector.slice(0, vectors));
        const body = doWhile(
          left,
          elements.map((element) => products(element, columns, vectors, first)),
          increase(hereSource, -w * pixel),
          increase(hereFilter, strides[0] * kw * weights),
          increase(left, -1),
        );
        return [
          set(tileSource, plus(source, (place + first) * pixel)),
          set(tileTarget, plus(i32.add(target, channel), column * 4 * co)),
          repeat(f, tiles, [
            used.flat().map((sum) => set(sum, zero)),
            set(hereSource, tileSource),
            set(hereFilter, filterRow),
            set(left, loadInt(row, 8)),
            rows.every((taps) => taps.length > 0) ? body : when(left, body),
            used.map((vector, i) =>
              vector.map((sum, v) =>
                finish.store(sum, {
                  address: plus(tileTarget, i * strides[1] * 4 * co),
                  channel,
                  offset: 16 * v,
                  lanes: Math.min(4, channels - 4 * v),
                }),
              ),
            ),
            increase(tileSource, columns.length * pixel),
            increase(tileTarget, columns.length * strides[1] * 4 * co),
          ]),
        ];
      };

      const rest = co % block;
      const part = (channels: number): Statement => [
        set(filterRow, i32.add(filterBlock, loadInt(row, 4))),
        runs.map((it) => run(it, channels)),
      ];
      return [
        finish.before,
        range(f, from, to, (unit: Local<"i32">) => {
          const [index, image]: readonly [I32, I32] =
            n === 1 ? [unit, int(0)] : [i32.rem(unit, int(height)), i32.div(unit, int(height))];
          return [
            set(row, i32.add(table, times(index, entry))),
            set(source, i32.add(i32.add(x!.at, times(image, h * w * pixel)), loadInt(row))),
            set(target, i32.add(e.result.at, times(unit, width * 4 * co))),
            set(channel, int(0)),
            set(filterBlock, filterAt),
            co < block
              ? []
              : doWhile(
                  i32.lt(channel, int(4 * (co - rest))),
                  part(block),
                  increase(channel, 4 * block),
                  increase(filterBlock, kh * kw * weights),
                ),
            rest === 0 ? [] : part(rest),
          ];
        }),
      ];
    },
  };
  return [...parts, kernel];
}

/** Returns the filter as [co / 8, kh, kw, ci, 8], and what makes it if it is only known in a run. */
function packedFilter(e: KernelEmitter): { readonly parts: readonly Kernel[]; readonly at: I32 } {
  const filter = e.operands[1]!;
  const [kh, kw, co, ci] = filter.shape as [number, number, number, number];
  const taps = kh * kw;
  const length = Math.ceil(co / block) * taps * ci * block;
  const [blocks, rest] = [Math.floor(co / block), co % block];
  /** Moves some channels of the result from each of some blocks. */
  const part = (first: number, count: number, channels: number): Move => ({
    operand: 0,
    from: first * block * ci,
    to: first * taps * ci * block,
    axes: [
      { size: count, from: block * ci, to: taps * ci * block },
      { size: taps, from: co * ci, to: ci * block },
      { size: ci, from: 1, to: block },
      { size: channels, from: ci, to: 1 },
    ],
  });
  const moves = [...(blocks === 0 ? [] : [part(0, blocks, block)]), ...(rest === 0 ? [] : [part(blocks, 1, rest)])];
  if (filter.isPrepared) return { parts: [], at: e.packed("transposed convolution", length, [1], moves) };
  const at = e.scratch(4 * length);
  return {
    at,
    parts: moves.map(({ from, to, axes }) => copied({ from: plus(filter.at, 4 * from), to: plus(at, 4 * to), axes })),
  };
}
