/**
 * @file Sums of thousands of elements, in two stages: within blocks, then of the blocks. Added one after the other, n
 * elements lose up to n * 2^-24 of the sum of their absolute values; in two stages, (block + n / block) * 2^-24.
 */
import type { Lowering, Positional } from "../../ir/lowering.ts";
import { binary } from "../../primitives/binary.ts";
import { reduce } from "../../primitives/reduce.ts";
import { scan, type Scan } from "../../primitives/scan.ts";
import type { Size } from "../../sizes/size.ts";
import { padded, product, reshaped, sliceAt } from "../shared/axes.ts";

/** The elements of a block. */
export const block = 512;

/** As many elements are added in one stage. */
const few = 1024n;

/** Whether the sum may have enough elements to need two stages. */
function isLong(p: Lowering, size: Size): boolean {
  const known = p.sizes.constant(size);
  return known === undefined || known > few;
}

/** Splits a position, with zeros at the end, into blocks: `[before, blocks, block]`, and what comes after it in memory. */
function inBlocks(p: Lowering, value: Positional, axis: number): Positional {
  const { sizes } = p;
  const size = value.shape[axis]!;
  const blocks = sizes.ceil(size, sizes.int(block));
  const before = product(sizes, value.shape.slice(0, axis));
  const rest = product(sizes, value.shape.slice(axis + 1));
  // Backends sum the last axis without moving data.
  const after = rest === sizes.int(1) ? [] : [rest];
  const plain = reshaped(p, value, [before, size, ...after]);
  const missing = sizes.sub(sizes.mul(blocks, sizes.int(block)), size);
  const whole = padded(p, plain, 1, [sizes.int(0), missing]);
  return reshaped(p, whole, [before, blocks, sizes.int(block), ...after]);
}

/** Sums or averages over some positions, for a target that adds one element after the other. The positions disappear. */
export function longSum(p: Lowering, value: Positional, name: "sum" | "mean", axes: readonly number[]): Positional {
  const over = product(
    p.sizes,
    axes.map((axis) => value.shape[axis]!),
  );
  const plain = { function: name, axes, keepdims: false };
  if (!isLong(p, over)) return p.emit(reduce, [value], plain);
  if (p.sizes.constant(over) === undefined) return p.emit(reduce, [value], { ...plain, block });
  // The last position first, so that the others stay where they are.
  return axes.toSorted((a, b) => b - a).reduce((sum, axis) => longSumAlong(p, sum, name, axis), value);
}

/** The number of elements is known. */
function longSumAlong(p: Lowering, value: Positional, name: "sum" | "mean", axis: number): Positional {
  const size = value.shape[axis]!;
  if (!isLong(p, size)) return p.emit(reduce, [value], { function: name, axes: [axis], keepdims: false });
  const sum = { function: "sum", keepdims: false } as const;
  const blocks = p.emit(reduce, [inBlocks(p, value, axis)], { ...sum, axes: [2] });
  const total = reshaped(p, p.emit(reduce, [blocks], { ...sum, axes: [1] }), value.shape.toSpliced(axis, 1));
  return name === "sum" ? total : p.emit(binary, [total, p.scalar(size)], { function: "div" });
}

/** Running sums along a position. */
export function longScan(p: Lowering, value: Positional, along: Scan): Positional {
  const { axis, reverse } = along;
  const size = value.shape[axis]!;
  if (along.function !== "sum" || value.dtype !== "f32" || !isLong(p, size)) return p.emit(scan, [value], along);
  const blocks = inBlocks(p, value, axis);
  const within = p.emit(scan, [blocks], { ...along, axis: 2 });
  const totals = p.emit(reduce, [blocks], { function: "sum", axes: [2], keepdims: true });
  const earlier = p.emit(scan, [totals], { function: "sum", axis: 1, reverse, exclusive: true });
  const sums = p.emit(binary, [within, earlier], { function: "add" });
  const [before, count, , ...after] = sums.shape;
  const whole = reshaped(p, sums, [before!, p.sizes.mul(count!, p.sizes.int(block)), ...after]);
  return reshaped(p, sliceAt(p, whole, 1, p.sizes.int(0), size), value.shape);
}
