/** @file Seals a JSON text and the files beside it: the text holds a SHA-256 of all their bytes, so that no change goes unnoticed. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** Stands in a text that is not sealed yet; in all the text only its first place counts. */
export const unsealed = `"content":"${"0".repeat(64)}"`;

/** The text with its seal. The hash is of the unsealed text and then of the files. */
export function seal(text: string, beside: readonly Uint8Array[]): string {
  const hash = sha256.create().update(utf8ToBytes(text));
  for (const bytes of beside) hash.update(bytes);
  return text.replace(unsealed, `"content":"${bytesToHex(hash.digest())}"`);
}

/** Whether a text and the files beside it are, byte for byte, those that were sealed. */
export function isSealed(text: string, beside: readonly Uint8Array[]): boolean {
  const sealed = /"content":"[0-9a-f]{64}"/;
  return sealed.test(text) && seal(text.replace(sealed, unsealed), beside) === text;
}
