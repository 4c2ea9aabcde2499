/** @file Stack traces of the bundled command, with the places in src/ that its source maps name. */
import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { fileURLToPath } from "node:url";

/** Replaces places in files by those in their sources, `src/check/program.ts:70:3`, where the files have source maps. */
export function sourceTrace(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replace(/(file:[^\s()]+):(\d+):(\d+)/g, (place, url: string, line: string, column: string) => {
    if (!maps.has(url)) maps.set(url, mapOf(url));
    // Traces count from 1, source maps from 0.
    const entry = maps.get(url)?.findEntry(Number(line) - 1, Number(column) - 1);
    return entry !== undefined && "originalSource" in entry
      ? `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
      : place;
  });
}

function mapOf(url: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${url}.map`), "utf8")) as SourceMapPayload);
  } catch {
    return undefined;
  }
}
