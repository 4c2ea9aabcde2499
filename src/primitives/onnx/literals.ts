/** @file Literals of ONNX: of numbers, and of what depends on sizes that are known. */
import type { NdArray } from "../../contract/ndarray.ts";
import type { Size } from "../../sizes/size.ts";
import { InternalError } from "../../source/internal-error.ts";
import type { OnnxEmitter, OnnxType, OnnxWire } from "./emitter.ts";

/** Literals of int64, of rank 1. */
export function longs(e: OnnxEmitter, values: readonly number[]): OnnxWire {
  return e.constant({ dtype: "i64", shape: [values.length], data: Float64Array.from(values) });
}

/** A literal of rank 0. */
export function onnxScalar(e: OnnxEmitter, value: number, dtype: OnnxType = "f32"): OnnxWire {
  return e.constant({ dtype, shape: [], data: Float64Array.of(value) });
}

/** The result of a primitive without inputs, if all these sizes, which are all that it asks for, are known. */
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
