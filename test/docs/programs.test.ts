/**
 * @file The `fuse` blocks in the README and the docs check without errors, or with exactly the message shown. Those of
 * docs/language.md also have the weights and the summaries that it shows.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { renderDiagnostics } from "../../src/source/render.ts";
import { version } from "../../src/version.ts";
import { programOf } from "../support/check.ts";
import { fuse } from "../support/command-line.ts";

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
      /^```fuse\n(.*?)^```(?:\n\n(?:[^`\n][^\n]*\n){0,4}\n?```text\n((?:error|warning)\[.*?)^```)?/gms,
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
  expect(said.replace(/\n\d+ (?:error|warning)s?\n?$/, "").trimEnd()).toBe(message.trimEnd());
});

test("the README shows a wrong program with its message", () => {
  expect(blocks.filter(([page, , , message]) => page === "README.md" && message !== "")).toHaveLength(1);
});

describe("docs/language.md shows what commands print about its programs", () => {
  const shown = [
    ...readFileSync("docs/language.md", "utf8").matchAll(
      /^```fuse\n([^`]*)^```\n\n```text\n((weight|block|model) [^`]*)^```/gm,
    ),
  ].map(([, program, text, first], i) => {
    const declared = /^(?:block|model) (\w+)/m.exec(program!)![1]!;
    const command = first === "weight" ? ["weights"] : ["summary", "--model", declared];
    return { command, program: program!, text: text!, file: `${i}.fuse` };
  });
  const folder = mkdtempSync(join(tmpdir(), "fuse-language-"));
  beforeAll(() => {
    for (const { file, program } of shown) writeFileSync(join(folder, file), program);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(shown)("$command of program $#", async ({ command, file, text }) => {
    const { out } = await fuse(folder, [...command, file]);
    expect(out).toBe(text);
  });

  test("each text is one that a test compares", () => {
    const texts = readFileSync("docs/language.md", "utf8").match(/^```text\n/gm) ?? [];
    const messages = blocks.filter(([page, , , message]) => page === "docs/language.md" && message !== "");
    expect(shown.length + messages.length).toBe(texts.length);
  });
});

test("the version is the package's", () => {
  expect(version).toBe((JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version);
});
