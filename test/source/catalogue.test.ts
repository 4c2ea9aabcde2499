/** @file Every entry of the catalogue has an explanation, a wrong program, and the same program fixed. */
import { describe, expect, test } from "vitest";
import { findHints } from "../../src/compile.ts";
import { catalogue } from "../../src/source/catalogue/catalogue.ts";
import type { Diagnostic, Entry } from "../../src/source/diagnostic.ts";
import { applyEdits } from "../../src/source/edits.ts";
import { textOf } from "../../src/source/source.ts";
import { programOf } from "../support/check.ts";
import { fuse } from "../support/command-line.ts";
import { sections } from "../support/sections.ts";

const entries: [string, Entry][] = Object.entries(catalogue);

describe.each(entries)("%s", (code, entry) => {
  test("has a short code and an explanation of several sentences", () => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(sentences(entry.explain)).toBeGreaterThanOrEqual(2);
  });

  test("has a message that begins in lower case and ends without a full stop", () => {
    const message = entry.message.render(Object.fromEntries(entry.message.holes.map((hole) => [hole, "something"])));
    expect(message).not.toMatch(/^[A-Z]|\.$/);
  });

  test("is explained by `fuse explain`", async () => {
    const { code: exit, out } = await fuse(".", ["explain", code]);
    expect(exit).toBe(0);
    expect(out).toContain(`${entry.severity}[${code}]: `);
    for (const line of `${entry.bad ?? ""}${entry.good ?? ""}`.trimEnd().split("\n")) expect(out).toContain(line);
  });

  if (entry.bad === undefined || entry.good === undefined) return;
  const { bad, good } = entry;

  test("shows a wrong program and the same one fixed", () => {
    expect(bad).not.toBe(good);
    for (const text of Object.values(sections(good).files)) expect(text.trimStart()).toMatch(/^fuse 1$/m);
  });

  test("is the only report about the wrong program", () => {
    expect(reported(bad, entry).map((found) => found.split(":")[0])).toEqual([code]);
  });

  test("has a place in the file, and at most two helps", () => {
    for (const { span, labels, helps } of diagnosticsOf(bad, entry)) {
      expect(span!.start).toBeLessThanOrEqual(span!.end);
      expect(span!.end).toBeLessThanOrEqual(span!.source.text.length);
      for (const label of labels) expect(textOf(label.span)).not.toBe("");
      expect(helps.length).toBeLessThanOrEqual(2);
    }
  });

  test("suggests nothing that makes the program worse", () => {
    const { main, files } = sections(bad);
    for (const { span, helps } of diagnosticsOf(bad, entry))
      for (const { edits } of helps) {
        if (edits === undefined) continue;
        expect(edits.every((edit) => edit.span.source === span!.source)).toBe(true);
        const path = span!.source.path;
        const fixed = { ...files, [path]: applyEdits(files[path]!, edits) };
        const left = programOf(fixed[main]!, fixed, main).check();
        expect(left.filter(({ severity }) => severity === "error").length).toBeLessThanOrEqual(
          entry.severity === "error" ? 1 : 0,
        );
        expect(left.map((found) => found.code)).not.toContain(code);
      }
  });

  test("is not reported for the fixed program, nor is anything else", () => {
    expect(reported(good, entry)).toEqual([]);
  });
});

test("an unknown code is reported with a suggestion", async () => {
  const { code, err } = await fuse(".", ["explain", "size-mismach"]);
  expect(code).toBe(2);
  expect(err).toBe("fuse: there is no diagnostic 'size-mismach' (did you mean size-mismatch?)\n");
});

test("all codes are listed, each with its message", async () => {
  const { out } = await fuse(".", ["explain"]);
  expect(
    out
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" ")[0]),
  ).toEqual(entries.map(([code]) => code));
});

function diagnosticsOf(text: string, { hint }: Entry): readonly Diagnostic[] {
  const { main, files } = sections(text);
  const program = programOf(files[main]!, files, main);
  return [...program.check(), ...(hint === true ? findHints(program) : [])];
}

function reported(program: string, entry: Entry): string[] {
  return diagnosticsOf(program, entry).map(({ code, message }) => `${code}: ${message}`);
}

function sentences(markdown: string): number {
  return markdown.match(/[.!?](?=\s|$)/g)?.length ?? 0;
}
