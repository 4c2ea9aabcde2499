/** @file Protects files from being overwritten: those that a command reads, and those that `fuse` did not write. */
import { realpathSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { fail } from "../terminal/failure.ts";

/**
 * Ends the command if a result would replace a file that the command reads, or any program, or if its folder does not
 * exist.
 */
export function protect(read: readonly string[], written: readonly string[]): void {
  for (const path of written) {
    if (isProgram(path) || read.some((source) => isSameFile(source, path))) fail("would-overwrite", { path });
    if (statOf(path)?.isDirectory()) fail("unwritable-file", { path, reason: "is a folder, not a file" });
    if (!statOf(dirname(path))?.isDirectory()) fail("unwritable-file", { path, reason: "no such folder" });
  }
}

/** Ends the command if the file exists and its first bytes do not show that `fuse` wrote it. */
export async function refuseForeign(
  path: string,
  isOurs: (start: Uint8Array) => boolean | Promise<boolean>,
): Promise<void> {
  const stats = statOf(path);
  if (stats === undefined) return;
  if (!stats.isFile()) fail("would-overwrite", { path }, { notes: ["it is not a regular file"] });
  if (isProgram(path)) fail("would-overwrite", { path }, { notes: ["it is a program"] });
  if (await isOurs(await beginningOf(path))) return;
  fail("would-overwrite", { path }, { notes: ["`fuse` did not write the existing file"] });
}

/** Returns the first bytes of a file; none if it does not exist. */
export async function beginningOf(path: string): Promise<Uint8Array> {
  const start = new Uint8Array(200);
  if (statOf(path)?.isFile() !== true) return start.subarray(0, 0);
  const file = await open(path);
  try {
    const { bytesRead } = await file.read(start, 0, start.length, 0);
    return start.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Whether the path leads to a program, possibly through a link. */
const isProgram = (path: string): boolean => statOf(path) !== undefined && realpathSync(path).endsWith(".fuse");

/** Whether two paths lead to the same existing file. */
export function isSameFile(a: string, b: string): boolean {
  const [one, other] = [statOf(a), statOf(b)];
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

/** Returns undefined if nothing is there or access is denied. */
function statOf(path: string) {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
