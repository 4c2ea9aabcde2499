/** @file The one thing that Fuse throws: a defect of Fuse itself, never a mistake of its user. */

export class InternalError extends Error {
  override readonly name = "InternalError";
}

/** For a `switch` that must be exhaustive: a missing case does not compile. */
export function unreachable(value: never): never {
  throw new InternalError(`unexpected value: ${String(value)}`);
}

/** States what must hold if Fuse is right. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InternalError(message);
}
