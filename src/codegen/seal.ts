/** @file Seals a JSON text and the files next to it with a SHA-256 of all their bytes, which reveals any change. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** The placeholder in an unsealed text. Only its first occurrence counts. */
export const unsealed = `"content":"${"0".repeat(64)}"`;

/** Returns the sealed text. The hash covers the unsealed text, then the files. */
export function seal(text: string, beside: readonly Uint8Array[]): string {
  const hash = sha256.create().update(utf8ToBytes(text));
  for (const bytes of beside) hash.update(bytes);
  return text.replace(unsealed, `"content":"${bytesToHex(hash.digest())}"`);
}

/** Whether a text and the files next to it are, byte for byte, those that were sealed. */
export function isSealed(text: string, beside: readonly Uint8Array[]): boolean {
  const sealed = /"content":"[0-9a-f]{64}"/;
  return sealed.test(text) && seal(text.replace(sealed, unsealed), beside) === text;
}
