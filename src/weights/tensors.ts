/** @file Tensors in weight files: listed with name, dtype and shape, and decoded on demand. */
import type { WeightEntry } from "../contract/manifest.ts";
import type { NdArray } from "../contract/ndarray.ts";
import { DataError, quote } from "./data-error.ts";
import { valueAt } from "./exact.ts";
import { bf16ToF32, f16ToF32 } from "./half.ts";

/** Bits per element of each safetensors dtype. */
export const dtypeBits = {
  F64: 64,
  F32: 32,
  F16: 16,
  BF16: 16,
  I64: 64,
  I32: 32,
  I16: 16,
  I8: 8,
  U64: 64,
  U32: 32,
  U16: 16,
  U8: 8,
  BOOL: 8,
  C64: 64,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4,
} as const;

/** A dtype in a weight file. `STRING` occurs only in tfjs files. */
export type StoredDType = keyof typeof dtypeBits | "STRING";

export interface StoredTensor {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: readonly number[];
  /**
   * Brings the columns of this matrix (outputs, features) into the order of a weight's axes, if the file says how they were
   * flattened. Only formats that say it need the code that does it.
   */
  readonly unflatten?: ((entry: WeightEntry, array: NdArray) => NdArray) | undefined;
  /**
   * Decodes the values into a new array that the caller owns. Floating-point dtypes become `f32` (F64 keeps its precision,
   * in a Float64Array), integers `i32`, BOOL `bool`.
   * @throws DataError for a dtype that Fuse does not support, and for integers beyond 32 bits.
   */
  read(): NdArray;
}

/** The tensors in a weight file by name, in file order. */
export type TensorSource = ReadonlyMap<string, StoredTensor>;

/** Creates a tensor from little-endian, row-major bytes, whose count must fit the dtype and shape. */
export function storedTensor(
  name: string,
  dtype: StoredDType,
  shape: readonly number[],
  bytes: Uint8Array,
): StoredTensor {
  return { name, dtype, shape, read: () => ({ ...decode(name, dtype, shape, bytes), shape }) };
}

/** The maximum number of axes. Only a malicious file has more; NumPy's limit also used to be 32. */
const maxRank = 32;

/** Checks a shape from a file: a list of natural numbers. */
export function checkShape(tensor: string, shape: unknown): readonly number[] {
  if (!Array.isArray(shape) || shape.length > maxRank || !shape.every(isNatural)) {
    throw new DataError(`tensor ${quote(tensor)} has an invalid shape`);
  }
  return shape;
}

/** Returns the byte length of a tensor with `bits` per element; undefined if it is fractional or too large for a number. */
export function byteLength(shape: readonly number[], bits: number): number | undefined {
  // A size of 0 must not hide an overflow of the others; otherwise acceptance would depend on their order.
  const count = shape.reduce(
    (product, size) => (product > Number.MAX_SAFE_INTEGER ? Infinity : product * (size || 1)),
    1,
  );
  const bytes = (count * bits) / 8;
  if (count > Number.MAX_SAFE_INTEGER / 64 || !Number.isSafeInteger(bytes)) return undefined;
  return shape.includes(0) ? 0 : bytes;
}

export function isNatural(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
}

function decode(
  name: string,
  dtype: StoredDType,
  shape: readonly number[],
  bytes: Uint8Array,
): Pick<NdArray, "dtype" | "data"> {
  // The copy gives the caller its own array, aligned as typed arrays require.
  const { buffer } = new Uint8Array(bytes);
  const integers = (values: ArrayLike<number | bigint>): Pick<NdArray, "dtype" | "data"> => {
    const data = new Int32Array(values.length);
    for (let i = 0; i < data.length; i++) {
      data[i] = Number(values[i]!);
      if (BigInt(data[i]!) !== BigInt(values[i]!)) {
        throw new DataError(
          `tensor ${quote(name)} contains ${valueAt({ shape, data: values }, i)}, which does not fit in 32 bits`,
        );
      }
    }
    return { dtype: "i32", data };
  };
  switch (dtype) {
    case "F32":
      return { dtype: "f32", data: new Float32Array(buffer) };
    case "F64":
      return { dtype: "f32", data: new Float64Array(buffer) };
    case "F16":
      return { dtype: "f32", data: f16ToF32(new Uint16Array(buffer)) };
    case "BF16":
      return { dtype: "f32", data: bf16ToF32(new Uint16Array(buffer)) };
    case "BOOL":
      return { dtype: "bool", data: new Uint8Array(buffer).map((byte) => Math.min(byte, 1)) };
    case "I32":
      return { dtype: "i32", data: new Int32Array(buffer) };
    case "I8":
      return { dtype: "i32", data: new Int32Array(new Int8Array(buffer)) };
    case "U8":
      return { dtype: "i32", data: new Int32Array(new Uint8Array(buffer)) };
    case "I16":
      return { dtype: "i32", data: new Int32Array(new Int16Array(buffer)) };
    case "U16":
      return { dtype: "i32", data: new Int32Array(new Uint16Array(buffer)) };
    case "U32":
      return integers(new Uint32Array(buffer));
    case "I64":
      return integers(new BigInt64Array(buffer));
    case "U64":
      return integers(new BigUint64Array(buffer));
    default:
      throw new DataError(`tensor ${quote(name)} has dtype ${dtype}, which Fuse does not support`);
  }
}
