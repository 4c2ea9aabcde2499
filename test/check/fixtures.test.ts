/** @file What a person reads about wrong programs: `test/fixtures/check/<case>/input.fuse` and `messages.txt`, exactly as a terminal shows it. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { renderDiagnostics } from "../../src/source/render.ts";
import { programOf } from "../support/check.ts";

const folder = "test/fixtures/check";

test.each(readdirSync(folder))("%s", async (name) => {
  const text = readFileSync(`${folder}/${name}/input.fuse`, "utf8");
  const messages = renderDiagnostics(programOf(text, {}, "input.fuse").check(), { color: false });
  await expect(messages).toMatchFileSnapshot(`../fixtures/check/${name}/messages.txt`);
});
