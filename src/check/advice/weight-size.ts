/** @file The size of weights: one too large for any memory is reported before anything is built. */
import { typedArrays } from "../../contract/ndarray.ts";
import type { Weight } from "../../ir/graph.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import type { Help } from "../../source/diagnostic.ts";

const widthOf = ({ type }: Weight): number => typedArrays[type.dtype].BYTES_PER_ELEMENT;

/** Returns the size of a weight in bytes; undefined while one of its sizes is unknown. */
export function bytesOf(sizes: Sizes, weight: Weight): bigint | undefined {
  let bytes = BigInt(widthOf(weight));
  for (const size of weight.type.axes.values()) {
    const value = sizes.constant(size);
    if (value === undefined) return undefined;
    bytes *= value;
  }
  return bytes;
}

/** Formats the size of a weight, in storage order: `c: 268 * h: 28 * w: 28 * c': 1024 * h': 28 * w': 28 * 4 bytes`. */
export function formulaOf(sizes: Sizes, weight: Weight): string {
  const factors = [...weight.type.axes].map(([axis, size]) => `${axis}: ${sizes.print(size)}`);
  return [...factors, `${widthOf(weight)} bytes`].join(" * ");
}

/** Lists the three largest sizes. */
export function biggestFactors(sizes: Sizes, weight: Weight): string {
  const factors = [...weight.type.axes]
    .map(([axis, size]) => ({ axis, value: Number(sizes.constant(size) ?? 0n) }))
    .sort((a, b) => b.value - a.value);
  const shown = factors.slice(0, 3).map(({ axis, value }) => `\`${axis}\` = ${value}`);
  return `its largest factors: ${shown.join(", ")}`;
}

export const smallerHelps: readonly (Help | string)[] = [
  "use a 1x1 `conv`, or a `linear` over the channels only: its weight does not grow with h and w",
  "or pool first: `mean(axis: [h, w])`",
];
