/** @file Extracts the first line of a native library's error message, for use in one of our own. */

/**
 * Returns the first line of an error's message that is not empty after `keep`, without terminal control characters and
 * cut to a readable length.
 */
export function firstLine(error: unknown, keep = (line: string) => line): string {
  const lines = String(error instanceof Error ? error.message : error).split("\n");
  const safe = (lines.map(keep).find((line) => line.trim() !== "") ?? "").replace(/\p{C}/gu, " ").trim();
  return safe.length > 300 ? `${safe.slice(0, 300)}…` : safe;
}
