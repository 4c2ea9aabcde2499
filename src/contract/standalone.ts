/** @file What a standalone module knows of its model, and what it must know to use its file of machine code. */
import type { Guard } from "./guard.ts";
import type { WeightEntry } from "./manifest.ts";
import type { DType } from "./ndarray.ts";
import type { Move } from "./packing.ts";
import type { PrepareStep } from "./prepare.ts";

export interface StandaloneDefinition {
  readonly name: string;
  readonly guard: Guard;
  readonly manifest: readonly WeightEntry[];
  /** The input sizes that the machine code is for, by variable of the guard. */
  readonly sizes: Readonly<Record<string, number>>;
  /** The steps that compute tensors from weights and constants when the model is loaded. */
  readonly prepare: readonly PrepareStep[];
  readonly layout: Layout;
  /** The file of machine code, or its content. */
  readonly code: URL | Uint8Array<ArrayBuffer>;
  /** What `checksum` gives for that file. */
  readonly checksum: number;
}

/** How the machine code uses memory: first the inputs, then the packed weights, then the memory of a run. */
export interface Layout {
  /** The shapes of the inputs, in the order of the guard. */
  readonly inputs: readonly (readonly number[])[];
  /** Weights in the form that the code reads; it imports the address of the first one as `w0`. */
  readonly weights: readonly PackedWeights[];
  /** The bytes of memory that a run needs. */
  readonly arena: number;
  /** The bytes of memory that the thread needs for itself. */
  readonly own: number;
  /** The offset in the arena at which the addresses of the inputs are. */
  readonly control: number;
  readonly tables: readonly Table[];
  readonly results: readonly ResultPlace[];
}

export interface PackedWeights {
  /** The number of elements. */
  readonly length: number;
  /** The steps that make the tensors that are packed. */
  readonly of: readonly number[];
  readonly moves: readonly Move[];
}

/** Numbers that are in the file of machine code: their offset in the memory of a run, their number, and what `summed` needs. */
export type Table = readonly [offset: number, length: number, lag: number];

/** A result is an input, packed weights, or at an offset in the memory of a run. */
export interface ResultPlace {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly at: readonly ["input" | "weights" | "arena", number];
}

/** The custom section of the file of machine code that holds the tables, one after the other. */
export const tableSection = "fuse";

/** The addresses of everything, and the end of all. Vectors may touch 16 bytes after an end. */
export function placesOf({ inputs, weights, arena, own }: Layout) {
  let end = 64;
  const take = (bytes: number): number => {
    const at = end;
    end = Math.ceil((end + bytes + 16) / 64) * 64;
    return at;
  };
  return {
    inputs: inputs.map((shape) => take(shape.reduce((bytes, size) => bytes * size, 4))),
    weights: weights.map(({ length }) => take(4 * length)),
    arena: take(arena),
    own: take(own),
    end,
  };
}

/** Replaces numbers by their differences from the number `lag` before, in place: progressions become constants. */
export function differences(words: Int32Array, lag: number): Int32Array {
  for (let i = words.length - 1; i >= lag; i--) words[i]! -= words[i - lag]!;
  return words;
}

/** Undoes `differences`. */
export function summed(words: Int32Array, lag: number): Int32Array {
  for (let i = lag; i < words.length; i++) words[i]! += words[i - lag]!;
  return words;
}

/** Returns a 32-bit checksum (FNV-1a), which reveals damage and files of another build. */
export function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
