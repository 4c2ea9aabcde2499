/** @file Divides lines of neighbouring elements into tiles: as many vectors as a kernel computes at once. */
import { set, when, type I32, type Local, type Statement } from "../../wasm/code.ts";
import { i32, int, times } from "../../wasm/i32.ts";
import type { FunctionBody } from "../../wasm/module.ts";
import { range } from "./loops.ts";

/** An axis of a tensor in memory. The stride counts elements. */
export interface Axis {
  readonly size: number;
  readonly stride: number;
}

export interface Tiles {
  readonly units: number;
  /**
   * Writes a loop over tiles. `body` is asked for whole tiles, and for the last one of a line if that is smaller. It gets the
   * line, the first element within it, and how many lanes of each vector are used: all but those of the last one.
   */
  each(
    f: FunctionBody,
    from: I32,
    to: I32,
    body: (line: Local<"i32">, start: Local<"i32">, lanes: readonly number[]) => Statement,
  ): Statement;
}

/** Makes tiles of at most this many vectors. */
export function tiles(lines: number, length: number, most: number): Tiles {
  const vectors = Math.ceil(length / 4);
  const size = Math.ceil(vectors / Math.ceil(vectors / most));
  const count = Math.ceil(vectors / size);
  const lastStart = 4 * size * (count - 1);
  const lanesFrom = (start: number): number[] =>
    Array.from({ length: Math.min(size, vectors - start / 4) }, (_, i) => Math.min(4, length - start - 4 * i));
  const [whole, last] = [lanesFrom(0), lanesFrom(lastStart)];
  return {
    units: lines * count,
    each: (f, from, to, body) =>
      range(f, from, to, (unit) => {
        const [line, start] = [f.int(), f.int()];
        const position =
          count === 1
            ? [set(line, unit), set(start, int(0))]
            : [
                set(line, i32.divUnsigned(unit, int(count))),
                set(start, times(i32.remUnsigned(unit, int(count)), 4 * size)),
              ];
        if (whole.join() === last.join()) return [position, body(line, start, whole)];
        return [position, when(i32.lt(start, int(lastStart)), body(line, start, whole), body(line, start, last))];
      }),
  };
}

/** Returns the bytes from the first element of axes to the one at an index that counts all of them. */
export function bytesAt(index: I32, axes: readonly Axis[]): I32 {
  let below = 1;
  const terms = axes.toReversed().map(({ size, stride }, i) => {
    const upTo = below === 1 ? index : i32.divUnsigned(index, int(below));
    below *= size;
    return times(i === axes.length - 1 ? upTo : i32.remUnsigned(upTo, int(size)), 4 * stride);
  });
  return terms.length === 0 ? int(0) : terms.reduce((sum, term) => i32.add(sum, term));
}
