/** @file Markdown helpers for generated pages. */

/** The first lines of every generated page. */
export const generated = "<!-- Generated from the records by `npm run reference`: do not edit. -->\n\n";

/** Returns a fenced block. `info` is its info string. */
export const fence = (info: string, text: string): string => `\`\`\`${info}\n${text.trimEnd()}\n\`\`\`\n`;

/** Returns a table. Cells may contain any text. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

export const code = (text: string): string => `\`${text}\``;

/** Makes a title: `adaptiveAvg` and `adaptive-avg` become `Adaptive avg`. */
export function title(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("-", " ")
    .toLowerCase();
  return words[0]!.toUpperCase() + words.slice(1);
}

/** Makes a file name: `argReduce` becomes `arg-reduce`. */
export const fileName = (name: string): string => name.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase();
