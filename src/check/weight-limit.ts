/** @file What weights cost: a single one that nobody can hold is said before anything is built. */
import type { Weight } from "../ir/graph.ts";
import type { Sizes } from "../ir/size.ts";
import type { Help } from "../source/diagnostic.ts";

/** Weights are float32. */
const bytesPerElement = 4n;

/** Bytes of a weight; undefined while a size of it is not known. */
export function bytesOf(sizes: Sizes, weight: Weight): bigint | undefined {
  let bytes = bytesPerElement;
  for (const size of weight.type.axes.values()) {
    const value = sizes.constant(size);
    if (value === undefined) return undefined;
    bytes *= value;
  }
  return bytes;
}

/** `c: 200000 * c': 200000 * 4 bytes`, the biggest three factors first. */
export function formulaOf(sizes: Sizes, weight: Weight): string {
  const factors = [...weight.type.axes]
    .map(([axis, size]) => ({ axis, value: sizes.constant(size) ?? 0n }))
    .sort((a, b) => (a.value > b.value ? -1 : a.value < b.value ? 1 : 0));
  const shown = factors.slice(0, 3).map(({ axis, value }) => `${axis}: ${value}`);
  const rest = factors.slice(3).reduce((product, { value }) => product * value, 1n);
  return [...shown, ...(rest > 1n ? [String(rest)] : []), `${bytesPerElement} bytes`].join(" * ");
}

const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/** `628 GiB` */
export function bytesText(bytes: bigint): string {
  let value = Number(bytes);
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 100 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export const smallerHelps: readonly (Help | string)[] = [
  "a 1x1 `conv` or a `linear` over the channels alone has a weight for every pair of channels, not of pixels",
  "or pool first: `mean(axis: [h, w])`",
];
