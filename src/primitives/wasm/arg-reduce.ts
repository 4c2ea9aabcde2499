/** @file The index of the largest or smallest element along an axis: the first of equal ones, and of NaN if there is any. */
import { stridesOf, type DType } from "../../contract/ndarray.ts";
import { set, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { bits, f32x4, i32x4, intIn, load, shuffle } from "../../wasm/f32x4.ts";
import { i32, increase, storeInt, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import type { ArgName } from "../functions/reduce.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { range, repeat, storeUpTo } from "./loops.ts";
import { tiles } from "./tiles.ts";

/** Elements, each the best one of its lane so far, and their indices. */
interface Best {
  readonly value: Local<"v128">;
  readonly index: Local<"v128">;
}

/** Where an element replaces the best one before it. */
type IsBetter = (x: V128, best: V128) => V128;

function isBetter(name: ArgName, dtype: DType): IsBetter {
  if (dtype !== "f32") return name === "argmax" ? i32x4.gt : i32x4.lt;
  const isNoBetter = name === "argmax" ? f32x4.le : f32x4.ge;
  // True of NaN, unless there has been one.
  return (x, best) => bits.andNot(f32x4.eq(best, best), isNoBetter(x, best));
}

const newBest = (f: FunctionBody): Best => ({ value: f.vector(), index: f.vector() });

/** Vectors that one tile has: each depends on those before it. */
const most = 4;

export function argReduction(e: KernelEmitter, name: ArgName, axis: number): readonly Kernel[] {
  const { shape, dtype } = e.operands[0]!;
  const better = isBetter(name, dtype);
  const inner = stridesOf(shape)[axis]!;
  return [inner === 1 ? alongRows(e, shape[axis]!, better) : downColumns(e, shape[axis]!, inner, better)];
}

/** Replaces the best elements by better ones. */
function update(f: FunctionBody, { value, index }: Best, x: V128, at: V128, better: IsBetter): Statement {
  const [own, mask] = [f.vector(), f.vector()];
  return [
    set(own, x),
    set(mask, better(own, value)),
    set(value, bits.select(own, value, mask)),
    set(index, bits.select(at, index, mask)),
  ];
}

function downColumns({ operands, result }: KernelEmitter, size: number, inner: number, better: IsBetter): Kernel {
  const lines = operands[0]!.shape.reduce((a, b) => a * b) / size / inner;
  const all = tiles(lines, inner, most);
  return {
    units: all.units,
    write: (f, first, end) =>
      all.each(f, first, end, (line, start, lanes) => {
        const [source, target, at] = [f.int(), f.int(), f.vector()];
        const best = lanes.map(() => newBest(f));
        const next = [increase(source, 4 * inner), set(at, i32x4.add(at, i32x4.of(1)))];
        return [
          set(source, i32.add(operands[0]!.at, i32.add(times(line, 4 * inner * size), times(start, 4)))),
          set(target, i32.add(result.at, i32.add(times(line, 4 * inner), times(start, 4)))),
          set(at, i32x4.of(0)),
          best.map(({ value, index }, i) => [set(value, load(source, 16 * i)), set(index, i32x4.of(0))]),
          next,
          repeat(f, size - 1, [best.map((it, i) => update(f, it, load(source, 16 * i), at, better)), next]),
          best.map(({ index }, i) => storeUpTo(target, index, lanes[i]!, 16 * i)),
        ];
      }),
  };
}

function alongRows({ operands, result }: KernelEmitter, size: number, better: IsBetter): Kernel {
  const rows = operands[0]!.shape.reduce((a, b) => a * b, 1) / size;
  const unrolled = Math.max(1, Math.min(most, Math.floor(size / 8)));
  const step = 4 * unrolled;
  const whole = Math.max(1, Math.floor(size / step));
  return {
    units: rows,
    write: (f, first, end) => {
      const [source, at] = [f.int(), f.vector()];
      const best = Array.from({ length: unrolled }, () => newBest(f));
      /** The last four elements, and before them those that fill no whole step. Some may be compared twice. */
      const rest = size < 4 ? [] : offsetsAfter(whole * step, size);
      const numbers = (start: number): V128 => i32x4.lanes([start, start + 1, start + 2, start + 3]);
      // A row of fewer than four elements has its first one in the other lanes.
      const short = [0, 1, 2, 3].map((lane) => (lane < size ? lane : 0)) as [number, number, number, number];
      const load1 = (x: V128): V128 => (size < 4 ? shuffle(x, x, short) : x);
      const begin = best.map(({ value, index }, i) => [
        set(value, load1(load(source, 16 * i))),
        set(index, size < 4 ? i32x4.lanes(short) : numbers(4 * i)),
      ]);
      const next = [increase(source, 4 * step), set(at, i32x4.add(at, i32x4.of(step)))];
      return range(f, first, end, (row) => [
        set(source, i32.add(operands[0]!.at, times(row, 4 * size))),
        begin,
        set(at, numbers(0)),
        next,
        repeat(f, whole - 1, [
          best.map((it, i) => update(f, it, load(source, 16 * i), i32x4.add(at, i32x4.of(4 * i)), better)),
          next,
        ]),
        set(source, i32.add(operands[0]!.at, times(row, 4 * size))),
        rest.map((start, i) => update(f, best[i % unrolled]!, load(source, 4 * start), numbers(start), better)),
        best.slice(1).map((other) => join(f, best[0]!, other, better)),
        [
          [2, 3, 0, 1],
          [1, 0, 3, 2],
        ].map((lanes) => {
          const turned = newBest(f);
          const order = lanes as [number, number, number, number];
          return [
            set(turned.value, shuffle(best[0]!.value, best[0]!.value, order)),
            set(turned.index, shuffle(best[0]!.index, best[0]!.index, order)),
            join(f, best[0]!, turned, better),
          ];
        }),
        storeInt(i32.add(result.at, times(row, 4)), intIn(best[0]!.index, 0)),
      ]);
    },
  };
}

/** The first elements of vectors that cover a row from an element on; the last one ends with the row. */
function offsetsAfter(from: number, size: number): number[] {
  const starts: number[] = [];
  for (let start = from; start < size; start += 4) starts.push(Math.min(start, size - 4));
  return starts;
}

/** Replaces the best elements by those of another that are better, or equal and before them. */
function join(f: FunctionBody, best: Best, other: Best, better: IsBetter): Statement {
  const mask = f.vector();
  const isEqual = bits.not(bits.or(better(other.value, best.value), better(best.value, other.value)));
  const isBefore = i32x4.lt(other.index, best.index);
  return [
    set(mask, bits.or(better(other.value, best.value), bits.and(isEqual, isBefore))),
    set(best.value, bits.select(other.value, best.value, mask)),
    set(best.index, bits.select(other.index, best.index, mask)),
  ];
}
