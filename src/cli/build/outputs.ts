/** @file Writes the files of `fuse build`: all of them, or none if one would replace a file that Fuse did not write. */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Program } from "../../check/program.ts";
import { writeAtomically } from "../../node/files.ts";
import { bytesText } from "../../source/bytes-text.ts";
import { isSameFile, refuseForeign } from "../files/overwriting.ts";
import { sourcesOf } from "../files/programs.ts";
import { fail, writeOrFail } from "../terminal/failure.ts";
import type { Terminal } from "../terminal/terminal.ts";

export interface Output {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Whether an existing file that begins with these bytes may be replaced. */
  readonly isOurs: (start: Uint8Array) => boolean | Promise<boolean>;
}

/**
 * Writes the files. Ends the command before writing anything if an existing file is part of the program, or not ours.
 */
export async function writeOutputs(program: Program, outputs: readonly Output[], terminal: Terminal): Promise<void> {
  for (const { path, isOurs } of outputs) {
    await refuseForeign(path, isOurs);
    if (sourcesOf(program).some((source) => isSameFile(source, path))) fail("would-overwrite", { path });
  }
  for (const { path, bytes } of outputs) {
    await makeFolder(dirname(path));
    await writeOrFail(path, () => writeAtomically(path, bytes));
    terminal.out(`wrote ${path} (${bytesText(bytes.length)})`);
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (typeof code !== "string") throw error;
    const reasons: Readonly<Record<string, string>> = {
      EEXIST: "is a file, not a folder",
      ENOTDIR: "a part of the path is not a folder",
      EACCES: "permission denied",
      EROFS: "the disk is read-only",
    };
    fail("unwritable-file", { path, reason: reasons[code] ?? code });
  }
}
