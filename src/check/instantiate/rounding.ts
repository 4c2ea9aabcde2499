/** @file Finds sizes that could be silently wrong in a run: numbers beyond 2^53, or beyond what an i32 holds. */
import type { Origin, Value } from "../../ir/graph.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";

/** A size that must be computed without rounding or wrapping around, and where it is used. */
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
  return firstUses(origins, sizesOf).filter(({ size }) => boundOf(sizes, size).delicate);
}

/** Returns the sizes in a graph's values, each with the place that uses it first. */
function firstUses(
  origins: ReadonlyMap<Value, readonly Origin[]>,
  sizesIn: (value: Value) => readonly Size[],
): Delicate[] {
  const found = new Map<Size, Delicate>();
  for (const [value, [origin]] of origins)
    for (const size of sizesIn(value)) if (!found.has(size)) found.set(size, { size, origin });
  return [...found.values()];
}

interface Bound {
  /** An upper bound for the absolute value. */
  readonly most: bigint;
  /** A lower bound for the absolute value of a divisor. */
  readonly least: bigint;
  readonly delicate: boolean;
}

const absolute = (n: bigint) => (n < 0n ? -n : n);

/** No axis is longer than `axis`. */
function boundOf(sizes: Sizes, size: Size, axis = longest): Bound {
  const either = (a: Bound, b: Bound) => a.delicate || b.delicate;
  const quotient = (a: Bound, b: Bound): Bound => ({
    most: a.most / b.least + 1n,
    least: 1n,
    delicate: either(a, b) || (a.most > exact && b.most * longest > exact),
  });
  return sizes.fold<Bound>(size, {
    int: (n) => ({ most: absolute(n), least: n === 0n ? 1n : absolute(n), delicate: false }),
    variable: () => ({ most: axis, least: 1n, delicate: false }),
    add: (a, b) => ({ most: a.most + b.most, least: 1n, delicate: either(a, b) }),
    sub: (a, b) => ({ most: a.most + b.most, least: 1n, delicate: either(a, b) || b.most > exact }),
    mul: (a, b) => ({ most: a.most * b.most, least: a.least * b.least, delicate: either(a, b) }),
    divide: quotient,
    floor: quotient,
    ceil: quotient,
  });
}

/** The largest i32, and the longest axis in TensorFlow.js. */
export const largestInteger = 2n ** 31n - 1n;

/**
 * Returns the run-time sizes that i32 tensors are combined with and that an i32 might not hold. They would wrap around
 * without a word, although a size never does.
 */
export function sizesAsIntegers(sizes: Sizes, origins: ReadonlyMap<Value, readonly Origin[]>): Delicate[] {
  const operands = (value: Value): Size[] =>
    (value.kind === "node" ? value.inputs : []).flatMap((input) =>
      input.kind === "constant" && input.type.dtype === "i32" ? within(input.value) : [],
    );
  return firstUses(origins, operands).filter(({ size }) => boundOf(sizes, size, largestInteger).most > largestInteger);
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
