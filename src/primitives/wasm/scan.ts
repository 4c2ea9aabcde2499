/** @file Running sums and products along an axis: floats in float64. */
import { stridesOf } from "../../contract/ndarray.ts";
import { set, type Statement, type V128 } from "../../wasm/code.ts";
import { f32x4, f64x2, i32x4, shuffle } from "../../wasm/f32x4.ts";
import { i32, increase, plus, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { loadUpTo, repeat, storeUpTo } from "./loops.ts";
import { tiles } from "./tiles.ts";

interface Scan {
  readonly function: "sum" | "product";
  readonly axis: number;
  readonly reverse: boolean;
  readonly exclusive: boolean;
}

/** Vectors of neighbouring scans that a tile has. */
const most = 4;

/** Four scans. */
interface Total {
  readonly clear: Statement;
  readonly add: (x: V128) => Statement;
  readonly value: V128;
}

function totalOf(f: FunctionBody, isFloat: boolean, isSum: boolean): Total {
  const identity = isSum ? 0 : 1;
  if (!isFloat) {
    const value = f.vector();
    const of = isSum ? i32x4.add : i32x4.mul;
    return { clear: set(value, i32x4.of(identity)), add: (x) => set(value, of(value, x)), value };
  }
  const [own, low, high] = [f.vector(), f.vector(), f.vector()];
  const of = isSum ? f64x2.add : f64x2.mul;
  return {
    clear: [low, high].map((half) => set(half, f64x2.of(identity))),
    add: (x) => [
      set(own, x),
      set(low, of(low, f64x2.ofFloats(own))),
      set(high, of(high, f64x2.ofFloats(shuffle(own, own, [2, 3, 2, 3])))),
    ],
    value: shuffle(f32x4.ofDoubles(low), f32x4.ofDoubles(high), [0, 1, 4, 5]),
  };
}

/** Scans the first operand. */
export function scanKernel(e: KernelEmitter, { function: name, axis, reverse, exclusive }: Scan): Kernel {
  const { shape, dtype, at } = e.operands[0]!;
  const size = shape[axis]!;
  const inner = stridesOf(shape)[axis]!;
  const all = tiles(shape.reduce((a, b) => a * b) / size / inner, inner, most);
  const step = reverse ? -4 * inner : 4 * inner;
  return {
    units: all.units,
    write: (f, first, end) =>
      all.each(f, first, end, (line, start, lanes) => {
        const [source, target] = [f.int(), f.int()];
        const offset = plus(
          i32.add(times(line, 4 * size * inner), times(start, 4)),
          reverse ? 4 * inner * (size - 1) : 0,
        );
        const totals = lanes.map((count, i) => {
          const total = totalOf(f, dtype === "f32", name === "sum");
          const add = total.add(loadUpTo(source, count, 16 * i));
          const store = storeUpTo(target, total.value, count, 16 * i);
          return { clear: total.clear, step: exclusive ? [store, add] : [add, store] };
        });
        return [
          set(source, i32.add(at, offset)),
          set(target, i32.add(e.result.at, offset)),
          totals.map(({ clear }) => clear),
          repeat(f, size, [totals.map(({ step }) => step), increase(source, step), increase(target, step)]),
        ];
      }),
  };
}
