/** @file Lets the programs of catalogue entries be written with the indentation of the code around them. */

/** The text without its first and last line break and without the indentation that all its lines share. */
export function program(text: TemplateStringsArray): string {
  const lines = text.join("").split("\n").slice(1, -1);
  const indents = lines.filter((line) => line !== "").map((line) => line.search(/\S|$/));
  const shared = Math.min(...indents);
  return lines.map((line) => `${line.slice(shared)}\n`).join("");
}
