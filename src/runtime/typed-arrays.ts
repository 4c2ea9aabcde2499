/** @file Typed arrays with shapes, as users give and get them, and what can be wrong with them. */
import type { Guard } from "../contract/guard.ts";
import { dtypeNames, elements, typedArrays, type DType } from "../contract/ndarray.ts";
import { DataError } from "../weights/data-error.ts";
import { GuardError } from "./guard-error.ts";

/** The array types of f32, i32 and bool. A bool is a byte that is 0 or 1. */
export type TypedArray = Float32Array | Int32Array | Uint8Array;

/** A tensor as a row-major array. */
export interface TensorArray<
  Data extends TypedArray = TypedArray,
  Shape extends readonly number[] = readonly number[],
> {
  readonly shape: Shape;
  readonly data: Data;
}

/** Creates an array of zeros for a tensor. */
export function emptyArray(dtype: "f32", shape: readonly number[]): Float32Array;
export function emptyArray(dtype: "i32", shape: readonly number[]): Int32Array;
export function emptyArray(dtype: "bool", shape: readonly number[]): Uint8Array;
export function emptyArray(dtype: DType, shape: readonly number[]): TypedArray;
export function emptyArray(dtype: DType, shape: readonly number[]): TypedArray {
  return new typedArrays[dtype](elements(shape));
}

/** Returns the dtype whose elements such an array holds; undefined if it is none of those. */
export function dtypeOf(data: unknown): DType | undefined {
  return (Object.keys(typedArrays) as DType[]).find((dtype) => data instanceof typedArrays[dtype]);
}

/** Whether a value looks like one array, rather than like arrays by name. */
export function isTensorArray(value: unknown): boolean {
  return typeof value === "object" && value !== null && "data" in value && dtypeOf(value.data) !== undefined;
}

/** Rejects what is not inputs by name, such as nothing, or the only input itself. @throws GuardError */
export function requireNames({ model, inputs }: Guard, given: unknown, isInput: boolean, method: string): void {
  if (typeof given === "object" && given !== null && !isInput) return;
  const names = inputs.map(({ name }) => name).join(", ");
  throw new GuardError(`${model}: ${method}() takes its inputs by name: ${method}({ ${names} }).`);
}

/** @throws GuardError that lists all arrays that are not sound */
export function requireSound(model: string, given: Readonly<Record<string, unknown>>): void {
  const problems = Object.entries(given).flatMap(([name, array]) => {
    const problem = unsoundness(array);
    return problem === undefined ? [] : [`${model}: ${name} ${problem}.`];
  });
  if (problems.length > 0) throw new GuardError(problems[0]!, problems.slice(1));
}

function unsoundness(array: unknown): string | undefined {
  const { shape, data } = (array ?? {}) as { readonly shape?: unknown; readonly data?: unknown };
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    return "must have a shape, a list of sizes";
  const dtype = dtypeOf(data);
  if (dtype === undefined) return "must have data, a Float32Array, Int32Array or Uint8Array";
  const { length } = data as TypedArray;
  if (elements(shape as number[]) !== length)
    return `has ${length} elements, which does not match [${shape.join(", ")}]`;
  return dtype === "bool" && (data as TypedArray).some((byte) => byte > 1) ? "must be 0 or 1 everywhere" : undefined;
}

/** A result, with the name that its dtype has outside. */
interface Result {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/**
 * Checks arrays into which results will be written.
 * @throws DataError if one does not fit its result, or overlaps another
 */
export function requireOutputs(
  into: Readonly<Record<string, TypedArray | undefined>>,
  results: Readonly<Record<string, Result>>,
): void {
  for (const [name, array] of Object.entries(into)) if (array !== undefined) checkOutput(name, array, results);
  checkApart(into);
}

/** Two results would be written to the same memory. */
function checkApart(into: Readonly<Record<string, TypedArray | undefined>>): void {
  const arrays = Object.entries(into).flatMap(([name, array]) => (array === undefined ? [] : [{ name, array }]));
  for (const [i, { name, array: a }] of arrays.entries())
    for (const { name: other, array: b } of arrays.slice(0, i)) {
      const overlap = a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
      if (a.buffer === b.buffer && overlap)
        throw new DataError(`the arrays for the results ${other} and ${name} overlap`);
    }
}

function checkOutput(name: string, array: TypedArray, results: Readonly<Record<string, Result>>): void {
  const result = Object.hasOwn(results, name) ? results[name] : undefined;
  if (result === undefined)
    throw new DataError(
      `there is no result ${JSON.stringify(name)}; the results are ${Object.keys(results).join(", ")}`,
    );
  const { dtype, shape } = result;
  const own = dtypeOf(array);
  if (own === undefined || dtypeNames[own] !== dtype || array.length !== elements(shape))
    throw new DataError(`the result ${name} is ${dtype} [${shape.join(", ")}], but the array for it is not`);
}
