/** @file The error for bad external data, such as a weight file, an image or a rename map. */

/** An error in external data. `message` is a single readable line; `details` are more lines, one per tensor or fact. */
export class DataError extends Error {
  readonly details: readonly string[];

  /** A getter, because `stack` is created before fields are initialised. A literal, because minifiers rename classes. */
  override get name(): string {
    return "DataError";
  }

  constructor(message: string, details: readonly string[] = []) {
    super(message);
    this.details = details;
  }
}

/** Runs `read` and prefixes the message of any `DataError` it throws with the place: `weights.safetensors: …`. */
export function inPlace<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw placed(place, error);
  }
}

/** Returns what was thrown, with the place before its message if it is a `DataError`. */
export function placed(place: string, error: unknown): unknown {
  return error instanceof DataError ? new DataError(`${place}: ${error.message}`, error.details) : error;
}

/** Quotes a name from a file for a message. Shortens it if long, and escapes characters that could control a terminal. */
export function quote(name: string): string {
  const short = name.length > 200 ? `${name.slice(0, 200)}…` : name;
  return `"${short.replace(/[\p{C}"\\]/gu, (c) => (c === '"' || c === "\\" ? `\\${c}` : `\\u{${c.codePointAt(0)!.toString(16)}}`))}"`;
}

export function printShape(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
