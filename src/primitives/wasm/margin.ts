/** @file Margins around a tensor: one number, its mirror image, or its outermost elements. */
import { elements, stridesOf, type DType } from "../../contract/ndarray.ts";
import { doWhile, set, when, type I32, type V128 } from "../../wasm/code.ts";
import { f32x4, i32x4, store } from "../../wasm/f32x4.ts";
import { either, i32, increase, int, plus, times } from "../../wasm/i32.ts";
import { between, copied, merged, row } from "./copy.ts";
import type { Kernel, Located } from "./emitter.ts";
import { range, storeUpTo } from "./loops.ts";
import { bytesAt } from "./tiles.ts";
import type { Axis } from "./transposed.ts";

interface Margin {
  /** The number of elements before the first one, for each axis. */
  readonly before: readonly number[];
  readonly mode: "constant" | "reflect" | "replicate";
  readonly value: number;
}

/** Copies a tensor into the middle of a larger one, and writes the rest of that. */
export function padded(x: Pick<Located, "at" | "shape">, result: Located, { before, mode, value }: Margin): Kernel[] {
  const { shape } = result;
  const strides = stridesOf(shape);
  const at = (index: readonly number[]): I32 =>
    plus(result.at, 4 * index.reduce((flat, i, axis) => flat + i * strides[axis]!, 0));
  const axes = between(x.shape, stridesOf(x.shape), strides);
  if (mode === "constant" && elements(x.shape) < elements(shape))
    return [surrounded(x.at, at(before), axes, result, value)];
  const inside = copied({ from: x.at, to: at(before), axes });
  const sides = shape.flatMap((_, axis): Kernel[] => {
    const [first, count] = [before[axis]!, x.shape[axis]!];
    const end = first + count;
    // Axes before this one are complete.
    const start = before.map((n, i) => (i < axis ? 0 : n));
    const box = shape.map((size, i) => (i < axis ? size : x.shape[i]!));
    const step = mode === "reflect" ? -1 : 0;
    const side = (to: number, from: number, width: number): Kernel[] => {
      if (width === 0) return [];
      const axes = between(box.with(axis, width), strides.with(axis, step * strides[axis]!), strides);
      return [copied({ from: at(start.with(axis, from)), to: at(start.with(axis, to)), axes })];
    };
    return [
      ...side(0, mode === "reflect" ? 2 * first : first, first),
      ...side(end, mode === "reflect" ? end - 2 : end - 1, shape[axis]! - end),
    ];
  });
  return [inside, ...sides];
}

/** Copies rows of a dense tensor, and writes a number between them, before the first and after the last one. */
function surrounded(from: I32, to: I32, axes: readonly Axis[], result: Located, value: number): Kernel {
  const all = merged(axes);
  const last = all.at(-1)?.to === 1 ? all.at(-1) : undefined;
  const size = last?.size ?? 1;
  const outer = all.filter((axis) => axis !== last).map((axis) => ({ size: axis.size, stride: axis.to }));
  const rows = outer.reduce((n, axis) => n * axis.size, 1);
  const number = vectorOf(value, result.dtype);
  // More than a short row could be overwritten: what other units own.
  const lanes = size < 4 ? 1 : 4;
  return {
    units: rows + 1,
    write: (f, first, end) => {
      const [source, gap, target, before] = [f.int(), f.int(), f.int(), f.int()];
      const place = (row: I32): I32 => i32.add(to, bytesAt(row, outer));
      return range(f, first, end, (unit) => [
        set(before, i32.sub(unit, int(1))),
        set(gap, result.at),
        when(unit, set(gap, plus(place(before), 4 * size))),
        set(target, plus(result.at, 4 * elements(result.shape))),
        when(i32.lt(unit, int(rows)), set(target, place(unit))),
        when(
          i32.ltUnsigned(gap, target),
          doWhile(i32.ltUnsigned(gap, target), storeUpTo(gap, number, lanes), increase(gap, 4 * lanes)),
        ),
        when(i32.lt(unit, int(rows)), [
          set(source, i32.add(from, times(unit, 4 * size))),
          row(f, size, source, target),
        ]),
      ]);
    },
  };
}

const vectorOf = (value: number, dtype: DType): V128 => (dtype === "f32" ? f32x4 : i32x4).of(value);

/** Elements that a unit has. */
const unit = 4096;

/** Writes a number everywhere. */
export function filled(to: I32, count: number, value: number, dtype: DType): Kernel {
  const vector = vectorOf(value, dtype);
  return {
    units: Math.ceil(count / unit),
    write: (f, from, end) => {
      const [address, last] = [f.int(), f.int()];
      const bytes = (index: I32): I32 => times(index, 4 * unit);
      const all = int(4 * count);
      return [
        set(address, i32.add(to, bytes(from))),
        set(last, i32.add(to, either(bytes(end), all, i32.ltUnsigned(bytes(end), all)))),
        when(
          i32.ltUnsigned(address, last),
          doWhile(i32.ltUnsigned(address, last), store(address, vector), increase(address, 16)),
        ),
      ];
    },
  };
}
