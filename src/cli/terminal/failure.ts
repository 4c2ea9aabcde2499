/** @file Ends a command early, with diagnostics. */
import { accessSync, constants, statSync } from "node:fs";
import type { Code, Holes } from "../../source/catalogue/catalogue.ts";
import type { Details, Diagnostic, Help } from "../../source/diagnostic.ts";
import { diagnostic } from "../../source/reporter.ts";
import { DataError } from "../../weights/data-error.ts";
import { nearFile } from "./near-files.ts";

/**
 * An error in the program or the data, or a failed comparison. `diagnostics` is empty if they have been shown already.
 */
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

/** Ends the command with everything that an entry guard rejects. */
export function refuse(problems: readonly string[], helps: readonly Help[] = []): never {
  // The problems are sentences, but messages have no full stop.
  const [message = "", ...notes] = problems.map((problem) => problem.replace(/\.$/, ""));
  return fail("bad-input", { message }, { notes, helps });
}

/** Reads a file. A DataError ends the command. */
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

/** Writes a file. A DataError ends the command. */
export async function writeOrFail<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return fail("unwritable-file", { path, reason: withoutPath(path, error.message) });
  }
}

/** Converts a DataError to a diagnostic. */
export function dataDiagnostic({ message, details }: DataError): Diagnostic {
  return diagnostic("bad-data", undefined, { message }, { notes: details });
}

function withoutPath(path: string, message: string): string {
  return message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message;
}

/** Distinguishes a missing or unreadable file from one with invalid content. */
function isReadableFile(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
