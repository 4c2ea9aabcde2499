/** @file Takes a tensor as the dtype of a weight: integers and bools exactly, or not at all. */
import { indexOf, isI32, typedArrays, type NdArray } from "../contract/ndarray.ts";
import { DataError, printShape, quote } from "./data-error.ts";

const rules = {
  i32: { holds: isI32, text: "an i32 does not hold: it is a whole number from -2147483648 to 2147483647" },
  bool: { holds: (value: number) => value === 0 || value === 1, text: "a bool does not hold: it is 0 or 1" },
} as const;

/**
 * Returns the array as a weight of this dtype. Integers may be stored as floats, as some tools store all tensors.
 * @throws DataError that names the first value that an i32 or a bool does not hold
 */
export function exactly(dtype: NdArray["dtype"], array: NdArray, name: string): NdArray {
  if (dtype === "f32") return { ...array, dtype };
  const { holds, text } = rules[dtype];
  const place = array.data.findIndex((value) => !holds(value));
  if (place >= 0) throw new DataError(`tensor ${quote(name)} contains ${valueAt(array, place)}, which ${text}`);
  const typed = typedArrays[dtype];
  return { ...array, dtype, data: array.data instanceof typed ? array.data : new typed(array.data) };
}

/** An array of any elements, such as 64-bit integers. */
interface Elements {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

/** Prints a value with its place: `2.5 at [0, 3]`. */
export function valueAt({ shape, data }: Elements, place: number): string {
  return `${data[place]}${shape.length === 0 ? "" : ` at ${printShape(indexOf(place, shape))}`}`;
}
