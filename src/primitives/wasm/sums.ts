/** @file Sums of many elements: blocks in float32, and the sum of these in float64. */
import { doWhile, set, type I32, type Local, type Statement, type V128 } from "../../wasm/code.ts";
import { f32x4, f64x2, shuffle } from "../../wasm/f32x4.ts";
import { either, i32, increase, int } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";

/** The most elements that are added up in float32. */
export const blockLength = 64;

/** Runs a step a number of times, and other statements before and after each block of them. */
export function inBlocks(
  f: FunctionBody,
  count: number,
  { begin, step, end }: { readonly begin: Statement; readonly step: Statement; readonly end: Statement },
): Statement {
  const [left, steps] = [f.int(), f.int()];
  const block: I32 = int(blockLength);
  return [
    set(left, int(count)),
    doWhile(
      left,
      begin,
      set(steps, either(left, block, i32.lt(left, block))),
      set(left, i32.sub(left, steps)),
      doWhile(steps, step, increase(steps, -1)),
      end,
    ),
  ];
}

/** Four sums in float64. */
export interface LongSum {
  readonly clear: Statement;
  readonly add: (block: Local<"v128">) => Statement;
  /** The sums as floats. */
  readonly value: V128;
}

export function longSum(f: FunctionBody): LongSum {
  const [low, high] = [f.vector(), f.vector()];
  return {
    clear: [set(low, f64x2.of(0)), set(high, f64x2.of(0))],
    add: (block) => [
      set(low, f64x2.add(low, f64x2.ofFloats(block))),
      set(high, f64x2.add(high, f64x2.ofFloats(shuffle(block, block, [2, 3, 2, 3])))),
    ],
    value: shuffle(f32x4.ofDoubles(low), f32x4.ofDoubles(high), [0, 1, 4, 5]),
  };
}
