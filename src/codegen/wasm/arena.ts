/** @file Where values are in memory, so that those that are needed at the same time do not overlap. */

/** Memory that is in use from one moment to another, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

/** Vectors may read and write this many bytes after the end. */
const slack = 16;

const aligned = (bytes: number): number => Math.ceil((bytes + slack) / 64) * 64;

/** Returns an offset for each, and the size of all memory. The largest are placed first, each at the first place that is free. */
export function placed(lifetimes: readonly Lifetime[]): {
  readonly offsets: readonly number[];
  readonly bytes: number;
} {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  /** By their offsets. */
  const done: number[] = [];
  const order = lifetimes.map((_, i) => i).sort((a, b) => lifetimes[b]!.bytes - lifetimes[a]!.bytes || a - b);
  for (const i of order) {
    const own = lifetimes[i]!;
    let offset = 0;
    for (const other of done) {
      const { bytes, from, to } = lifetimes[other]!;
      if (own.to < from || to < own.from) continue;
      if (offset + aligned(own.bytes) <= offsets[other]!) break;
      offset = Math.max(offset, offsets[other]! + aligned(bytes));
    }
    offsets[i] = offset;
    done.splice(done.findLastIndex((other) => offsets[other]! <= offset) + 1, 0, i);
  }
  return { offsets, bytes: Math.max(0, ...lifetimes.map(({ bytes }, i) => offsets[i]! + aligned(bytes))) };
}
