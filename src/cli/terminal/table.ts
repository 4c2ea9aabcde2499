/** @file Plain-text tables. */

/** Returns rows without borders, with two spaces between columns. The columns in `numbers` are right-aligned. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[],
): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const pad = (text: string, column: number) =>
    numbers.includes(column) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
  return lines
    .map((line) =>
      head
        .map((_, column) => pad(line[column] ?? "", column))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
