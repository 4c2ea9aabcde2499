/** @file Sizes as data for files. */
import type { SizeExpr } from "../contract/guard.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";

/** Converts a size to data, in terms of the variables of the guard. */
export function sizeExpr(sizes: Sizes, size: Size): SizeExpr {
  return sizes.fold<SizeExpr>(size, {
    int: (n) => Number(n),
    variable: (variable) => variable.name,
    add: (a, b) => ["+", a, b],
    sub: (a, b) => ["+", a, typeof b === "number" ? -b : ["*", -1, b]],
    mul: (a, b) => ["*", a, b],
    divide: (a, b) => ["/", a, b],
    floor: (a, b) => ["floor", a, b],
    ceil: (a, b) => ["ceil", a, b],
  });
}
