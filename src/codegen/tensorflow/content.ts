/** @file The elements of a tensor as TensorFlow and ONNX store them: little-endian, row-major. */
import type { DType, NdArray } from "../../ir/ndarray.ts";

const bytesPerElement = { f32: 4, i32: 4, bool: 1 } as const satisfies Record<DType, number>;

/** Shares the memory of arrays that hold their elements like that already. */
export function contentOf({ dtype, data }: NdArray): Uint8Array {
  const stored = dtype === "f32" ? Float32Array : dtype === "i32" ? Int32Array : Uint8Array;
  const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  if (data instanceof stored && isLittleEndian) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bytes = new Uint8Array(data.length * bytesPerElement[dtype]);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < data.length; i++) {
    if (dtype === "f32") view.setFloat32(4 * i, data[i]!, true);
    else if (dtype === "i32") view.setInt32(4 * i, data[i]!, true);
    else bytes[i] = data[i] === 0 ? 0 : 1;
  }
  return bytes;
}
