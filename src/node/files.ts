/** @file Files of the command line: reads with a size limit, and writes that leave nothing half-done. */
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { chmod, open, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError } from "../weights/data-error.ts";

const maxBytes = 4 * 2 ** 30;

/**
 * Reads a regular file of at most `limit` bytes.
 * @throws DataError `path: reason`, also for a folder or a device.
 */
export function readBytes(path: string, limit = maxBytes): Promise<Uint8Array> {
  return readUpTo(path, (size) => {
    if (size > limit) throw new DataError(`${path}: has ${size} bytes, more than the limit of ${limit}`);
    return size;
  });
}

/** Reads the first `count` bytes of a regular file, or all if it has fewer. @throws DataError `path: reason` */
export function readStart(path: string, count: number): Promise<Uint8Array> {
  return readUpTo(path, (size) => Math.min(size, count));
}

async function readUpTo(path: string, wanted: (size: number) => number): Promise<Uint8Array> {
  try {
    const size = wanted((await statOfFile(path)).size);
    const bytes = new Uint8Array(size);
    const file = await open(path);
    try {
      let filled = 0;
      // One call reads at most 2 GiB.
      while (filled < size) {
        const { bytesRead } = await file.read(bytes, filled, Math.min(size - filled, 2 ** 30));
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw explain(path, error);
  }
}

/**
 * Writes a temporary file in the same folder and renames it, so that readers see the old file, or none, or the whole
 * new one. A symbolic link still points to the file, and a replaced file keeps its permissions.
 * @throws DataError `path: reason`
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  try {
    const { target, mode } = await targetOf(path);
    const temporary = join(dirname(target), `.fuse-${randomBytes(6).toString("hex")}.tmp`);
    try {
      // Never readable by more users than the old file. Permissions that the umask removes are restored for a file that
      // existed.
      await writeFile(temporary, bytes, { flag: "wx", ...(mode === undefined ? {} : { mode: mode & 0o600 }) });
      if (mode !== undefined) await chmod(temporary, mode);
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  } catch (error) {
    throw explain(path, error, "folder");
  }
}

/**
 * Returns the file that a path leads to, and its permissions if it exists. Rejects devices, which renaming would
 * replace.
 */
async function targetOf(path: string): Promise<{ target: string; mode: number | undefined }> {
  try {
    const { mode } = await statOfFile(path);
    return { target: await realpath(path), mode: mode & 0o777 };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { target: path, mode: undefined };
    throw error;
  }
}

async function statOfFile(path: string): Promise<Stats> {
  const stats = await stat(path);
  if (stats.isDirectory()) throw new DataError(`${path}: is a folder, not a file`);
  if (!stats.isFile()) throw new DataError(`${path}: is not a regular file`);
  return stats;
}

/** Explains a system error, or lack of memory, in plain words. `absent` is what ENOENT says is missing. */
function explain(path: string, error: unknown, absent: "file" | "folder" = "file"): unknown {
  const code = codeOf(error);
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: `no such ${absent}`,
    ENOTDIR: "a part of the path is not a folder",
    EISDIR: "is a folder, not a file",
    EACCES: "permission denied",
    EPERM: "permission denied",
    EROFS: "the disk is read-only",
    ENOSPC: "the disk is full",
    ENAMETOOLONG: "the name is too long",
    ELOOP: "is a cycle of symbolic links",
    ERR_INVALID_ARG_VALUE: "is not a valid path",
  };
  if (code !== undefined) return new DataError(`${path}: ${reasons[code] ?? code}`);
  return error instanceof RangeError ? new DataError(`${path}: is too large for memory`) : error;
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
