/** @file Rows by index: reads them, or adds them up. A wrong index reads the first row, and adds to none. */
import { elements, stridesOf } from "../../contract/ndarray.ts";
import { set, when, type I32, type Statement, type V128 } from "../../wasm/code.ts";
import { f32x4, f64x2, i32x4, load, shuffle, store } from "../../wasm/f32x4.ts";
import { either, i32, increase, int, loadInt, times } from "../../wasm/i32.ts";
import { row } from "./copy.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { range, repeat, storeUpTo } from "./loops.ts";
import { tiles } from "./tiles.ts";

/** Copies the rows along an axis that the second operand counts. */
export function gathered({ operands: [x, indices], result }: KernelEmitter, axis: number): Kernel {
  const size = x!.shape[axis]!;
  const width = stridesOf(x!.shape)[axis]!;
  const count = elements(indices!.shape);
  const blocks = elements(x!.shape) / size / width;
  return {
    units: blocks * count,
    write: (f, first, end) => {
      const [index, source, target] = [f.int(), f.int(), f.int()];
      const place = (unit: I32): I32 => (blocks === 1 ? unit : i32.remUnsigned(unit, int(count)));
      return range(f, first, end, (unit) => [
        set(index, loadInt(i32.add(indices!.at, times(place(unit), 4)))),
        set(index, either(index, int(0), i32.ltUnsigned(index, int(size)))),
        blocks === 1 ? [] : set(index, i32.add(index, times(i32.divUnsigned(unit, int(count)), size))),
        set(source, i32.add(x!.at, times(index, 4 * width))),
        set(target, i32.add(result.at, times(unit, 4 * width))),
        row(f, width, source, target),
      ]);
    },
  };
}

/** Vectors of neighbouring columns that a tile of sums has. */
const most = 4;

/** Adds up the rows of the second operand that have the same index in the first, floats in float64. */
export function rowsAdded(e: KernelEmitter): Kernel {
  const { result } = e;
  const [indices, rows] = e.operands;
  const [count, width] = rows!.shape as [number, number];
  const size = result.shape[0]!;
  const isFloat = rows!.dtype === "f32";
  /** The bytes of four sums, and of a row of sums. */
  const four = isFloat ? 32 : 16;
  const stride = four * Math.ceil(width / 4);
  const scratch = e.scratch(size * stride);
  const all = tiles(1, width, most);
  return {
    units: all.units,
    write: (f, first, end) =>
      all.each(f, first, end, (_, start, lanes) => {
        const [sums, own, source, target, place, index] = [f.int(), f.int(), f.int(), f.int(), f.int(), f.int()];
        const x = f.vector();
        const toStart = set(sums, i32.add(scratch, times(start, four / 4)));
        const add = (i: number): Statement => {
          const at = i * four;
          if (!isFloat) return store(own, i32x4.add(load(own, at), load(source, 16 * i)), at);
          const half = (offset: number, y: V128) => store(own, f64x2.add(load(own, offset), f64x2.ofFloats(y)), offset);
          return [set(x, load(source, 16 * i)), half(at, x), half(at + 16, shuffle(x, x, [2, 3, 2, 3]))];
        };
        const total = (i: number): V128 => {
          if (!isFloat) return load(sums, i * four);
          const doubles = (offset: number) => f32x4.ofDoubles(load(sums, i * four + offset));
          return shuffle(doubles(0), doubles(16), [0, 1, 4, 5]);
        };
        return [
          toStart,
          repeat(f, size, [
            Array.from({ length: (lanes.length * four) / 16 }, (_, i) => store(sums, i32x4.of(0), 16 * i)),
            increase(sums, stride),
          ]),
          toStart,
          set(source, i32.add(rows!.at, times(start, 4))),
          set(place, indices!.at),
          repeat(f, count, [
            set(index, loadInt(place)),
            when(i32.ltUnsigned(index, int(size)), [
              set(own, i32.add(sums, times(index, stride))),
              lanes.map((_, i) => add(i)),
            ]),
            increase(place, 4),
            increase(source, 4 * width),
          ]),
          set(target, i32.add(result.at, times(start, 4))),
          repeat(f, size, [
            lanes.map((count, i) => storeUpTo(target, total(i), count, 16 * i)),
            increase(sums, stride),
            increase(target, 4 * width),
          ]),
        ];
      }),
  };
}
