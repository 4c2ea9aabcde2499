/** @file Internal errors and assertions. */

/** A bug in Fuse. Never thrown for a user's mistake. */
export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** Makes a `switch` exhaustive: a missing case does not compile. */
export function unreachable(value: never): never {
  throw new InternalError(`unexpected value: ${String(value)}`);
}

/** Asserts a condition that can only fail because of a bug in Fuse. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InternalError(message);
}
