/** @file The elements of a tensor as TensorFlow and ONNX store them: little-endian, row-major. */
import { typedArrays, type NdArray } from "../../contract/ndarray.ts";

/** Shares the memory of arrays that hold their elements like that already. */
export function contentOf({ dtype, data }: NdArray): Uint8Array {
  const stored = typedArrays[dtype];
  const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  if (data instanceof stored && isLittleEndian) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bytes = new Uint8Array(data.length * stored.BYTES_PER_ELEMENT);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < data.length; i++) {
    if (dtype === "f32") view.setFloat32(4 * i, data[i]!, true);
    else if (dtype === "i32") view.setInt32(4 * i, data[i]!, true);
    else bytes[i] = data[i] === 0 ? 0 : 1;
  }
  return bytes;
}

/** A plain loop, for there may be gigabytes. */
export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
