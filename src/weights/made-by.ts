/** @file The mark in the metadata of the weight files that Fuse writes. Fuse replaces files with it unasked. */

export const madeBy = (version: string): Readonly<Record<string, string>> => ({ "made-by": `fuse ${version}` });

/** Whether a safetensors file begins with the mark: its metadata come first. */
export function isMadeByFuse(start: Uint8Array): boolean {
  return String.fromCharCode(...start.subarray(8, 100)).startsWith('{"__metadata__":{"made-by":"fuse ');
}
