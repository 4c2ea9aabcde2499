/** @file Measures runs of a model, and prints how long they took. */
import { digitsText, timeText } from "../terminal/numbers.ts";

/** How long one run took, in milliseconds. */
export interface Timing {
  readonly wall: number;
  /** The time of all cores together. */
  readonly busy: number;
}

/** Runs a function and measures it. */
export async function timed<T>(run: () => Promise<T>): Promise<{ readonly value: T; readonly timing: Timing }> {
  const start = process.cpuUsage();
  const begin = performance.now();
  const value = await run();
  const wall = performance.now() - begin;
  const { user, system } = process.cpuUsage(start);
  return { value, timing: { wall, busy: (user + system) / 1000 } };
}

/** `12.3 ms`, or for several runs the medians and quartiles: `median 12.3 ms (12 to 13.1), CPU 24 ms (23.5 to 25)`. */
export function timingText(timings: readonly Timing[]): string {
  const [first, ...others] = timings;
  if (first !== undefined && others.length === 0) return timeText(first.wall);
  const [wall, busy] = [timings.map(({ wall }) => wall), timings.map(({ busy }) => busy)];
  return `median ${spread(wall)}, CPU ${spread(busy)}, ${timings.length} runs after one to warm up`;
}

/** The median, and between which quartiles half of the runs are. */
function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => quantile(sorted, part));
  return `${timeText(middle!)} (quartiles ${digitsText(low!)} and ${digitsText(high!)})`;
}

/** Returns a quantile of sorted numbers, between the two nearest ones in proportion, as NumPy does. */
export function quantile(sorted: readonly number[], part: number): number {
  const at = (sorted.length - 1) * part;
  const [before, after] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return before + (after - before) * (at - Math.floor(at));
}
