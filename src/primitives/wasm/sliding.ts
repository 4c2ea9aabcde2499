/**
 * @file Windows that slide over the rows of an image. A tile of neighbouring windows is computed at once, so what they share
 * is loaded once. Padding is never read: tiles at a border have code of their own.
 */
import { doWhile, set, when, type I32, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { load } from "../../wasm/f32x4.ts";
import { i32, increase, int, loadInt, plus, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import type { Side } from "../image.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { range, repeat } from "./loops.ts";

/** The elements of a window along one side that are inside of the image. */
export interface Span {
  /** The index in the image of the first one. */
  readonly from: number;
  /** Its index in the window. */
  readonly first: number;
  readonly count: number;
}

/** Returns the span of every window along one side; `input` and `kernel` are numbers of elements. */
export function spansOf(side: Side, input: number, kernel: number): readonly Span[] {
  return Array.from({ length: side.count }, (_, window) => {
    const inside = Array.from({ length: kernel }, (_, i) => i).filter((i) => {
      const place = side.at(window, i);
      return place >= 0 && place < input;
    });
    const first = inside[0] ?? 0;
    return { from: inside.length === 0 ? 0 : side.at(window, first), first, count: inside.length };
  });
}

/** What is computed of each window, four channels at a time. */
export interface Combination {
  /** Begins four channels. The rows that are inside of the image begin with this index in the window. */
  begin(channel: I32, first: I32, rows: I32): Statement;
  /** The value before the first element. */
  start(channel: I32): V128;
  /** Begins a row of the windows, of which the elements in these columns are inside of the image. */
  beginRow(columns: readonly number[]): Statement;
  /** Adds an element in a column of the window. It may use both vectors more than once. */
  readonly add: (sum: V128, x: V128, column: number) => V128;
  /** Whether `add` is the same in all columns, and also adds a sum to a sum: windows then share the sums of columns. */
  readonly isShared: boolean;
  endRow(): Statement;
  /** The value after the last element; the window has this many columns inside of the image. */
  end(sum: V128, columns: number): V128;
}

interface Sliding {
  readonly rows: readonly Span[];
  readonly columns: readonly Span[];
  readonly dilations: readonly [number, number];
  /** The most windows of a tile. */
  readonly most: number;
}

/** Neighbouring tiles with the same code. */
interface Run {
  /** The first window, and the first column of the image that the first tile reads. */
  readonly window: number;
  readonly column: number;
  /** Columns from one tile to the next. */
  readonly step: number;
  readonly tiles: number;
  /** The columns of a tile's windows; `from` counts from the first column of the tile. */
  readonly windows: readonly Span[];
}

function runsOf({ columns, most }: Sliding): readonly Run[] {
  const size = Math.ceil(columns.length / Math.ceil(columns.length / most));
  const runs: Run[] = [];
  for (let window = 0; window < columns.length; window += size) {
    const spans = columns.slice(window, window + size);
    const column = Math.min(...spans.filter(({ count }) => count > 0).map(({ from }) => from));
    const windows = spans.map((span) => ({ ...span, from: span.from - column }));
    const last = runs.at(-1);
    const step = last && (column - last.column) / last.tiles;
    if (last !== undefined && isSame(last.windows, windows) && (last.tiles === 1 || last.step === step))
      runs[runs.length - 1] = { ...last, step: step!, tiles: last.tiles + 1 };
    else runs.push({ window, column: Number.isFinite(column) ? column : 0, step: 0, tiles: 1, windows });
  }
  return runs;
}

const isSame = (a: readonly Span[], b: readonly Span[]): boolean =>
  a.length === b.length &&
  a.every(({ from, first, count }, i) => from === b[i]!.from && first === b[i]!.first && count === b[i]!.count);

/** An element of the image in a row of a tile, with the windows that cover it, each in one of their columns. */
interface Tap {
  readonly place: number;
  readonly uses: readonly { readonly window: number; readonly column: number }[];
}

function tapsOf(windows: readonly Span[], dilation: number): readonly Tap[] {
  const uses = windows.flatMap(({ from, first, count }, window) =>
    Array.from({ length: count }, (_, i) => ({ place: from + i * dilation, window, column: first + i })),
  );
  const places = [...new Set(uses.map(({ place }) => place))].sort((a, b) => a - b);
  return places.map((place) => ({ place, uses: uses.filter((use) => use.place === place) }));
}

/** Bytes of an entry of the table of rows: where the first one begins in the image, its index in the window, their number. */
const entry = 12;

/** Computes all windows of an image with channels last. The units are the rows of the result. */
export function slidingWindows(
  e: Pick<KernelEmitter, "table" | "finish">,
  x: { readonly at: I32; readonly shape: readonly number[] },
  result: I32,
  sliding: Sliding,
  combine: (f: FunctionBody) => Combination,
): Kernel {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const { rows, columns, dilations } = sliding;
  const pixel = 4 * c;
  const table = e.table(Int32Array.from(rows.flatMap(({ from, first, count }) => [from * w * pixel, first, count])));
  const runs = runsOf(sliding);
  return {
    units: n * rows.length,
    write: (f, from, to) => {
      const [row, source, target] = [f.int(), f.int(), f.int()];
      const [tileSource, tileTarget, channel] = [f.int(), f.int(), f.int()];
      const combination = combine(f);
      const finish = e.finish(f);
      const shared = f.vector();
      const [here, left] = [f.int(), f.int()];
      const sums: Local<"v128">[] = [];
      const sumAt = (i: number): Local<"v128"> => (sums[i] ??= f.vector());

      /** Computes the windows of a tile for some channels. */
      const tile = (windows: readonly Span[], lanes: number): Statement => {
        const { add, isShared } = combination;
        const taps = tapsOf(windows, dilations[1]);
        /** The sums of the columns of a window. */
        const columnsOf = (window: number): readonly V128[] =>
          taps.flatMap(({ uses }, i) => (uses.some((use) => use.window === window) ? [sumAt(i)] : []));
        const inside = new Set(taps.flatMap(({ uses }) => uses.map(({ column }) => column)));
        const start = combination.start(channel);
        const body: Statement = [
          combination.beginRow([...inside]),
          taps.map(({ place, uses }, i) => [
            set(shared, load(here, place * pixel)),
            isShared
              ? set(sumAt(i), add(sumAt(i), shared, 0))
              : uses.map(({ window, column }) => set(sumAt(window), add(sumAt(window), shared, column))),
          ]),
          combination.endRow(),
          increase(here, dilations[0] * w * pixel),
          increase(left, -1),
        ];
        const end = ({ count }: Span, window: number): Statement => {
          const [first = start, ...others] = isShared ? columnsOf(window) : [sumAt(window)];
          return [
            set(shared, first),
            others.map((sum) => set(shared, add(shared, sum, 0))),
            set(shared, combination.end(shared, count)),
            finish.store(shared, {
              address: plus(i32.add(tileTarget, channel), window * pixel),
              channel,
              lanes,
            }),
          ];
        };
        return [
          combination.begin(channel, loadInt(row, 4), loadInt(row, 8)),
          (isShared ? taps : windows).map((_, i) => set(sumAt(i), start)),
          set(here, i32.add(tileSource, channel)),
          set(left, loadInt(row, 8)),
          rows.every(({ count }) => count > 0) ? doWhile(left, body) : when(left, doWhile(left, body)),
          windows.map(end),
        ];
      };

      const whole = 4 * (c - (c % 4));
      const run = ({ window, column, step, tiles, windows }: Run): Statement => [
        set(tileSource, plus(source, column * pixel)),
        set(tileTarget, plus(target, window * pixel)),
        repeat(f, tiles, [
          set(channel, int(0)),
          whole === 0 ? [] : doWhile(i32.lt(channel, int(whole)), tile(windows, 4), increase(channel, 16)),
          c % 4 === 0 ? [] : tile(windows, c % 4),
          increase(tileSource, step * pixel),
          increase(tileTarget, windows.length * pixel),
        ]),
      ];

      return [
        finish.before,
        range(f, from, to, (unit) => {
          const [index, image]: readonly [I32, I32] =
            n === 1 ? [unit, int(0)] : [i32.rem(unit, int(rows.length)), i32.div(unit, int(rows.length))];
          return [
            set(row, i32.add(table, times(index, entry))),
            set(source, i32.add(i32.add(x.at, times(image, h * w * pixel)), loadInt(row))),
            set(target, i32.add(result, times(unit, columns.length * pixel))),
            runs.map(run),
          ];
        }),
      ];
    },
  };
}
