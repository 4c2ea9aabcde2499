/** @file Pieces of Markdown for the generated pages. */

/** What a page of documentation begins with. */
export const generated = "<!-- Generated from the records by `npm run reference`: do not edit. -->\n\n";

/** A fenced block; `info` says what it holds. */
export const fence = (info: string, text: string): string => `\`\`\`${info}\n${text.trimEnd()}\n\`\`\`\n`;

/** A table whose cells may hold any text. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

export const code = (text: string): string => `\`${text}\``;

/** `adaptiveAvg` and `adaptive-avg` become `Adaptive avg`. */
export function title(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("-", " ")
    .toLowerCase();
  return words[0]!.toUpperCase() + words.slice(1);
}

/** A file name: `argReduce` becomes `arg-reduce`. */
export const fileName = (name: string): string => name.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase();
