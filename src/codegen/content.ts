/** @file The elements of a tensor as graph formats store them: little-endian, row-major. */
import { typedArrays, type DType, type NumberArray } from "../contract/ndarray.ts";

/** For Fuse's dtypes and int64, which ONNX uses for shapes, axes and indices. */
export const bytesPerElement = { f32: 4, i32: 4, i64: 8, bool: 1 } as const satisfies Record<DType | "i64", number>;

interface Elements {
  readonly dtype: keyof typeof bytesPerElement;
  readonly data: NumberArray;
}

/** Returns the bytes. Arrays already in this format share their memory. */
export function contentOf({ dtype, data }: Elements): Uint8Array {
  if (dtype !== "i64" && data instanceof typedArrays[dtype] && isLittleEndian)
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const width = bytesPerElement[dtype];
  const bytes = new Uint8Array(width * data.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (dtype === "f32") view.setFloat32(width * i, value, true);
    else if (dtype === "i32") view.setInt32(width * i, value, true);
    else if (dtype === "i64") view.setBigInt64(width * i, BigInt(value), true);
    else bytes[i] = value === 0 ? 0 : 1;
  }
  return bytes;
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A plain loop, because there may be gigabytes. */
export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
