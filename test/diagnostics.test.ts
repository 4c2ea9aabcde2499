/** @file Every entry of the catalogue explains itself, and shows a program that is wrong and the same one repaired. */
import { describe, expect, test } from "vitest";
import { catalogue } from "../src/source/catalogue/catalogue.ts";
import type { Entry } from "../src/source/diagnostic.ts";
import { programOf } from "./support/check.ts";
import { sections } from "./support/sections.ts";

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

  if (entry.bad === undefined || entry.good === undefined) return;
  const { bad, good } = entry;

  test("shows a wrong program and the same one repaired", () => {
    expect(bad).not.toBe(good);
    for (const text of Object.values(sections(good).files)) expect(text.trimStart()).toMatch(/^fuse 1$/m);
  });

  test("is all that the wrong program is reported with", () => {
    expect(reported(bad).map((found) => found.split(":")[0])).toEqual([code]);
  });

  test("is not reported for the repaired program, nor is anything else", () => {
    expect(reported(good)).toEqual([]);
  });
});

function reported(program: string): string[] {
  const { main, files } = sections(program);
  const found = programOf(files[main]!, files, main).check();
  return found.map(({ code, message }) => `${code}: ${message}`);
}

function sentences(markdown: string): number {
  return markdown.match(/[.!?](?=\s|$)/g)?.length ?? 0;
}
