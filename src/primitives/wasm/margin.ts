/** @file Margins around a tensor: one number, its mirror image, or its outermost elements. */
import { elements, stridesOf, type DType } from "../../contract/ndarray.ts";
import { doWhile, set, when, type I32 } from "../../wasm/code.ts";
import { f32x4, i32x4, store } from "../../wasm/f32x4.ts";
import { either, i32, increase, int, plus, times } from "../../wasm/i32.ts";
import { between, copied } from "./copy.ts";
import type { Kernel, Located } from "./emitter.ts";

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
  const inside = copied({ from: x.at, to: at(before), axes: between(x.shape, stridesOf(x.shape), strides) });
  if (mode === "constant")
    return elements(shape) === elements(x.shape)
      ? [inside]
      : [filled(result.at, elements(shape), value, result.dtype), inside];
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

/** Elements that a unit has. */
const unit = 4096;

/** Writes a number everywhere. */
export function filled(to: I32, count: number, value: number, dtype: DType): Kernel {
  const vector = dtype === "f32" ? f32x4.of(value) : i32x4.of(value);
  return {
    units: Math.ceil(count / unit),
    write: (f, from, end) => {
      const [address, last] = [f.int(), f.int()];
      const bytes = (index: I32): I32 => times(index, 4 * unit);
      const all = int(4 * count);
      return [
        set(address, i32.add(to, bytes(from))),
        set(last, i32.add(to, either(bytes(end), all, i32.lt(bytes(end), all)))),
        when(i32.lt(address, last), doWhile(i32.lt(address, last), store(address, vector), increase(address, 16))),
      ];
    },
  };
}
