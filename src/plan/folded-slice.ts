/** @file Slices with few axes. */
import { reshape, slice } from "../primitives/layout.ts";
import type { Size } from "../sizes/size.ts";
import type { PlanBuilder } from "./builder.ts";
import type { PlanValue } from "./value.ts";

/** wasm copies element by element if a value has more axes: 250 times as slowly. */
const mostAxes = 4;

/** Makes a slice. One of many axes is made of fewer: axes that are taken whole join the one before. */
export function foldedSlice(
  x: PlanValue,
  { begin, size }: { readonly begin: readonly Size[]; readonly size: readonly Size[] },
  builder: PlanBuilder,
): PlanValue {
  const { sizes } = builder;
  // A reshape of a slice without elements may have no shape that can be inferred.
  const isFull = size.every((count, i) => count === x.shape[i] || (sizes.constant(count) ?? 0n) > 0n);
  if (size.length <= mostAxes || !isFull) return builder.emit(slice, [x], { begin, size });
  const folded: { begin: Size; size: Size; from: Size }[] = [];
  size.forEach((count, i) => {
    const from = x.shape[i]!;
    const isWhole = count === from;
    const last = folded.at(-1);
    if (last === undefined || !isWhole) folded.push({ begin: begin[i]!, size: count, from });
    else
      folded.splice(-1, 1, {
        begin: sizes.mul(last.begin, from),
        size: sizes.mul(last.size, from),
        from: sizes.mul(last.from, from),
      });
  });
  const flat = builder.emit(reshape, [x], { shape: folded.map(({ from }) => from) });
  const taken = builder.emit(slice, [flat], {
    begin: folded.map((axis) => axis.begin),
    size: folded.map((axis) => axis.size),
  });
  return builder.emit(reshape, [taken], { shape: size });
}
