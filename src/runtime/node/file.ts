/** @file Reads weight files. */
import { readFile, stat } from "node:fs/promises";
import { DataError, quote } from "../../weights/data-error.ts";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  ERR_FS_FILE_TOO_LARGE: "it is larger than 2 GiB",
};

/** @throws DataError */
export async function readBytes(path: string, limit = Infinity): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    // A device or a pipe may never end.
    if (!found.isFile()) throw new DataError(`cannot read ${quote(path)}: it is not a file`);
    if (found.size > limit)
      throw new DataError(`cannot read ${quote(path)}: it has ${found.size} bytes, and at most ${limit} are read`);
    return await readFile(path);
  } catch (error) {
    if (!(error instanceof Error) || error instanceof DataError) throw error;
    const code = "code" in error ? String(error.code) : "";
    throw new DataError(`cannot read ${quote(path)}: ${reasons[code] ?? error.message}`);
  }
}
