/** @file Sizes of which a module, computing in JavaScript numbers, could pass 2^53 on the way and so be wrong unnoticed. */
import type { Origin, Value } from "../../ir/graph.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";

/** A size that must be computed without rounding, and where it is used. */
export interface Delicate {
  readonly size: Size;
  readonly origin: Origin | undefined;
}

/** No axis is longer: with one byte for each element it would be a terabyte. */
const longest = 2n ** 40n;
const exact = 2n ** 53n;

/**
 * The sizes among the types and attributes of a graph that could be wrong for tensors that can exist. What is small and comes out of
 * large numbers is delicate: a quotient by a large divisor, a difference of large products. What stays large is not, for it would be
 * the size of a tensor that is too large to exist.
 */
export function delicateSizes(sizes: Sizes, origins: ReadonlyMap<Value, readonly Origin[]>): Delicate[] {
  const seen = new Map<Size, Delicate | undefined>();
  for (const [value, [origin]] of origins)
    for (const size of sizesOf(value))
      if (!seen.has(size)) seen.set(size, boundOf(sizes, size).delicate ? { size, origin } : undefined);
  return [...seen.values()].filter((found) => found !== undefined);
}

interface Bound {
  /** Never exceeded by the absolute value. */
  readonly most: bigint;
  readonly delicate: boolean;
}

function boundOf(sizes: Sizes, size: Size): Bound {
  const either = (a: Bound, b: Bound) => a.delicate || b.delicate;
  const quotient = (a: Bound, b: Bound): Bound => ({
    most: a.most + 1n,
    delicate: either(a, b) || (a.most > exact && b.most * longest > exact),
  });
  return sizes.fold<Bound>(size, {
    int: (n) => ({ most: n < 0n ? -n : n, delicate: false }),
    variable: () => ({ most: longest, delicate: false }),
    add: (a, b) => ({ most: a.most + b.most, delicate: either(a, b) }),
    sub: (a, b) => ({ most: a.most + b.most, delicate: either(a, b) || b.most > exact }),
    mul: (a, b) => ({ most: a.most * b.most, delicate: either(a, b) }),
    divide: quotient,
    floor: quotient,
    ceil: quotient,
  });
}

/** The sizes of a value's axes, of the attributes that made it, and of numbers that it takes. */
function sizesOf(value: Value): readonly Size[] {
  const axes = [...value.type.axes.values()];
  if (value.kind === "constant") return [...axes, ...within(value.value)];
  if (value.kind !== "node") return axes;
  const constants = value.inputs.filter((input) => input.kind === "constant");
  return [...axes, ...within(Object.values(value.attributes)), ...constants.flatMap(sizesOf)];
}

/** All sizes in an attribute's value, which may be a list, a map or a record of them. */
function within(value: unknown): Size[] {
  if (Array.isArray(value)) return value.flatMap(within);
  if (value instanceof Map) return [...value.values()].flatMap(within);
  if (ArrayBuffer.isView(value) || typeof value !== "object" || value === null) return [];
  return isSize(value) ? [value] : Object.values(value).flatMap(within);
}

/** Nothing else that attributes hold has an `id`. */
function isSize(value: object): value is Size {
  return "id" in value && "terms" in value;
}
