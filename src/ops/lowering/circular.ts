/** @file Values whose ends meet: rotated along a position, or with margins from the other end. */
import type { Lowering, Positional } from "../../ir/lowering.ts";
import { concat } from "../../primitives/layout.ts";
import type { Size } from "../../sizes/size.ts";
import { sliceAt } from "../shared/axes.ts";

/** Joins parts along a position: slices of the value, and undefined for the value itself. Leaves out what is empty. */
function joined(
  p: Lowering,
  value: Positional,
  position: number,
  parts: readonly (readonly [start: Size, count: Size] | undefined)[],
): Positional {
  const none = p.sizes.int(0);
  const present = parts.filter((part) => part === undefined || part[1] !== none);
  const values = present.map((part) => (part === undefined ? value : sliceAt(p, value, position, ...part)));
  return values.length === 1 ? values[0]! : p.emit(concat, values, { axis: position });
}

/** Moves elements towards the end by `shift`, which may be negative; what leaves at one end enters at the other. */
export function rotated(p: Lowering, value: Positional, position: number, shift: Size): Positional {
  const { sizes } = p;
  const size = value.shape[position]!;
  const count = sizes.mod(shift, size);
  if (count === sizes.int(0)) return value;
  const start = sizes.sub(size, count);
  return joined(p, value, position, [
    [start, count],
    [sizes.int(0), start],
  ]);
}

/** Adds margins that hold the elements of the other end. They must not be larger than the axis. */
export function wrapped(
  p: Lowering,
  value: Positional,
  position: number,
  [before, after]: readonly [Size, Size],
): Positional {
  const size = value.shape[position]!;
  return joined(p, value, position, [[p.sizes.sub(size, before), before], undefined, [p.sizes.int(0), after]]);
}
