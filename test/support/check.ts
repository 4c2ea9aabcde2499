/** @file Programs in memory, for tests. */
import type { Program } from "../../src/check/program.ts";
import { openProgram } from "../../src/graphs.ts";
import type { Diagnostic } from "../../src/source/diagnostic.ts";

/** Opens a program whose imports are the other files. */
export function programOf(text: string, files: Readonly<Record<string, string>> = {}, path = "main.fuse"): Program {
  return openProgram(path, text, { read: (path) => (Object.hasOwn(files, path) ? files[path] : undefined) });
}

export function check(text: string, files: Readonly<Record<string, string>> = {}): readonly Diagnostic[] {
  return programOf(text, files).check();
}
