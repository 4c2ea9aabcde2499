/** @file The `fuse` blocks in the README and the docs check without errors, or with exactly the message shown. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { renderDiagnostics } from "../../src/source/render.ts";
import { version } from "../../src/version.ts";
import { programOf } from "../support/check.ts";

const pages = [
  "README.md",
  ...readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file.split("\\").join("/")}`),
];

/** A program, the `text` block within a few lines after it if that is a message, and the file that it names. */
const blocks = pages.flatMap((page) =>
  [
    ...readFileSync(page, "utf8").matchAll(
      /^```fuse\n(.*?)^```(?:\n\n(?:[^`\n].*\n){0,4}\n?```text\n((?:error|warning)\[.*?)^```)?/gms,
    ),
  ].map(([, text, message = ""], i) => [page, i + 1, text!, isReference(page) ? "" : message] as const),
);

/** Its programs are the fixed ones; the messages next to them are about the programs before. */
function isReference(page: string): boolean {
  return page.startsWith("docs/diagnostics/");
}

test.each(blocks)("%s, block %i", (_, __, text, message) => {
  const file = /┌─ (.*?\.fuse)/.exec(message)?.[1] ?? "main.fuse";
  const said = renderDiagnostics(programOf(text, {}, file).check(), { color: false });
  expect(said.replace(/\n\d+ errors?\n?$/, "").trimEnd()).toBe(message.trimEnd());
});

test("the README shows a wrong program with its message", () => {
  expect(blocks.filter(([page, , , message]) => page === "README.md" && message !== "")).toHaveLength(1);
});

test("the version is the package's", () => {
  expect(version).toBe((JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version);
});
