/** @file "Did you mean" for files: suggests names from the same folder. */
import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Help } from "../../source/diagnostic.ts";
import { nearest } from "../../source/suggest.ts";

/** In a larger folder, comparing all names would take too long. */
const most = 10_000;

/** Returns the names of the programs in the same folder as a file, in order; none if the folder cannot be read. */
export function programsBeside(path: string): readonly string[] {
  return namesBeside(path).filter((name) => name.endsWith(".fuse") && name !== basename(path));
}

/** Suggests the file with the name closest to one that does not exist. */
export function nearFile(path: string): Help[] {
  const beside = namesBeside(path);
  // A file that exists but cannot be read is not misspelt.
  const near = beside.includes(basename(path)) ? undefined : nearest(basename(path), beside);
  if (near === undefined) return [];
  const code = path.slice(0, path.length - basename(path).length) + near;
  return [{ text: "did you mean", code }];
}

function namesBeside(path: string): string[] {
  try {
    return readdirSync(dirname(path)).slice(0, most).sort();
  } catch {
    return [];
  }
}
