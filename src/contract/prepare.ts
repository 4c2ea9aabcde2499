/** @file What is done to stored tensors when a model is loaded, as plain JSON data: the steps of which `evaluate` makes arrays. */
import type { DType } from "./ndarray.ts";
import type { BinaryName, UnaryName } from "./prepare-functions.ts";

/** What one step does with its operands. Positions count from 0; elementwise steps broadcast as NumPy does. */
export type PrepareOp =
  /** The stored tensor, in the shape of its manifest entry. */
  | { readonly op: "load"; readonly path: string }
  /** A small literal, row-major. */
  | {
      readonly op: "constant";
      readonly dtype: DType;
      readonly shape: readonly number[];
      readonly data: readonly number[];
    }
  /** 0, 1, … below the size. */
  | { readonly op: "iota"; readonly size: number }
  /** Position `i` of the result is position `permutation[i]` of the operand. */
  | { readonly op: "transpose"; readonly permutation: readonly number[] }
  | { readonly op: "reshape"; readonly shape: readonly number[] }
  | { readonly op: "broadcast"; readonly shape: readonly number[] }
  | { readonly op: "concat"; readonly axis: number }
  | { readonly op: "slice"; readonly begin: readonly number[]; readonly size: readonly number[] }
  | { readonly op: "reverse"; readonly axes: readonly number[] }
  /** Along an axis, at the indices that the second operand holds. */
  | { readonly op: "gather"; readonly axis: number }
  | { readonly op: "cast"; readonly dtype: DType }
  | { readonly op: "unary"; readonly function: UnaryName }
  | { readonly op: "binary"; readonly function: BinaryName }
  /** Of a condition and two others: the first where it is not 0. */
  | { readonly op: "select" }
  | {
      readonly op: "reduce";
      readonly function: "mean" | "sum" | "max" | "min" | "prod" | "any" | "all";
      readonly axes: readonly number[];
      readonly keepdims: boolean;
    }
  | {
      readonly op: "scan";
      readonly function: "sum" | "product";
      readonly axis: number;
      readonly reverse: boolean;
      readonly exclusive: boolean;
    }
  /** Along the last axis. */
  | { readonly op: "softmax" }
  /** Products of matrices [..., m, k] and [..., k, n], or a single [k, n] for all. */
  | { readonly op: "matmul" };

/** One step of a list; `of` are the indices of its operands, which come before it. */
export type PrepareStep = PrepareOp & { readonly of?: readonly number[] };

/** As JSON, which has no infinities, no NaN and no negative zero: among data they are strings. */
export function printSteps(steps: readonly PrepareStep[]): string {
  return JSON.stringify(steps, (_, value: unknown) => {
    if (typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))) return value;
    return Object.is(value, -0) ? "-0" : String(value);
  });
}

/** The steps that `printSteps` printed. */
export function parseSteps(text: string): readonly PrepareStep[] {
  const steps = JSON.parse(text) as readonly PrepareStep[];
  return steps.map((step) => (step.op === "constant" ? { ...step, data: step.data.map(Number) } : step));
}
