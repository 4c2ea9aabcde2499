/** @file The error for what comes from outside and is wrong: a weight file, a picture, a rename map. */

/** Its `message` is one clear line for a person; `details` are further lines, one per tensor or fact. */
export class DataError extends Error {
  readonly details: readonly string[];

  /** Not a field: the first line of `stack` is made before fields are. A text, which stays what it is where code is minified. */
  override get name(): string {
    return "DataError";
  }

  constructor(message: string, details: readonly string[] = []) {
    super(message);
    this.details = details;
  }
}

/** Runs `read`; the message of a `DataError` it throws gets the place in front: `weights.safetensors: …`. */
export function inPlace<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw placed(place, error);
  }
}

/** What was thrown, with the place in front of its message if it is a `DataError`. */
export function placed(place: string, error: unknown): unknown {
  return error instanceof DataError ? new DataError(`${place}: ${error.message}`, error.details) : error;
}

/** A name out of a file, for a message: in quotes, cut if long, without characters that could act on a terminal. */
export function quote(name: string): string {
  const short = name.length > 200 ? `${name.slice(0, 200)}…` : name;
  return `"${short.replace(/[\p{C}"\\]/gu, (c) => (c === '"' || c === "\\" ? `\\${c}` : `\\u{${c.codePointAt(0)!.toString(16)}}`))}"`;
}

export function printShape(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
