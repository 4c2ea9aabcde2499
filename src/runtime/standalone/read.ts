/** @file Reads files without importing anything: fetched in a browser, from the file system in Node. */
import { DataError, quote } from "../../weights/data-error.ts";
import { fetchBytes } from "../fetch.ts";

/** What of Node's modules is used. */
interface FileSystem {
  readFile(path: string | URL): Promise<Uint8Array>;
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): FileSystem | undefined };
}

/**
 * Reads the bytes at a path or URL. Node fetches no files, so it reads paths and `file:` URLs by itself.
 * @throws DataError
 */
export async function readAnywhere(place: string | URL): Promise<Uint8Array> {
  const files = (globalThis as Host).process?.getBuiltinModule?.("node:fs/promises");
  const isRemote = /^(https?|data|blob):/.test(String(place));
  if (files === undefined || isRemote) return fetchBytes(place);
  try {
    return await files.readFile(typeof place === "string" && /^file:/.test(place) ? new URL(place) : place);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError(`cannot read ${quote(String(place))}: ${reason}`);
  }
}
