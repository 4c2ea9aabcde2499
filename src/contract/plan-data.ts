/** @file The plan of a model as JSON data: what the runtime compiles to WebAssembly once it knows the sizes. */
import type { SizeExpr } from "./guard.ts";
import type { DType } from "./ndarray.ts";

/** Values are numbered: the inputs, the prepared tensors, then the steps. */
export interface PlanData {
  /** The sizes that shapes and attributes refer to by index. */
  readonly sizes: readonly SizeExpr[];
  /** In the order of the guard. */
  readonly inputs: readonly ValueData[];
  readonly prepared: readonly PreparedData[];
  /** What makes the prepared tensors, as `printSteps` prints it. */
  readonly prepare: string;
  readonly steps: readonly StepData[];
  /** In the order of the model. */
  readonly results: readonly ResultData[];
}

export interface ValueData {
  /** Indices of sizes. */
  readonly shape: readonly number[];
  readonly dtype: DType;
}

export interface PreparedData extends ValueData {
  /** The index of the step that makes it. */
  readonly step: number;
}

export interface StepData extends ValueData {
  readonly primitive: string;
  /** Sizes are `{ "$": index }`; numbers that JSON lacks are `{ "$": "-Infinity" }`. */
  readonly attributes: unknown;
  readonly inputs: readonly number[];
}

export interface ResultData {
  readonly name: string;
  readonly value: number;
}

/** The file next to a module, `<program>.plan`. */
export interface PlanFile {
  /** The version of Fuse. */
  readonly version: string;
  /** Hash of everything that the module depends on. */
  readonly hash: string;
  /** The SHA-256 of the file, with zeros in this place. */
  readonly content: string;
  readonly models: Readonly<Record<string, PlanData>>;
}
