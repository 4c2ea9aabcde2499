/** @file "Did you mean" for files: what else lies in the folder. */
import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Help } from "../../source/diagnostic.ts";
import { nearest } from "../../source/suggest.ts";

/** Names in a folder of which a misspelt one may be meant; more would take too long to compare. */
const most = 10_000;

/** The names of the programs that lie beside a file, in order; none where the folder cannot be read. */
export function programsBeside(path: string): readonly string[] {
  return namesBeside(path).filter((name) => name.endsWith(".fuse") && name !== basename(path));
}

/** Offers the file whose name is nearest to one that does not exist. */
export function nearFile(path: string): Help[] {
  const beside = namesBeside(path);
  // What is there, but cannot be read, is spelt right.
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
