/** @file How many threads a model may compute with. */
import { DataError } from "../weights/data-error.ts";
import type { StartHelper } from "./wasm/team.ts";

/** What a machine and a page allow. */
export interface ThreadsHere {
  /** The number of processors. */
  readonly processors: number;
  /** Why there cannot be several threads; undefined if there can. */
  readonly obstacle?: string | undefined;
}

/** How a model gets its threads. */
export interface Threads {
  /** The most that a run may use. */
  readonly count: number;
  readonly start: StartHelper;
  readonly warn: (message: string) => void;
}

const most = 64;

/**
 * Returns the number of threads. By default it is half the processors and at most 4: more gain little, and other programs run,
 * too. Warns if more than one was asked for and cannot be had.
 * @throws DataError if it is not a number of threads
 */
export function threadsFor(
  model: string,
  wanted: number | undefined,
  { processors, obstacle }: ThreadsHere,
  warn: (message: string) => void,
): number {
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= most))
    throw new DataError(`threads must be a whole number from 1 to ${most}, not ${String(wanted)}`);
  if (obstacle === undefined) return wanted ?? Math.max(1, Math.min(4, Math.ceil(processors / 2)));
  if (wanted !== undefined && wanted > 1) warn(`${model} computes with one thread: ${obstacle}`);
  return 1;
}
