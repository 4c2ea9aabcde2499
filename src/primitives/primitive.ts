/** @file The contract of a primitive: positional, what targets implement. */
import type { Backend } from "../contract/backends.ts";
import type { DType, NdArray } from "../contract/ndarray.ts";
import type { Positional, PrimitiveShape, Variant } from "../ir/lowering.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { EsmEmitter } from "./esm/emitter.ts";
import type { OnnxEmitter, OnnxWire } from "./onnx/emitter.ts";
import type { TensorFlowEmitter, Wire } from "./tensorflow/emitter.ts";

/** The functions of `unary` that convolutions and matrix products can absorb, as tfjs calls them, too. */
export const activations = ["relu", "relu6", "elu", "sigmoid"] as const;

export type Activation = (typeof activations)[number];

export type NoAttributes = Readonly<Record<never, never>>;

/** A case for the derived tests: random inputs of these shapes. */
export interface PrimitiveCase<A> {
  readonly shapes: readonly (readonly number[])[];
  /** f32 unless told. */
  readonly dtypes?: readonly DType[];
  readonly attributes: A;
  /** Elements are drawn evenly from here (-3 to 3 unless told) … */
  readonly range?: readonly [number, number];
  /** … or are these, in random order: integers beyond 2^24, infinities, ties. */
  readonly values?: readonly number[];
  /** What a profile must have for anybody to ask for this. */
  readonly variant?: Variant;
  /** The backends of TensorFlow.js that are exact enough for the case, all unless told. */
  readonly backends?: readonly Backend[];
}

export interface Primitive<A = unknown> extends PrimitiveShape<A> {
  readonly doc: string;
  /** No arithmetic: every element of the result is one of the inputs' elements, bit for bit. */
  readonly exact?: true;
  /** Plain loops in float64. */
  reference(inputs: readonly NdArray[], attributes: A, size: (size: Size) => number): NdArray;
  /**
   * One JavaScript expression that makes one new tensor from the expressions of the inputs, each of which may be used
   * more than once. `operands` are the shapes and dtypes of the inputs.
   */
  esm(
    e: EsmEmitter,
    inputs: readonly string[],
    attributes: A,
    result: Positional,
    operands: readonly Positional[],
  ): string;
  /** The nodes of TensorFlow that compute it. */
  tensorflow(
    e: TensorFlowEmitter,
    inputs: readonly Wire[],
    attributes: A,
    result: Positional,
    operands: readonly Positional[],
  ): Wire;
  /** The nodes of ONNX that compute it. */
  onnx(
    e: OnnxEmitter,
    inputs: readonly OnnxWire[],
    attributes: A,
    result: Positional,
    operands: readonly Positional[],
  ): OnnxWire;
  /**
   * The attributes with an activation absorbed; undefined if that is not possible, or no better than two primitives. The
   * planner asks if the profile can.
   */
  absorb?(attributes: A, activation: Activation, operands: readonly Positional[]): A | undefined;
  cases(sizes: Sizes): readonly PrimitiveCase<A>[];
}

/** A shape in a table of cases: `2x3x4` is [2, 3, 4], and the empty text that of a scalar. */
export function dims(text: string): readonly number[] {
  return text === "" ? [] : text.split("x").map(Number);
}

/** Values for cases: integers that a detour through float32 would change. */
export const largeIntegers: readonly number[] = [16777217, -16777217, 16777216, -33554435, 5, 0];

/** Gives a record its type. */
export function primitive<A>(record: Primitive<A>): Primitive<A> {
  return record;
}
