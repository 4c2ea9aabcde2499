/** @file Bytes of a module: nested code, numbers in LEB128, and constants that become known later. */
import { invariant } from "../source/internal-error.ts";

/** Bytes, nested as they were put together. */
export type Code = number | Uint8Array | Later | { readonly code: Code } | readonly Code[];

/** An integer constant that becomes known before the module is assembled. */
export class Later {
  readonly type = "i32";
  readonly code: Code = this;
  #value: number | undefined;

  /** @throws InternalError if it is not known yet */
  get value(): number {
    invariant(this.#value !== undefined, "the constant is known");
    return this.#value;
  }

  set value(n: number) {
    this.#value = n;
  }
}

/** Encodes an unsigned number in LEB128. */
export function unsigned(n: number): Code {
  if (n < 128) return n;
  const bytes: number[] = [];
  for (let rest = n >>> 0; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest & 127) | 128);
  }
}

/** Encodes a signed 32-bit number in LEB128. */
export function signed(n: number): Code {
  const bytes: number[] = [];
  for (let rest = n | 0; ; rest >>= 7) {
    const byte = rest & 127;
    if (rest >= -64 && rest < 64) return bytes.length === 0 ? byte : [...bytes, byte];
    bytes.push(byte | 128);
  }
}

/** The bytes of a number for which room is left. LEB128 may have leading zeros. */
const wide = 5;

/** Bytes that grow. */
export class Bytes {
  #bytes = new Uint8Array(1 << 12);
  #length = 0;
  readonly #holes: (readonly [at: number, constant: Later])[] = [];

  /** A copy of the bytes, with the constants that are known now. */
  get all(): Uint8Array<ArrayBuffer> {
    for (const [at, constant] of this.#holes) this.#fill(at, constant.value);
    return this.#bytes.slice(0, this.#length);
  }

  add(code: Code): void {
    if (typeof code === "number") {
      this.#grow(1);
      this.#bytes[this.#length++] = code;
    } else if (isList(code)) for (let i = 0; i < code.length; i++) this.add(code[i]!);
    else if (code instanceof Uint8Array) this.addBytes(code);
    else if (code instanceof Later) {
      this.add(0x41);
      this.#holes.push([this.#length, code]);
      this.#skip(wide);
    } else this.add(code.code);
  }

  addBytes(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Adds code with the number of its bytes before it. */
  addSized(code: Code): void {
    const at = this.#length;
    this.#skip(wide);
    this.add(code);
    this.#fill(at, this.#length - at - wide);
  }

  #skip(count: number): void {
    this.#grow(count);
    this.#length += count;
  }

  #fill(at: number, n: number): void {
    for (let i = 0; i < wide; i++) this.#bytes[at + i] = ((n >> (7 * i)) & 127) | (i < wide - 1 ? 128 : 0);
  }

  #grow(by: number): void {
    if (this.#length + by <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + by));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

const isList = (code: Code): code is readonly Code[] => Array.isArray(code);
