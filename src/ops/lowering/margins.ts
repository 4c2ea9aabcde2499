/** @file Margins of every kind around values. */
import type { Lowering, Positional } from "../../ir/lowering.ts";
import { pad } from "../../primitives/layout.ts";
import type { Size } from "../../sizes/size.ts";
import { wrapped } from "./circular.ts";

/** What a margin holds, besides a constant. */
export type MarginMode = "reflect" | "replicate" | "circular";

/** Returns the element of an axis that a margin repeats at a position before or after it. */
export function mirrored(mode: MarginMode, at: number, size: number): number {
  if (mode === "circular") return ((at % size) + size) % size;
  const nearest = Math.min(Math.max(at, 0), size - 1);
  // An element inside is its own mirror image.
  return mode === "replicate" ? nearest : 2 * nearest - at;
}

/** Adds margins of elements of the value itself, before and after each position. */
export function mirroring(
  p: Lowering,
  value: Positional,
  pads: readonly (readonly [Size, Size])[],
  mode: MarginMode,
): Positional {
  if (mode !== "circular") return p.emit(pad, [value], { pads, mode, value: 0 });
  return pads.reduce((padded, sides, position) => wrapped(p, padded, position, sides), value);
}
