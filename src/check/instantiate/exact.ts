/** @file Finds sizes with numbers that a JavaScript number cannot represent, which no target could compute. */
import type { Origin, Value } from "../../ir/graph.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";

/** Returns the first value, in order of evaluation, with such a size. Sizes themselves are exact, however large. */
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
