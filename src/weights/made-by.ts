/** @file The mark in the metadata of weight files that Fuse writes. Fuse may replace files that have it. */

export const madeBy = (version: string): Readonly<Record<string, string>> => ({ "made-by": `fuse ${version}` });

/** Whether a safetensors file begins with the mark. Its metadata comes first. */
export function isMadeByFuse(start: Uint8Array): boolean {
  return String.fromCharCode(...start.subarray(8, 100)).startsWith('{"__metadata__":{"made-by":"fuse ');
}
