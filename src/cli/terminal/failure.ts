/** @file How a command ends early: with diagnostics. */
import { accessSync, constants, statSync } from "node:fs";
import type { Code, Holes } from "../../source/catalogue/catalogue.ts";
import type { Details, Diagnostic, Help } from "../../source/diagnostic.ts";
import { diagnostic } from "../../source/reporter.ts";
import { DataError } from "../../weights/data-error.ts";
import { nearFile } from "./near-files.ts";

/** The program, the data or a comparison is wrong. The diagnostics may have been shown already, and then there are none here. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map(({ message }) => message).join("; "));
    this.diagnostics = diagnostics;
  }
}

/** Ends the command with one diagnostic. */
export function fail<C extends Code>(code: C, args: Readonly<Record<Holes<C>, string>>, details: Details = {}): never {
  throw new Failure([diagnostic(code, undefined, args, details)]);
}

/** Ends the command with all that an entry guard refuses. */
export function refuse(problems: readonly string[], helps: readonly Help[] = []): never {
  // They are sentences, and messages end without a full stop.
  const [message = "", ...notes] = problems.map((problem) => problem.replace(/\.$/, ""));
  return fail("bad-input", { message }, { notes, helps });
}

/** Reads a file; what is wrong about it ends the command. */
export async function readOrFail<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const reason = withoutPath(path, error.message);
    if (!isReadableFile(path)) fail("unreadable-file", { path, reason }, { helps: nearFile(path) });
    throw error;
  }
}

/** Writes a file; what is in the way ends the command. */
export async function writeOrFail<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return fail("unwritable-file", { path, reason: withoutPath(path, error.message) });
  }
}

/** What comes from outside and is wrong, as a diagnostic. */
export function dataDiagnostic({ message, details }: DataError): Diagnostic {
  return diagnostic("bad-data", undefined, { message }, { notes: details });
}

function withoutPath(path: string, message: string): string {
  return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
}

/** Tells a file that is not there from one whose content is wrong. */
function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
