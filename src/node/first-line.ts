/** @file What a native library says of an error, as a part of a line of ours. */

/**
 * The first line of an error's message that is not empty after `keep`, without characters that could act on a terminal, and cut
 * to a length that people read.
 */
export function firstLine(error: unknown, keep = (line: string) => line): string {
  const lines = String(error instanceof Error ? error.message : error).split("\n");
  const safe = (lines.map(keep).find((line) => line.trim() !== "") ?? "").replace(/\p{C}/gu, " ").trim();
  return safe.length > 300 ? `${safe.slice(0, 300)}…` : safe;
}
