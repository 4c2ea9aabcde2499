/** @file Tables as text. */
import Table from "cli-table3";

const sides = ["top", "bottom", "left", "mid", "right"].flatMap((name) => [
  name,
  `${name}-mid`,
  `${name}-left`,
  `${name}-right`,
]);
const noBorders = Object.fromEntries(["left-mid", "mid-mid", "right-mid", ...sides].map((name) => [name, ""]));

/** Rows without borders; the columns `numbers` stand flush right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  numbers: readonly number[],
): string {
  const made = new Table({
    head: [...head],
    chars: { ...noBorders, middle: "  " },
    colAligns: head.map((_, column) => (numbers.includes(column) ? "right" : "left")),
    style: { head: [], border: [], compact: true, "padding-left": 0, "padding-right": 0 },
  });
  made.push(...rows.map((row) => [...row]));
  return made
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
