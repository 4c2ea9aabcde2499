/** @file Copies between an axis of neighbours in the source and another one of neighbours in the target: blocks of 4x4 elements. */
import { doWhile, set, when, type I32, type Local, type Statement } from "../../wasm/code.ts";
import { load, shuffle } from "../../wasm/f32x4.ts";
import { either, i32, increase, int, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import type { Kernel } from "./emitter.ts";
import { range, storeUpTo } from "./loops.ts";
import { bytesAt } from "./tiles.ts";

/** One axis of what is moved. Strides count elements; `from` may be 0, which repeats, or negative. */
export interface Axis {
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

export interface Copy {
  /** The address of the first element that is read, and of the first that is written. */
  readonly from: I32;
  readonly to: I32;
  readonly axes: readonly Axis[];
}

/** Elements of a unit. Along the source's neighbours, they are two cache lines. */
const most = { source: 32, target: 256 };

interface Places {
  readonly source: Local<"i32">;
  readonly target: Local<"i32">;
}

/** Returns the copy in blocks, if it has the two axes. */
export function transposed({ from, to, axes }: Copy): Kernel | undefined {
  const read = axes.find((axis) => axis.from === 1);
  const written = axes.find((axis) => axis.to === 1);
  if (read === undefined || written === undefined || read === written || read.to < 0 || written.from < 0)
    return undefined;
  const others = axes.filter((axis) => axis !== read && axis !== written);
  const strips = Math.ceil(read.size / most.source);
  const chunks = Math.ceil(written.size / most.target);
  const outer = others.reduce((n, { size }) => n * size, 1);
  return {
    units: outer * strips * chunks,
    write: (f, first, end) =>
      range(f, first, end, (unit) => {
        const [index, strip, chunk] = [f.int(), f.int(), f.int()];
        const [source, target, width, height] = [f.int(), f.int(), f.int(), f.int()];
        const along = (side: "from" | "to") =>
          i32.add(
            bytesAt(
              index,
              others.map((axis) => ({ size: axis.size, stride: axis[side] })),
            ),
            i32.add(times(strip, 4 * most.source * read[side]), times(chunk, 4 * most.target * written[side])),
          );
        const left = (part: Local<"i32">, size: number, most: number) => {
          const rest = i32.sub(int(size), times(part, most));
          return either(int(most), rest, i32.lt(int(most), rest));
        };
        const forward = [increase(source, 16 * written.from), increase(target, 16), increase(height, -4)];
        const wholeStrip = across(f, { source, target }, { read, written, lanes: 4 }, width);
        const lanes = written.size % 4;
        return [
          set(index, i32.divUnsigned(unit, int(strips * chunks))),
          set(strip, i32.remUnsigned(i32.divUnsigned(unit, int(chunks)), int(strips))),
          set(chunk, i32.remUnsigned(unit, int(chunks))),
          set(source, i32.add(from, along("from"))),
          set(target, i32.add(to, along("to"))),
          set(width, left(strip, read.size, most.source)),
          set(height, left(chunk, written.size, most.target)),
          when(i32.ge(height, int(4)), doWhile(i32.ge(height, int(4)), wholeStrip, forward)),
          lanes === 0 ? [] : when(height, across(f, { source, target }, { read, written, lanes }, width)),
        ];
      }),
  };
}

interface Strip {
  /** The axis of neighbours in the source, and that of neighbours in the target. */
  readonly read: Axis;
  readonly written: Axis;
  /** The elements along the target's neighbours. */
  readonly lanes: number;
}

/** Moves up to four elements of the target's neighbours, and all of a unit of the source's, which `width` counts. */
function across(f: FunctionBody, at: Places, strip: Strip, width: Local<"i32">): Statement {
  const [source, target, left] = [f.int(), f.int(), f.int()];
  const { to, size } = strip.read;
  const forward = [increase(source, 16), increase(target, 16 * to), increase(left, -4)];
  const rest = size % 4;
  return [
    set(source, at.source),
    set(target, at.target),
    set(left, width),
    size < 4
      ? []
      : when(i32.ge(left, int(4)), doWhile(i32.ge(left, int(4)), block(f, { source, target }, strip, 4), forward)),
    rest === 0 ? [] : when(left, block(f, { source, target }, strip, rest)),
  ];
}

/** Moves up to four elements each way. */
function block(f: FunctionBody, { source, target }: Places, { read, written, lanes }: Strip, count: number): Statement {
  const rows = f.vectors(lanes);
  const [a, b = a, c = a, d = c] = rows;
  const [low, high] = [f.vector(), f.vector()];
  const halves = (lanes: readonly [number, number, number, number]) => [
    set(low, shuffle(a!, b!, lanes)),
    set(high, shuffle(c!, d!, lanes)),
  ];
  const put = (i: number): Statement => {
    const column = shuffle(low, high, i % 2 === 0 ? [0, 1, 4, 5] : [2, 3, 6, 7]);
    return i < count ? storeUpTo(target, column, lanes, 4 * i * read.to) : [];
  };
  return [
    rows.map((row, i) => set(row, load(source, 4 * i * written.from))),
    [halves([0, 4, 1, 5]), put(0), put(1)],
    count <= 2 ? [] : [halves([2, 6, 3, 7]), put(2), put(3)],
  ];
}
