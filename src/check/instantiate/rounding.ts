/** @file Finds sizes whose intermediate results could exceed 2^53 in a module, and so be silently wrong. */
import type { Origin, Value } from "../../ir/graph.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";

/** A size that must be computed without rounding, and where it is used. */
export interface Delicate {
  readonly size: Size;
  readonly origin: Origin | undefined;
}

/** An upper bound for an axis: at one byte per element, a terabyte. */
const longest = 2n ** 40n;
const exact = 2n ** 53n;

/**
 * Returns the sizes in a graph's types and attributes that could be wrong for tensors that can exist. A small size
 * computed from large numbers is delicate: a quotient by a large divisor, a difference of large products. A size that
 * stays large is not, because a tensor of that size cannot exist.
 */
export function delicateSizes(sizes: Sizes, origins: ReadonlyMap<Value, readonly Origin[]>): Delicate[] {
  const seen = new Map<Size, Delicate | undefined>();
  for (const [value, [origin]] of origins)
    for (const size of sizesOf(value))
      if (!seen.has(size)) seen.set(size, boundOf(sizes, size).delicate ? { size, origin } : undefined);
  return [...seen.values()].filter((found) => found !== undefined);
}

interface Bound {
  /** An upper bound for the absolute value. */
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

/** Returns the sizes of a value's axes, of the attributes of its node, and of its constant operands. */
function sizesOf(value: Value): readonly Size[] {
  const axes = [...value.type.axes.values()];
  if (value.kind === "constant") return [...axes, ...within(value.value)];
  if (value.kind !== "node") return axes;
  const constants = value.inputs.filter((input) => input.kind === "constant");
  return [...axes, ...within(Object.values(value.attributes)), ...constants.flatMap(sizesOf)];
}

/** Returns all sizes in an attribute's value, which may be a list, a map or a record. */
function within(value: unknown): Size[] {
  if (Array.isArray(value)) return value.flatMap(within);
  if (value instanceof Map) return [...value.values()].flatMap(within);
  if (ArrayBuffer.isView(value) || typeof value !== "object" || value === null) return [];
  return isSize(value) ? [value] : Object.values(value).flatMap(within);
}

/** No other attribute value has an `id`. */
function isSize(value: object): value is Size {
  return "id" in value && "terms" in value;
}
