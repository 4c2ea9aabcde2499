/** @file Loops and small memory accesses that kernels share. */
import { doWhile, set, when, type I32, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { f32x4, load, loadOne, loadTwo, shuffle, store, storeHalf, storeLane } from "../../wasm/f32x4.ts";
import { i32, increase, int } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";

/** Runs a body for an index from one number to before another, which may be none. */
export function range(f: FunctionBody, from: I32, to: I32, body: (index: Local<"i32">) => Statement): Statement {
  const index = f.int();
  return [set(index, from), when(i32.lt(index, to), doWhile(i32.lt(index, to), body(index), increase(index, 1)))];
}

/** Runs a body a known number of times. */
export function repeat(f: FunctionBody, count: number, body: Statement): Statement {
  if (count === 0) return [];
  if (count === 1) return body;
  const rest = f.int();
  return [set(rest, int(count)), doWhile(rest, body, increase(rest, -1))];
}

/** Loads up to four elements. Reads beyond them only within the next 16 bytes. */
export const loadUpTo = (address: I32, lanes: number, offset = 0): V128 =>
  lanes === 1 ? loadOne(address, offset) : lanes === 2 ? loadTwo(address, offset) : load(address, offset);

/** Stores up to four elements and writes nothing after them. */
export function storeUpTo(address: I32, x: V128, lanes: number, offset = 0): Statement {
  if (lanes === 4) return store(address, x, offset);
  if (lanes === 1) return storeLane(address, x, 0, offset);
  return [storeHalf(address, x, 0, offset), ...(lanes === 3 ? [storeLane(address, x, 2, offset + 8)] : [])];
}

/** Combines the four lanes into one, which all lanes of the result have. */
export function across(f: FunctionBody, x: V128, combine: (a: V128, b: V128) => V128): readonly [Statement, V128] {
  const [half, whole] = [f.vector(), f.vector()];
  return [
    [set(half, x), set(whole, combine(half, shuffle(half, half, [2, 3, 0, 1])))],
    combine(whole, shuffle(whole, whole, [1, 0, 3, 2])),
  ];
}

export const zero = f32x4.of(0);
