/** @file Elements by index in each row of a value. */
import type { Lowering, Positional } from "../../ir/lowering.ts";
import { binary } from "../../primitives/binary.ts";
import { gather } from "../../primitives/gather.ts";
import { iota } from "../../primitives/iota.ts";
import type { Size } from "../../sizes/size.ts";
import { reshaped } from "../shared/axes.ts";

/** Adds b times a step to row b of some indices. */
export function shifted(p: Lowering, indices: Positional, step: Size): Positional {
  const [count, ...others] = indices.shape;
  const numbers = p.emit(iota, [], { size: count! });
  const starts = p.emit(binary, [numbers, p.scalar(step, "i32")], { function: "mul" });
  const column = reshaped(p, starts, [count!, ...others.map(() => p.sizes.int(1))]);
  return p.emit(binary, [indices, column], { function: "add" });
}

/** Gathers from `[rows, size, …]` at indices `[rows, …]` the elements `[rows, …, …]`: row b begins at b times the size. */
export function byRow(p: Lowering, value: Positional, indices: Positional): Positional {
  const [rows, size, ...widths] = value.shape;
  const table = reshaped(p, value, [p.sizes.mul(rows!, size!), ...widths]);
  return p.emit(gather, [table, shifted(p, indices, size!)], { axis: 0 });
}
