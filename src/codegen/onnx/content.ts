/** @file The elements of a tensor as ONNX stores them. */
import type { DType, NumberArray } from "../../contract/ndarray.ts";
import type { OnnxType } from "../../primitives/onnx/onnx.ts";
import { contentOf as shortContentOf } from "../tensorflow/content.ts";

export const bytesPerElement = { f32: 4, i32: 4, i64: 8, bool: 1 } as const satisfies Record<OnnxType, number>;

interface Elements {
  readonly dtype: OnnxType;
  readonly shape: readonly number[];
  readonly data: NumberArray;
}

/** Little-endian, row-major. Shares the memory of arrays that hold their elements like that already. */
export function contentOf({ dtype, shape, data }: Elements): Uint8Array {
  if (dtype !== "i64") return shortContentOf({ dtype: dtype satisfies DType, shape, data });
  const bytes = new Uint8Array(8 * data.length);
  const view = new DataView(bytes.buffer);
  data.forEach((value, i) => view.setBigInt64(8 * i, BigInt(value), true));
  return bytes;
}
