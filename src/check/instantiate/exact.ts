/** @file Sizes whose numbers a JavaScript number does not hold, so that no target could compute with them. */
import type { Origin, Value } from "../../ir/graph.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";

/** The first value, in order of evaluation, that has such a size. Sizes themselves are exact, however large. */
export function firstInexact(
  sizes: Sizes,
  origins: ReadonlyMap<Value, readonly Origin[]>,
): { readonly size: Size; readonly origin: Origin | undefined } | undefined {
  const exact = new Set<Size>();
  for (const [value, [origin]] of origins)
    for (const size of value.type.axes.values()) {
      if (exact.has(size)) continue;
      if (!isExact(sizes, size)) return { size, origin };
      exact.add(size);
    }
  return undefined;
}

function isExact(sizes: Sizes, size: Size): boolean {
  const both = (a: boolean, b: boolean) => a && b;
  return sizes.fold<boolean>(size, {
    int: (n) => n >= -BigInt(Number.MAX_SAFE_INTEGER) && n <= BigInt(Number.MAX_SAFE_INTEGER),
    variable: () => true,
    add: both,
    sub: both,
    mul: both,
    divide: both,
    floor: both,
    ceil: both,
  });
}
