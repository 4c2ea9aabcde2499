/** @file The places of the largest elements of rows: few by insertion, many by finding the smallest of them, and sorting. */
import { elements } from "../../contract/ndarray.ts";
import { doWhile, set, when, type I32, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { anyTrue, bits, f32x4, i32x4, intIn, load, store } from "../../wasm/f32x4.ts";
import { copyBytes, either, i32, increase, int, loadInt, plus, storeInt, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import type { Kernel, KernelEmitter } from "./emitter.ts";
import { range, repeat } from "./loops.ts";

/** The most places that insertion finds. */
const fewPlaces = 16;

const smallest = -(2 ** 31);

/** The bytes of an array of the keys that are sorted, or of their places, and of one more. */
const sortedBytes = (count: number): number => 4 * (count + 1);

/** Finds the places of the largest elements in each row of the first operand. Of equal elements, the first one comes first. */
export function topKernel(e: KernelEmitter, count: number): Kernel {
  const { shape, dtype, at } = e.operands[0]!;
  const size = shape.at(-1)!;
  const isFew = count <= fewPlaces;
  // Keys are written as whole vectors.
  const bytes = 16 * Math.ceil(size / 4);
  const perRow = bytes + (isFew ? 4 * count : 4 * sortedBytes(count));
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
        isFew ? inserted(f, keys, target, { size, count, bytes }) : sorted(f, keys, target, { size, count, bytes }),
      ]);
    },
  };
}

/**
 * Stores integers in the order of the elements: the bits of a float, those of a negative one turned. -0 is 0. After the last
 * one, the vector has the smallest integer.
 */
function keysOf(f: FunctionBody, from: I32, to: Local<"i32">, size: number, isFloat: boolean): Statement {
  const [source, target, x] = [f.int(), f.int(), f.vector()];
  const sign = i32x4.shr(x, int(31));
  const key = isFloat ? bits.xor(x, bits.and(sign, i32x4.of(0x7fffffff))) : x;
  const read: V128 = isFloat ? f32x4.add(load(source), f32x4.of(0)) : load(source);
  const isUsed = i32x4.lanes([0, 1, 2, 3].map((lane) => (lane < size % 4 ? -1 : 0)));
  return [
    set(source, from),
    set(target, to),
    repeat(f, Math.floor(size / 4), [
      [set(x, read), store(target, key)],
      [increase(source, 16), increase(target, 16)],
    ]),
    size % 4 === 0 ? [] : [set(x, read), store(target, bits.select(key, i32x4.of(smallest), isUsed))],
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
  const [at, stop, key, slot, best, isWorth] = [f.int(), f.int(), f.int(), f.int(), f.int(), f.int()];
  // Keys before this one are inserted one by one. After them, four at a time are compared with the last one that is kept.
  const single = count + ((size - count) % 4);
  const last = 4 * (count - 1);
  // A slot counts bytes from the first key that is kept.
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
      set(isWorth, isSingle),
      when(i32.eqz(isWorth), set(isWorth, anyTrue(four))),
      when(isWorth, doWhile(i32.lt(at, stop), insert)),
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
 * Finds the keys and places that are asked for, and sorts them: from one part of memory into another and back, as often as
 * runs double from 1 to all. Copies the places to the result.
 */
function sorted(f: FunctionBody, keys: Local<"i32">, target: Local<"i32">, row: Row): Statement {
  const { count, bytes } = row;
  const [from, to, other, width] = [f.int(), f.int(), f.int(), f.int()];
  const least = f.int();
  return [
    set(from, plus(keys, bytes)),
    set(to, plus(from, 2 * sortedBytes(count))),
    set(least, int(smallest)),
    leastOfTop(f, keys, least, row),
    selected(f, { keys, least, to: from }, row),
    set(width, int(4)),
    repeat(f, Math.ceil(Math.log2(count)), [
      mergePass(f, { from, to, width }, count),
      [set(other, from), set(from, to), set(to, other)],
      set(width, i32.add(width, width)),
    ]),
    copyBytes(target, plus(from, sortedBytes(count)), int(4 * count)),
  ];
}

/** Finds the smallest of the `count` largest keys, bit by bit: it is the largest number that at least `count` keys reach. */
function leastOfTop(f: FunctionBody, keys: Local<"i32">, least: Local<"i32">, { size, count }: Row): Statement {
  const [bit, candidate, at, total, reached] = [f.int(), f.int(), f.int(), f.int(), f.vector()];
  const isReached = i32x4.ge(load(at), i32x4.splat(candidate));
  return [
    set(bit, int(smallest)),
    doWhile(
      bit,
      set(candidate, i32.add(least, bit)),
      set(reached, i32x4.of(0)),
      set(at, keys),
      // A mask is -1 where it is true.
      repeat(f, Math.ceil(size / 4), [set(reached, i32x4.sub(reached, isReached)), increase(at, 16)]),
      set(
        total,
        [0, 1, 2, 3].map((lane) => intIn(reached, lane)).reduce((a, b) => i32.add(a, b)),
      ),
      set(least, either(candidate, least, i32.ge(total, int(count)))),
      // If exactly `count` keys reach it, it need not be a key.
      set(bit, either(int(0), i32.shrUnsigned(bit, int(1)), i32.eq(total, int(count)))),
    ),
  ];
}

interface Selection {
  readonly keys: Local<"i32">;
  readonly least: Local<"i32">;
  readonly to: Local<"i32">;
}

/** Copies the keys above the least one, then as many equal to it as there is room for, with their places. */
function selected(f: FunctionBody, { keys, least, to }: Selection, { size, count }: Row): Statement {
  const [at, stop, key, out, end] = [f.int(), f.int(), f.int(), f.int(), f.int()];
  const places = sortedBytes(count);
  const pass = (isWanted: (key: I32) => I32, anyWanted: V128): Statement => [
    set(at, int(0)),
    doWhile(
      i32.lt(at, int(size)),
      set(stop, plus(at, 4)),
      when(
        anyTrue(anyWanted),
        doWhile(
          i32.lt(at, stop),
          set(key, loadInt(i32.add(keys, times(at, 4)))),
          // There is room for one more, which the next one overwrites if it is not wanted.
          [storeInt(out, key), storeInt(out, at, places)],
          increase(out, times(i32.and(isWanted(key), i32.ltUnsigned(out, end)), 4)),
          increase(at, 1),
        ),
      ),
      set(at, stop),
    ),
  ];
  const four = load(i32.add(keys, times(at, 4)));
  return [
    set(out, to),
    set(end, plus(to, 4 * count)),
    pass((key) => i32.gt(key, least), i32x4.gt(four, i32x4.splat(least))),
    pass((key) => i32.eq(key, least), i32x4.eq(four, i32x4.splat(least))),
  ];
}

interface Pass {
  readonly from: Local<"i32">;
  readonly to: Local<"i32">;
  /** The bytes of a sorted run. */
  readonly width: Local<"i32">;
}

/** Merges each two neighbouring runs. All positions count bytes. */
function mergePass(f: FunctionBody, { from, to, width }: Pass, count: number): Statement {
  const [left, middle, right, end] = [f.int(), f.int(), f.int(), f.int()];
  const [at, source, isLeft] = [f.int(), f.int(), f.int()];
  const all = int(4 * count);
  const places = sortedBytes(count);
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
        storeInt(i32.add(to, at), loadInt(source, places), places),
        increase(left, i32.shl(isLeft, int(2))),
        increase(right, i32.shl(i32.eqz(isLeft), int(2))),
        increase(at, 4),
      ),
    ),
  ];
}
