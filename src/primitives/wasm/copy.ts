/** @file Moves elements from one strided place to another: transposes, slices, margins, joins, repetitions. */
import { elements, stridesOf } from "../../contract/ndarray.ts";
import { set, type Local, type Statement } from "../../wasm/code.ts";
import { load, loadSplat, shuffle, store } from "../../wasm/f32x4.ts";
import { copyBytes, i32, increase, int, loadInt, plus, storeInt, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import type { Kernel } from "./emitter.ts";
import { range, repeat, storeUpTo } from "./loops.ts";
import { transposed, type Axis, type Copy } from "./transposed.ts";

/** Leaves out axes of size 1 and joins neighbours that are one axis in both places. */
export function merged(axes: readonly Axis[]): Axis[] {
  const joined: Axis[] = [];
  for (const axis of axes.filter(({ size }) => size !== 1)) {
    const last = joined.at(-1);
    if (last?.from === axis.from * axis.size && last.to === axis.to * axis.size)
      joined[joined.length - 1] = { ...axis, size: last.size * axis.size };
    else joined.push(axis);
  }
  return joined;
}

/** Moves elements. The outermost axis is shared by threads. */
export function copied(copy: Copy): Kernel {
  const { from, to } = copy;
  const axes = merged(copy.axes);
  const [outer = { size: 1, from: 0, to: 0 }, ...inner] = split(axes);
  return (
    transposed({ from, to, axes }) ?? {
      units: outer.size,
      write: (f, first, end) =>
        range(f, first, end, (unit) => {
          const [source, target] = [f.int(), f.int()];
          return [
            set(source, i32.add(from, times(unit, 4 * outer.from))),
            set(target, i32.add(to, times(unit, 4 * outer.to))),
            nest(f, inner, source, target),
          ];
        }),
    }
  );
}

/** Splits a single long axis, so that it has units. */
function split(axes: readonly Axis[]): readonly Axis[] {
  const [only, ...others] = axes;
  if (only === undefined || others.length > 0) return axes;
  const part = [4096, 1024, 256, 64, 16].find((size) => only.size % size === 0 && only.size > size);
  if (part === undefined) return [{ size: 1, from: 0, to: 0 }, only];
  return [
    { size: only.size / part, from: only.from * part, to: only.to * part },
    { ...only, size: part },
  ];
}

/** Moves along all axes; leaves both addresses as they were. */
function nest(
  f: FunctionBody,
  [axis, ...inner]: readonly Axis[],
  source: Local<"i32">,
  target: Local<"i32">,
): Statement {
  if (axis === undefined) return storeInt(target, loadInt(source));
  const { size, from, to } = axis;
  if (inner.length === 0 && from === 1 && to === 1) return row(f, size, source, target);
  if (inner.length === 0 && to === 1 && size > 4 && from === 0) return spread(f, size, source, target);
  if (inner.length === 0 && to === 1 && size > 4 && from === -1) return turned(f, size, source, target);
  if (inner.length === 0 && size <= 4)
    return Array.from({ length: size }, (_, i) =>
      storeInt(
        target,
        loadInt(from < 0 ? plus(source, 4 * i * from) : source, from < 0 ? 0 : 4 * i * from),
        4 * i * to,
      ),
    );
  return [
    repeat(f, size, [nest(f, inner, source, target), increase(source, 4 * from), increase(target, 4 * to)]),
    increase(source, -4 * from * size),
    increase(target, -4 * to * size),
  ];
}

/** Repeats one element. */
function spread(f: FunctionBody, size: number, source: Local<"i32">, target: Local<"i32">): Statement {
  const x = f.vector();
  const vectors = Math.floor(size / 4);
  return [
    set(x, loadSplat(source)),
    repeat(f, vectors, [store(target, x), increase(target, 16)]),
    size % 4 === 0 ? [] : storeUpTo(target, x, size % 4),
    increase(target, -16 * vectors),
  ];
}

/** Moves elements in the opposite order. */
function turned(f: FunctionBody, size: number, source: Local<"i32">, target: Local<"i32">): Statement {
  const x = f.vector();
  const vectors = Math.floor(size / 4);
  const rest = Array.from({ length: size % 4 }, (_, i) => storeInt(target, loadInt(plus(source, -4 * i)), 4 * i));
  return [
    repeat(f, vectors, [
      set(x, load(plus(source, -12))),
      store(target, shuffle(x, x, [3, 2, 1, 0])),
      increase(source, -16),
      increase(target, 16),
    ]),
    rest,
    increase(source, 16 * vectors),
    increase(target, -16 * vectors),
  ];
}

/** Moves neighbouring elements. Leaves both addresses as they were. */
export function row(f: FunctionBody, size: number, source: Local<"i32">, target: Local<"i32">): Statement {
  const vectors = Math.floor(size / 4);
  const rest = (offset: number): Statement =>
    Array.from({ length: size % 4 }, (_, i) => storeInt(target, loadInt(source, offset + 4 * i), offset + 4 * i));
  if (vectors <= 4)
    return [Array.from({ length: vectors }, (_, i) => store(target, load(source, 16 * i), 16 * i)), rest(16 * vectors)];
  const bytes = int(4 * size);
  // It takes as long to start as to copy hundreds of elements.
  if (size > 1024) return copyBytes(target, source, bytes);
  return [
    repeat(f, vectors, [store(target, load(source)), increase(source, 16), increase(target, 16)]),
    rest(0),
    increase(source, -16 * vectors),
    increase(target, -16 * vectors),
  ];
}

/** Returns the axes of a copy from strides, aligned at the right, to a dense tensor of the shape. */
export function toDense(shape: readonly number[], from: readonly number[]): Axis[] {
  return between(shape, from, stridesOf(shape));
}

/** Returns the axes of a copy of a box from strides to strides. */
export function between(shape: readonly number[], from: readonly number[], to: readonly number[]): Axis[] {
  return shape.map((size, i) => ({ size, from: from[i]!, to: to[i]! }));
}

/** Strides with 0 where a shape is repeated to another; shapes are aligned at the right. */
export function broadcastStrides(shape: readonly number[], to: readonly number[]): number[] {
  const strides = stridesOf(shape);
  const skip = to.length - shape.length;
  return to.map((size, i) => (i < skip || (shape[i - skip] === 1 && size !== 1) ? 0 : strides[i - skip]!));
}

/** The number of bytes of a tensor in memory. */
export const bytesIn = (shape: readonly number[]): number => 4 * elements(shape);
