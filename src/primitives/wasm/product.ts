/**
 * @file Products of matrices: rows of the first, which may be strided windows of an image, times panels of the second.
 * A tile of four rows and eight columns is summed up in registers.
 */
import { doWhile, set, when, type I32, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { load, loadSplat } from "../../wasm/f32x4.ts";
import { either, i32, increase, int, plus, times } from "../../wasm/i32.ts";
import { call, FunctionBody } from "../../wasm/module.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { range, repeat } from "./loops.ts";

/** The columns of a panel. All parts of a product must agree on it. */
export const panelWidth = 8;

/** The rows of a tile. */
const tileRows = 4;

/** Rows that a unit has if it can choose. */
const defaultRows = 64;

/** A loop around the products, in bytes: how far each operand moves from one iteration to the next. */
export interface Loop {
  readonly count: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** How far the columns move within the last axis of the result. */
  readonly channel: number;
}

/** Everything is in bytes, except counts. */
export interface Product {
  readonly a: I32;
  /** The first panel: a row of eight biases, then eight columns for each summand. */
  readonly panels: I32;
  readonly c: I32;
  /** Loops over images, groups or batches. */
  readonly outer: readonly Loop[];
  /** Lines of neighbouring rows. */
  readonly lines: { readonly count: number; readonly a: number; readonly c: number };
  readonly rows: { readonly count: number; readonly a: number; readonly c: number };
  /** Loops over the summands of a row, outermost first: how many there are and how far apart. */
  readonly summands: readonly { readonly count: number; readonly a: number }[];
  readonly columns: number;
  /** How many rows a unit has, a multiple of 4, if there is one line. By default it is chosen. */
  readonly unitRows?: number;
  /** Whether each unit reads its rows from the same place (`a`), or writes them there (`c`). */
  readonly inPlace?: "a" | "c";
  /** Names functions of their own, where a primitive has several products. */
  readonly name?: string;
  /** Is applied to each sum, which is in a register. */
  readonly activation: (f: FunctionBody, x: V128) => V128;
}

/** Returns the number of summands of one element. */
const depthOf = ({ summands }: Product): number => summands.reduce((product, { count }) => product * count, 1);

/** Returns the elements of the panels of one matrix, with their biases. */
export const panelElements = (depth: number, columns: number): number =>
  Math.ceil(columns / panelWidth) * (depth + 1) * panelWidth;

/** Computes the products. */
export function multiplied(e: KernelEmitter, product: Product): Kernel {
  const { lines, rows, outer, unitRows = defaultRows, inPlace } = product;
  const tiles = Math.floor(rows.count / tileRows);
  const rest = rows.count % tileRows;
  // Several short lines, or part of a long one.
  const perUnit = largestDivisor(lines.count, Math.ceil(unitRows / rows.count));
  const tilesPerUnit = lines.count === 1 ? Math.min(tiles, unitRows / tileRows) : tiles;
  const parts = lines.count === 1 ? Math.max(1, Math.ceil(tiles / Math.max(1, tilesPerUnit))) : lines.count / perUnit;
  return {
    units: outer.reduce((count, loop) => count * loop.count, parts),
    write: (f, from, to) => {
      const [a, b, c, channel, part, lineA, lineC, count] = Array.from({ length: 8 }, () => f.int());
      const at = { a: a!, b: b!, c: c!, channel: channel! };
      const first = times(part!, tilesPerUnit);
      const left = i32.sub(int(tiles), first);
      const isLast = i32.eq(part!, int(parts - 1));
      /** One panel for all rows of the unit. */
      const panel = (columns: number): Statement => {
        const tile = (height: number, fromA: I32, fromC: I32, howMany: I32): Statement =>
          call(tileOf(e, product, height, columns), fromA, b!, fromC, channel!, howMany);
        if (lines.count === 1)
          return [
            tiles === 0 ? [] : when(i32.gt(count!, int(0)), tile(tileRows, a!, c!, count!)),
            rest === 0
              ? []
              : when(
                  isLast,
                  tile(
                    rest,
                    plusTimes(a!, count!, tileRows * rows.a),
                    plusTimes(c!, count!, tileRows * rows.c),
                    int(1),
                  ),
                ),
          ];
        return [
          set(lineA!, a!),
          set(lineC!, c!),
          repeat(f, perUnit, [
            tiles === 0 ? [] : tile(tileRows, lineA!, lineC!, int(tiles)),
            rest === 0
              ? []
              : tile(rest, plus(lineA!, tiles * tileRows * rows.a), plus(lineC!, tiles * tileRows * rows.c), int(1)),
            increase(lineA!, lines.a),
            increase(lineC!, lines.c),
          ]),
        ];
      };
      const fullPanels = Math.floor(product.columns / panelWidth);
      const lastColumns = product.columns % panelWidth;
      const next: Statement = [
        increase(b!, 4 * (depthOf(product) + 1) * panelWidth),
        increase(c!, 4 * panelWidth),
        increase(channel!, 4 * panelWidth),
      ];
      return range(f, from, to, (unit) => [
        startOf(f, product, unit, parts, part!, at),
        lines.count === 1
          ? [
              set(count!, either(left, int(tilesPerUnit), i32.lt(left, int(tilesPerUnit)))),
              inPlace === "a" ? [] : increase(a!, i32.mul(first, int(tileRows * rows.a))),
              inPlace === "c" ? [] : increase(c!, i32.mul(first, int(tileRows * rows.c))),
            ]
          : [increase(a!, times(part!, perUnit * lines.a)), increase(c!, times(part!, perUnit * lines.c))],
        repeat(f, fullPanels, [panel(panelWidth), next]),
        lastColumns === 0 ? [] : panel(lastColumns),
      ]);
    },
  };
}

const plusTimes = (address: I32, n: I32, bytes: number): I32 => i32.add(address, times(n, bytes));

/** Returns the largest divisor of `n` up to a limit. */
function largestDivisor(n: number, limit: number): number {
  for (let divisor = Math.min(n, limit); divisor > 1; divisor--) if (n % divisor === 0) return divisor;
  return 1;
}

/** Sets the addresses for a unit: its part of the lines, and the iterations of the outer loops. */
function startOf(
  f: FunctionBody,
  { a, panels, c, outer }: Product,
  unit: I32,
  parts: number,
  part: Local<"i32">,
  at: Readonly<Record<"a" | "b" | "c" | "channel", Local<"i32">>>,
): Statement {
  const rest = f.int();
  return [
    set(at.a, a),
    set(at.b, panels),
    set(at.c, c),
    set(at.channel, int(0)),
    set(part, i32.rem(unit, int(parts))),
    set(rest, i32.div(unit, int(parts))),
    outer.toReversed().map((loop) => {
      if (loop.count === 1) return [];
      const index = f.int();
      return [
        set(index, i32.rem(rest, int(loop.count))),
        set(rest, i32.div(rest, int(loop.count))),
        (["a", "b", "c", "channel"] as const).map((key) =>
          loop[key] === 0 ? [] : increase(at[key], times(index, loop[key])),
        ),
      ];
    }),
  ];
}

/** A function that computes tiles below each other: of the addresses of a, b, c, the channel in bytes, and their number. */
function tileOf(e: KernelEmitter, product: Product, height: number, columns: number): { readonly index: number } {
  const { rows, summands, activation, name = "" } = product;
  return e.function(`${name} tile ${height}x${columns}`, () => {
    const f = new FunctionBody(5, e.features);
    const [startA, startB, startC, channel, count] = f.parameters;
    const finish = e.finish(f);
    const vectors = Math.ceil(columns / 4);
    const [a, b] = [f.int(), f.int()];
    const sums = Array.from({ length: height }, () => f.vectors(vectors));
    const [panel, element] = [f.vectors(vectors), f.vector()];
    /** One summand of every element of the tile. */
    const step: Statement = [
      panel.map((it, j) => set(it, load(b, 16 * j))),
      sums.map((row, r) => [
        set(element, loadSplat(a, r * rows.a)),
        row.map((sum, j) => set(sum, f.madd(element, panel[j]!, sum))),
      ]),
    ];
    /** Sums up over the loops, and leaves `a` at the start of what comes after. */
    const nest = ([loop, ...inner]: Product["summands"]): Statement => {
      if (loop === undefined) return [step, increase(b, 4 * panelWidth)];
      if (inner.length > 0 || loop.count === 1)
        return [repeat(f, loop.count, [nest(inner), increase(a, loop.a)]), increase(a, -loop.a * loop.count)];
      const end = f.int();
      return [
        set(end, plus(a, loop.a * loop.count)),
        doWhile(i32.ne(a, end), nest([]), increase(a, loop.a)),
        increase(a, -loop.a * loop.count),
      ];
    };
    const stored = sums.map((row, r) =>
      row.map((sum, j) =>
        finish.store(activation(f, sum), {
          address: plus(startC!, r * rows.c),
          channel: channel!,
          offset: 16 * j,
          lanes: Math.min(4, columns - 4 * j),
        }),
      ),
    );
    return f.add(
      finish.before,
      doWhile(
        count!,
        set(a, startA!),
        set(b, startB!),
        panel.map((it, j) => [set(it, load(b, 16 * j)), sums.map((row) => set(row[j]!, it))]),
        increase(b, 4 * panelWidth),
        nest(summands),
        stored,
        increase(startA!, height * rows.a),
        increase(startC!, height * rows.c),
        increase(count!, -1),
      ),
    );
  });
}

/** No activation. */
export const unchanged = (_: FunctionBody, x: V128): V128 => x;
