/** @file Reads untrusted JSON: bounded, own keys only, and with checks that `JSON.parse` does not make. */
import { dtypeNames, type DType } from "../contract/ndarray.ts";
import { DataError } from "./data-error.ts";

/** The largest text that is read, in bytes. */
const maxText = 100_000_000;

/** Decodes the text of a file. @throws DataError */
export function readText(bytes: Uint8Array, limit: number = maxText): string {
  if (bytes.length > limit) throw new DataError(`has ${bytes.length} bytes, more than the limit of ${limit}`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new DataError("is not UTF-8 text");
  }
}

/** Parses a text, which may begin with a byte order mark. @throws DataError */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    throw new DataError("is not valid JSON");
  }
}

/** Whether a value is an object, not an array or null. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Returns the value of an object's own key; undefined if it has none or is not an object. */
export function field(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** Returns the elements of an array; none if it is not one. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * Returns the first key that appears twice in an object of a valid JSON text. Readers disagree on which value counts.
 */
export function duplicateKey(json: string): string | undefined {
  // One set of keys per open object, undefined per open array.
  const open: (Set<string> | undefined)[] = [];
  for (let i = 0; i < json.length; i++) {
    switch (json.charAt(i)) {
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(undefined);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case '"': {
        const start = i;
        for (i++; json[i] !== '"'; i++) if (json[i] === "\\") i++;
        let next = i + 1;
        while (/\s/.test(json[next] ?? "")) next++;
        if (json[next] !== ":") break;
        const key = String(JSON.parse(json.slice(start, i + 1)));
        const keys = open.at(-1);
        if (keys?.has(key)) return key;
        keys?.add(key);
      }
    }
  }
  return undefined;
}

/** The most characters in a name, and the most items in a list, that a `FieldReader` accepts. */
const maxName = 10_000;
const maxItems = 10_000;

/** Reads required fields. Each function either returns a value of its type or calls `bad`, which throws. */
export interface FieldReader {
  readonly text: (value: unknown) => string;
  /** Returns the text under a key. */
  readonly name: (of: unknown, key: string) => string;
  /** Returns the list under a key, each item read by `read`. */
  readonly list: <T>(of: unknown, key: string, read: (item: unknown) => T) => T[];
  /** Returns the dtype under the key `dtype`. */
  readonly dtype: (of: unknown) => DType;
}

/** Creates a reader. `bad` throws the error for a reason such as `guard is not a list`. */
export function fieldReader(bad: (reason: string) => never): FieldReader {
  const isShort = (value: unknown): value is string => typeof value === "string" && value.length <= maxName;
  return {
    text: (value) => (isShort(value) ? value : bad("a string is missing or too long")),
    name: (of, key) => {
      const value = field(of, key);
      return isShort(value) ? value : bad(`${key} is missing or too long`);
    },
    list: (of, key, read) => {
      const value = field(of, key);
      if (!Array.isArray(value)) return bad(`${key} is not a list`);
      return value.length > maxItems ? bad(`${key} is too long`) : value.map((item: unknown) => read(item));
    },
    dtype: (of) => {
      const dtype = field(of, "dtype");
      return typeof dtype === "string" && isDType(dtype) ? dtype : bad("a dtype is unknown");
    },
  };
}

const isDType = (name: string): name is DType => Object.hasOwn(dtypeNames, name);
