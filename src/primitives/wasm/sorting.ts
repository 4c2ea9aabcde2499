/** @file The places of the largest elements of rows: few by insertion, many by merging sorted runs. */
import { elements } from "../../contract/ndarray.ts";
import { doWhile, set, when, type I32, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { anyTrue, bits, f32x4, i32x4, load, store } from "../../wasm/f32x4.ts";
import { either, i32, increase, int, loadInt, plus, storeInt, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import { row } from "./copy.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { range, repeat } from "./loops.ts";

/** The most places that insertion finds. */
const fewPlaces = 16;

/** Finds so many places in each row of the first operand. Of equal elements, the first one comes first. */
export function topKernel(e: KernelEmitter, count: number): Kernel {
  const { shape, dtype, at } = e.operands[0]!;
  const size = shape.at(-1)!;
  const isFew = count <= fewPlaces;
  /** The bytes of an array in scratch memory, to which whole vectors are written. */
  const bytes = 16 * Math.ceil(size / 4);
  const perRow = isFew ? bytes + 4 * count : 4 * bytes;
  const rows = elements(shape) / size;
  const scratch = e.scratch(rows * perRow);
  return {
    units: rows,
    write: (f, first, end) => {
      const [keys, target] = [f.int(), f.int()];
      return range(f, first, end, (unit) => [
        set(keys, i32.add(scratch, times(unit, perRow))),
        set(target, i32.add(e.result.at, times(unit, 4 * count))),
        keysOf(f, i32.add(at, times(unit, 4 * size)), keys, size, dtype === "f32"),
        isFew ? inserted(f, keys, target, { size, count, bytes }) : merged(f, keys, target, { size, count, bytes }),
      ]);
    },
  };
}

/** Stores integers in the order of the elements: the bits of a float, those of a negative one turned. -0 is 0. */
function keysOf(f: FunctionBody, from: I32, to: Local<"i32">, size: number, isFloat: boolean): Statement {
  const [source, target, x] = [f.int(), f.int(), f.vector()];
  const sign = i32x4.shr(x, int(31));
  const key = isFloat ? bits.xor(x, bits.and(sign, i32x4.of(0x7fffffff))) : x;
  const read: V128 = isFloat ? f32x4.add(load(source), f32x4.of(0)) : load(source);
  return [
    set(source, from),
    set(target, to),
    repeat(f, Math.ceil(size / 4), [set(x, read), store(target, key), increase(source, 16), increase(target, 16)]),
  ];
}

interface Row {
  readonly size: number;
  readonly count: number;
  /** The bytes of an array of all keys. */
  readonly bytes: number;
}

/** Keeps the largest keys in order, after the others in memory, and their places in the result. */
function inserted(f: FunctionBody, keys: Local<"i32">, target: Local<"i32">, { size, count, bytes }: Row): Statement {
  const [at, stop, key, slot, best, place] = [f.int(), f.int(), f.int(), f.int(), f.int(), f.int()];
  /** Those before it are inserted one by one; after them, four at a time are compared with the last one that is kept. */
  const single = count + ((size - count) % 4);
  const last = 4 * (count - 1);
  /** Where a key is kept: as bytes from the first one. */
  const insert: Statement = [
    set(key, loadInt(i32.add(keys, times(at, 4)))),
    when(i32.or(i32.lt(at, int(count)), i32.lt(loadInt(best, last), key)), [
      set(slot, either(times(at, 4), int(last), i32.lt(at, int(count)))),
      moveSmaller(f, best, target, slot, key),
      storeInt(i32.add(best, slot), key),
      storeInt(i32.add(target, slot), at),
    ]),
    increase(at, 1),
  ];
  const four = i32x4.gt(load(i32.add(keys, times(at, 4))), i32x4.splat(loadInt(best, last)));
  const isSingle = i32.lt(at, int(single));
  return [
    set(best, plus(keys, bytes)),
    set(at, int(0)),
    doWhile(
      i32.lt(at, int(size)),
      set(stop, i32.add(at, either(int(1), int(4), isSingle))),
      set(place, isSingle),
      when(i32.eqz(place), set(place, anyTrue(four))),
      when(place, doWhile(i32.lt(at, stop), insert)),
      set(at, stop),
    ),
  ];
}

/** Moves the keys before a slot that are smaller, and their places, to make room. The slot becomes the first of theirs. */
function moveSmaller(
  f: FunctionBody,
  best: Local<"i32">,
  target: Local<"i32">,
  slot: Local<"i32">,
  key: Local<"i32">,
): Statement {
  const [again, other, before] = [f.int(), f.int(), f.int()];
  const move: Statement = [
    storeInt(i32.add(best, slot), other),
    storeInt(i32.add(target, slot), loadInt(i32.add(target, before))),
    set(slot, before),
    set(again, int(1)),
  ];
  return doWhile(
    again,
    set(again, int(0)),
    when(slot, [
      set(before, i32.sub(slot, int(4))),
      set(other, loadInt(i32.add(best, before))),
      when(i32.lt(other, key), move),
    ]),
  );
}

/**
 * Sorts all keys, with their places after them in memory, into other memory after that and back, as often as runs double: 1,
 * 2, 4. Copies the first places to the result.
 */
function merged(f: FunctionBody, keys: Local<"i32">, target: Local<"i32">, { size, count, bytes }: Row): Statement {
  const [from, to, other, place] = [f.int(), f.int(), f.int(), f.vector()];
  const passes = Math.ceil(Math.log2(size));
  const width = f.int();
  return [
    set(to, plus(keys, bytes)),
    set(place, i32x4.lanes([0, 1, 2, 3])),
    repeat(f, bytes / 16, [store(to, place), set(place, i32x4.add(place, i32x4.of(4))), increase(to, 16)]),
    set(from, keys),
    set(to, plus(keys, 2 * bytes)),
    set(width, int(4)),
    repeat(f, passes, [
      mergePass(f, { from, to, width }, size, bytes),
      [set(other, from), set(from, to), set(to, other)],
      set(width, i32.add(width, width)),
    ]),
    set(other, plus(from, bytes)),
    row(f, count, other, target),
  ];
}

interface Pass {
  readonly from: Local<"i32">;
  readonly to: Local<"i32">;
  /** The bytes of a sorted run. */
  readonly width: Local<"i32">;
}

/** Merges each two neighbouring runs. All positions count bytes. */
function mergePass(f: FunctionBody, { from, to, width }: Pass, size: number, bytes: number): Statement {
  const [left, middle, right, end] = [f.int(), f.int(), f.int(), f.int()];
  const [at, source, isLeft] = [f.int(), f.int(), f.int()];
  const all = int(4 * size);
  const upToAll = (n: Local<"i32">): I32 => either(n, all, i32.lt(n, all));
  const isNext = i32.or(i32.ge(right, end), i32.ge(loadInt(i32.add(from, left)), loadInt(i32.add(from, right))));
  return [
    set(at, int(0)),
    doWhile(
      i32.lt(at, all),
      set(left, at),
      set(middle, i32.add(left, width)),
      set(middle, upToAll(middle)),
      set(right, middle),
      set(end, i32.add(middle, width)),
      set(end, upToAll(end)),
      doWhile(
        i32.lt(at, end),
        set(isLeft, i32.and(i32.lt(left, middle), isNext)),
        set(source, i32.add(from, either(left, right, isLeft))),
        storeInt(i32.add(to, at), loadInt(source)),
        storeInt(i32.add(to, at), loadInt(source, bytes), bytes),
        increase(left, i32.shl(isLeft, int(2))),
        increase(right, i32.shl(i32.eqz(isLeft), int(2))),
        increase(at, 4),
      ),
    ),
  ];
}
