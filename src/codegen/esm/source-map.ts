/** @file The source map of a module: the program line that each line of JavaScript comes from (ECMA-426). */
import { addSegment, GenMapping, setSourceContent, toEncodedMap } from "@jridgewell/gen-mapping";
import type { Origin } from "../../ir/graph.ts";
import { position } from "../../source/source.ts";

/** A line of generated text, counted from 0. */
export interface MappedLine {
  readonly line: number;
  readonly origin: Origin;
}

/** Ignored by readers of maps. `fuse build` recognizes its own files by it. */
export const mapMark = '{"version":3,"x_made_by":"fuse ';

/**
 * Returns the source map of `file`. It includes the program texts, so readers do not need the programs. `locate`
 * returns the place of a program relative to the module.
 */
export function sourceMap(
  file: string,
  lines: readonly MappedLine[],
  { version, locate }: { readonly version: string; readonly locate: (path: string) => string | undefined },
): string {
  const map = new GenMapping({ file });
  for (const { line, origin } of lines) {
    const { source, start } = origin.span;
    const place = position(source, start);
    const url = sourceUrl(source.path, locate);
    addSegment(map, line, 0, url, place.line - 1, place.column - 1);
    setSourceContent(map, url, source.text);
  }
  const { sources, sourcesContent, names, mappings } = toEncodedMap(map);
  const made = { version: 3, x_made_by: `fuse ${version}`, file, sources, sourcesContent, names, mappings };
  return `${JSON.stringify(made)}\n`;
}

/** A library module is in no user folder, so it gets its own URL scheme. */
function sourceUrl(path: string, locate: (path: string) => string | undefined): string {
  if (!path.endsWith(".fuse")) return `fuse-lang:///${urlPath(path)}.fuse`;
  return urlPath(locate(path) ?? path.split("/").at(-1)!);
}

/** Returns a relative path as a URL, without mistaking part of a name for a scheme, a query or an escape. */
export function urlPath(path: string): string {
  return path
    .split("/")
    .map((part) => encodeURIComponent(part.replace(/\p{Surrogate}/gu, "\ufffd")))
    .join("/");
}

/** Returns a path relative to a folder; undefined if they have no common base, judging by their names. */
export function relativePath(folder: string, path: string): string | undefined {
  const [from, to] = [folder, path].map((text) => text.split("/").filter((part) => part !== "" && part !== "."));
  if (folder.startsWith("/") !== path.startsWith("/")) return undefined;
  let common = 0;
  while (common < from!.length && from![common] === to![common]) common++;
  const up = from!.slice(common);
  return up.includes("..") ? undefined : [...up.map(() => ".."), ...to!.slice(common)].join("/");
}
