/** @file The contract of a primitive: a positional operation that targets implement. */
import type { Backend } from "../contract/backends.ts";
import type { DType, NdArray } from "../contract/ndarray.ts";
import type { Positional, PrimitiveShape, Variant } from "../ir/lowering.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { EsmEmitter } from "./esm/emitter.ts";
import type { OnnxEmitter, OnnxWire } from "./onnx/emitter.ts";
import type { TensorFlowEmitter, Wire } from "./tensorflow/emitter.ts";
import type { WasmForm } from "./wasm/emitter.ts";

/** The functions of `unary` that convolutions and matrix products can absorb. tfjs uses the same names. */
export const activations = ["relu", "relu6", "elu", "sigmoid"] as const;

export type Activation = (typeof activations)[number];

/** What has a shape, of sizes or of numbers. */
export interface Shaped<S> {
  readonly shape: readonly S[];
}

export type NoAttributes = Readonly<Record<never, never>>;

/** A case for the derived tests: random inputs of these shapes. */
export interface PrimitiveCase<A> {
  readonly shapes: readonly (readonly number[])[];
  /** Dtypes of the inputs; f32 by default. */
  readonly dtypes?: readonly DType[];
  readonly attributes: A;
  /** The interval from which elements are drawn evenly; -3 to 3 by default. */
  readonly range?: readonly [number, number];
  /** Values to use instead, in random order: integers beyond 2^24, infinities, ties. */
  readonly values?: readonly number[];
  /** The variant that a profile must have before lowerings emit this. */
  readonly variant?: Variant;
  /** The TensorFlow.js backends that are exact enough for the case; all by default. */
  readonly backends?: readonly Backend[];
}

export interface Primitive<A = unknown> extends PrimitiveShape<A> {
  readonly doc: string;
  /** No arithmetic: every element of the result is one of the inputs' elements, bit for bit. */
  readonly exact?: true;
  /**
   * Products of sizes whose sum is its number of multiply-accumulates; without it, it does none. Padding counts, because
   * backends multiply by it too. Sizes may be numbers.
   */
  macs?<S>(operands: readonly Shaped<S>[], attributes: A, result: Shaped<S>): readonly (readonly S[])[];
  /** Computes the result by plain loops in float64. */
  reference(inputs: readonly NdArray[], attributes: A, size: (size: Size) => number): NdArray;
  /**
   * Prints one JavaScript expression that makes one new tensor. It may use the expression of each input more than once.
   * `operands` are the shapes and dtypes of the inputs.
   */
  esm(
    e: EsmEmitter,
    inputs: readonly string[],
    attributes: A,
    result: Positional,
    operands: readonly Positional[],
  ): string;
  /** How WebAssembly computes it, at known sizes. */
  readonly wasm: WasmForm<A>;
  /** Adds the TensorFlow nodes that compute it. */
  tensorflow(
    e: TensorFlowEmitter,
    inputs: readonly Wire[],
    attributes: A,
    result: Positional,
    operands: readonly Positional[],
  ): Wire;
  /** Adds the ONNX nodes that compute it. */
  onnx(
    e: OnnxEmitter,
    inputs: readonly OnnxWire[],
    attributes: A,
    result: Positional,
    operands: readonly Positional[],
  ): OnnxWire;
  /**
   * Returns the attributes with an activation absorbed; undefined if that is impossible, or no better than two primitives.
   * The planner checks that the profile supports it.
   */
  absorb?(attributes: A, activation: Activation, operands: readonly Positional[]): A | undefined;
  cases(sizes: Sizes): readonly PrimitiveCase<A>[];
}

/** Reads a shape in a table of cases: `2x3x4` is [2, 3, 4], the empty string a scalar. */
export function dims(text: string): readonly number[] {
  return text === "" ? [] : text.split("x").map(Number);
}

/** Values for cases: integers that a round trip through float32 would change. */
export const largeIntegers: readonly number[] = [16777217, -16777217, 16777216, -33554435, 5, 0];

/** Infers the type of a record. */
export function primitive<A>(record: Primitive<A>): Primitive<A> {
  return record;
}
