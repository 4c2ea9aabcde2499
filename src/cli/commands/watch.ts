/** @file Repeats a check whenever one of the files that it read changes. */
import { statSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/**
 * Whether a file has changed is asked at this interval, in milliseconds. Unlike notifications, this also notices a file
 * that is deleted and created again, one that an editor replaces, one in a new folder, and one on a network drive.
 */
const interval = 150;

/** Notes a file before it is read, or looked for. */
export type Note = (path: string) => void;

/**
 * Checks now, and again after every change of a file that the last check noted. Several changes in quick succession cause
 * one check. Ends when the signal says so.
 */
export async function watch(
  check: (note: Note, changed: readonly string[]) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let changed: readonly string[] = [];
  for (;;) {
    const seen = new Map<string, string>();
    await check((path) => {
      if (!seen.has(path)) seen.set(path, stateOf(path));
    }, changed);
    changed = await change(seen, signal);
    if (signal?.aborted === true) return;
  }
}

/** Waits until files differ from their states, and then until they no longer change. Returns those that differ. */
async function change(seen: ReadonlyMap<string, string>, signal?: AbortSignal): Promise<readonly string[]> {
  let before = [...seen.values()];
  while (signal?.aborted !== true) {
    await setTimeout(interval);
    const now = [...seen.keys()].map(stateOf);
    const isCalm = now.every((state, i) => state === before[i]);
    before = now;
    const changed = [...seen].filter(([, state], i) => state !== now[i]).map(([path]) => path);
    if (isCalm && changed.length > 0) return changed;
  }
  return [];
}

/** Returns a text that differs after any change of a file. */
function stateOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch {
    return "missing";
  }
}
