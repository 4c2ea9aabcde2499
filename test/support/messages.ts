/** @file Tests of terminal output: each folder of `test/fixtures/<room>` has a program, and the messages about it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { Diagnostic } from "../../src/source/diagnostic.ts";
import { renderDiagnostics } from "../../src/source/render.ts";

export interface WrongProgram {
  readonly path: string;
  readonly text: string;
  /** The content of `settings.txt`, a `name=value` per line; empty without such a file. */
  readonly settings: Readonly<Record<string, string>>;
}

function read(folder: string): WrongProgram {
  const settings = existsSync(`${folder}/settings.txt`) ? readFileSync(`${folder}/settings.txt`, "utf8") : "";
  const pairs = [...settings.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name!, value!] as const);
  return {
    path: "input.fuse",
    text: readFileSync(`${folder}/input.fuse`, "utf8"),
    settings: Object.fromEntries(pairs),
  };
}

/** Defines one test per folder: the diagnostics of `input.fuse` must equal `messages.txt`, which `vitest -u` writes. */
export function describeMessages(room: string, find: (program: WrongProgram) => readonly Diagnostic[]): void {
  const folder = `test/fixtures/${room}`;
  describe(room, () => {
    test.each(readdirSync(folder))("%s", async (name) => {
      const messages = renderDiagnostics(find(read(`${folder}/${name}`)), { color: false });
      await expect(messages).toMatchFileSnapshot(resolve(folder, name, "messages.txt"));
    });
  });
}
