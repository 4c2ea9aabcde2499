/** @file Every `fuse` block in the README and the documentation checks without errors, and the version is the package's. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { version } from "../../src/version.ts";
import { check } from "../support/check.ts";

const pages = [
  "README.md",
  ...readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file.split("\\").join("/")}`),
];

const blocks = pages.flatMap((page) =>
  [...readFileSync(page, "utf8").matchAll(/^```fuse\n(.*?)^```/gms)].map(
    ([, text], i) => [page, i + 1, text!] as const,
  ),
);

test.each(blocks)("%s, block %i", (_, __, text) => {
  expect(check(text).map(({ code, message }) => `${code}: ${message}`)).toEqual([]);
});

test("the version is the package's", () => {
  expect(version).toBe((JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version);
});
