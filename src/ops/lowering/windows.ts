/** @file Pooling without a backend's pooling call: references by lists of elements, and largest elements with their positions. */
import type { Laid, Lowering, Positional } from "../../ir/lowering.ts";
import type { Axis, Tensor, TensorType } from "../../ir/type.ts";
import { binary } from "../../primitives/binary.ts";
import { gather } from "../../primitives/gather.ts";
import type { Pair } from "../../primitives/image.ts";
import { iota } from "../../primitives/iota.ts";
import { broadcast } from "../../primitives/layout.ts";
import { argReduce, reduce } from "../../primitives/reduce.ts";
import { cast } from "../../primitives/unary.ts";
import { windowIndices, type Windows } from "../../primitives/windows.ts";
import type { Rows } from "../reference/rows.ts";
import { product, reshaped } from "../shared/axes.ts";
import { fromImage, toImage } from "./images.ts";
import { fromVolume, toVolume } from "./volumes.ts";

/** For every window along an axis, the elements of the input that it covers, in order. */
export type Covered = readonly (readonly number[])[];

/** Computes one number for each window of each plane, from the elements it covers and their flat indices in the plane. */
export function poolPlanes(
  planes: Rows,
  width: number,
  [rows, columns]: Pair<Covered>,
  value: (elements: readonly number[], indices: readonly number[], row: number, column: number) => number,
): Float64Array {
  const data = new Float64Array(planes.count * rows.length * columns.length);
  let at = 0;
  for (let plane = 0; plane < planes.count; plane++)
    for (const [y, ys] of rows.entries())
      for (const [z, zs] of columns.entries()) {
        const indices = ys.flatMap((row) => zs.map((column) => row * width + column));
        const elements = indices.map((index) => planes.data[plane * planes.width + index]!);
        data[at++] = value(elements, indices, y, z);
      }
  return data;
}

/** Returns what pairs of windows over depth and height cover, as lines of a stack of planes with `height` lines each. */
export function linesOf(depth: Covered, rows: Covered, height: number): Covered {
  return depth.flatMap((layers) =>
    rows.map((lines) => layers.flatMap((layer) => lines.map((line) => layer * height + line))),
  );
}

export function largest(elements: readonly number[]): number {
  return elements.reduce((a, b) => Math.max(a, b), -Infinity);
}

/** Returns the index of the largest element; the first one if several are equal. */
export function placeOfLargest(elements: readonly number[], indices: readonly number[]): number {
  return indices[elements.indexOf(largest(elements))]!;
}

/** The largest elements of some windows, and their positions. */
interface Largest {
  readonly value: Positional;
  /** Flat indices in the spatial axes, i32. */
  readonly places: Positional;
}

/** Returns the positions of height and width in the target's layout. */
export function spatialPositions(p: Lowering): Pair<number> {
  return p.layout === "NHWC" ? [1, 2] : [2, 3];
}

/** Gathers the elements of windows along a position, which becomes two: the windows, and the elements in each. */
export function takeWindows(p: Lowering, value: Positional, axis: number, windows: Windows): Positional {
  const indices = p.emit(windowIndices, [], { windows, size: value.shape[axis]! });
  return p.emit(gather, [value, indices], { axis });
}

/** Returns the largest elements over windows of one to three axes (undefined if an axis keeps its size), then their flat indices. */
export function placedLargestOver(
  p: Lowering,
  input: Tensor,
  axes: readonly Axis[],
  windows: readonly (Windows | undefined)[],
  results: readonly TensorType[],
): readonly Laid[] {
  const [firstType, secondType] = results;
  if (axes.length < 3) {
    const image = toImage(p, input, axes);
    const { value, places } = placedLargestOf(p, image.value, spatialPositions(p).slice(-axes.length), windows);
    return [fromImage(p, image, value, firstType!), fromImage(p, image, places, secondType!)];
  }
  const volume = toVolume(p, input, axes);
  const positions = p.layout === "NHWC" ? [1, 2, 3] : [1, 3, 4];
  const { value, places } = placedLargestOf(p, volume.value, positions, windows);
  return [fromVolume(p, volume, value, firstType!), fromVolume(p, volume, places, secondType!)];
}

/**
 * The same for positions of a value. Pools columns first, then rows, then layers. Ties then go to the first row with the
 * largest element, and to the first place in that row, which is the first in the window.
 */
function placedLargestOf(
  p: Lowering,
  value: Positional,
  positions: readonly number[],
  windows: readonly (Windows | undefined)[],
): Largest {
  const { sizes } = p;
  const one = sizes.int(1);
  const shape = value.shape.map((size, i) => (positions.includes(i) ? size : one));
  const counted = p.emit(iota, [], { size: product(sizes, shape) });
  const largest = positions.reduceRight<Largest>(
    (all, position, i) => (windows[i] === undefined ? all : placedLargest(p, all, position, windows[i])),
    { value, places: reshaped(p, counted, shape) },
  );
  return { ...largest, places: p.emit(broadcast, [largest.places], { shape: largest.value.shape }) };
}

function placedLargest(p: Lowering, { value, places }: Largest, axis: number, windows: Windows): Largest {
  const taken = takeWindows(p, value, axis, windows);
  const takenPlaces = takeWindows(p, places, axis, windows);
  const over = { axes: [axis + 1], keepdims: false };
  const best = p.emit(argReduce, [taken], { function: "argmax", axis: axis + 1 });
  // Multiplies one place of each window by 1, and all others by 0.
  const one = p.sizes.int(1);
  const length = taken.shape[axis + 1]!;
  const numbers = reshaped(p, p.emit(iota, [], { size: length }), [
    length,
    ...taken.shape.slice(axis + 2).map(() => one),
  ]);
  const isBest = p.emit(binary, [reshaped(p, best, taken.shape.with(axis + 1, one)), numbers], { function: "equal" });
  const picked = p.emit(binary, [p.emit(cast, [isBest], { dtype: "i32" }), takenPlaces], { function: "mul" });
  return {
    value: p.emit(reduce, [taken], { function: "max", ...over }),
    places: p.emit(reduce, [picked], { function: "sum", ...over }),
  };
}
