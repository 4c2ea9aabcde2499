/** @file The source map of a module: which line of a program a line of JavaScript comes from (ECMA-426). */
import { addSegment, GenMapping, setSourceContent, toEncodedMap } from "@jridgewell/gen-mapping";
import type { Origin } from "../../ir/graph.ts";
import { position } from "../../source/source.ts";

/** A line of generated text, from 0. */
export interface MappedLine {
  readonly line: number;
  readonly origin: Origin;
}

/** What a reader of maps ignores, and `fuse build` knows its own files by. */
export const mapMark = '{"version":3,"x_made_by":"fuse ';

/**
 * The map of `file`. Its texts are in the map, so that it tells them without the program; `locate` gives the place of a
 * program as seen from the module.
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

/** A library module is in no folder of the user's: it gets a scheme of its own. */
function sourceUrl(path: string, locate: (path: string) => string | undefined): string {
  if (!path.endsWith(".fuse")) return `fuse-lang:///${urlPath(path)}.fuse`;
  return urlPath(locate(path) ?? path.split("/").at(-1)!);
}

/** A relative path as a URL: nothing in a name is a scheme, a query or an escape. */
export function urlPath(path: string): string {
  return path
    .split("/")
    .map((part) => encodeURIComponent(part.replace(/\p{Surrogate}/gu, "\ufffd")))
    .join("/");
}

/** A path as seen from a folder, if both are relative to one place; undefined if that cannot be told from their names. */
export function relativePath(folder: string, path: string): string | undefined {
  const [from, to] = [folder, path].map((text) => text.split("/").filter((part) => part !== "" && part !== "."));
  if (folder.startsWith("/") !== path.startsWith("/")) return undefined;
  let common = 0;
  while (common < from!.length && from![common] === to![common]) common++;
  const up = from!.slice(common);
  return up.includes("..") ? undefined : [...up.map(() => ".."), ...to!.slice(common)].join("/");
}
