/** @file ONNX literals of numbers, and of values that depend on known sizes only. */
import type { NdArray } from "../../contract/ndarray.ts";
import type { Size } from "../../sizes/size.ts";
import { InternalError } from "../../source/internal-error.ts";
import type { OnnxEmitter, OnnxType, OnnxWire } from "./emitter.ts";

/** Adds an int64 literal of rank 1. */
export function longs(e: OnnxEmitter, values: readonly number[]): OnnxWire {
  return e.constant({ dtype: "i64", shape: [values.length], data: Float64Array.from(values) });
}

/** Adds a literal of rank 0. */
export function onnxScalar(e: OnnxEmitter, value: number, dtype: OnnxType = "f32"): OnnxWire {
  return e.constant({ dtype, shape: [], data: Float64Array.of(value) });
}

/** Adds the result of a primitive without inputs as a literal, if all the sizes that it reads are known. */
export function onnxLiteral<A>(
  e: OnnxEmitter,
  of: { reference(inputs: readonly [], attributes: A, size: (size: Size) => number): NdArray },
  attributes: A,
  sizes: readonly Size[],
): OnnxWire | undefined {
  if (!sizes.every((size) => e.known(size) !== undefined)) return undefined;
  const numberOf = (size: Size): number => {
    const known = e.known(size);
    if (known === undefined) throw new InternalError("a literal asks for a size that is not known");
    return known;
  };
  return e.constant(of.reference([], attributes, numberOf));
}
