/** @file What a generated module says of a model. */
import type { Rank, ShapeMap, Tensor } from "@tensorflow/tfjs-core";
import type { Guard } from "./guard.ts";
import type { ManifestEntry } from "./manifest.ts";
import type { DType } from "./ndarray.ts";
import type { PrepareStep } from "./prepare.ts";

export type Tensors = Record<string, Tensor>;

/** A tensor of whose shape the types know more than the rank: `Shaped<Rank.R4, [number, 64, number, 3]>`. */
export interface Shaped<R extends Rank, S extends ShapeMap[R]> extends Tensor<R> {
  readonly shape: S;
}

export interface ModelDefinition {
  readonly name: string;
  readonly guard: Guard;
  readonly manifest: readonly ManifestEntry[];
  /** What is done with weights and constants when the model is loaded. */
  readonly prepare: readonly PrepareStep[];
  /** The tensors that `run` uses of that, by its names for them: at which step they are made. */
  readonly prepared: Readonly<Record<string, { readonly dtype: DType; readonly step: number }>>;
  /** The engine file, or its content: the same models as graphs, for hosts that run sessions of TensorFlow. */
  readonly graph?: URL | Uint8Array;
  /** Of all that the module depends on. An engine file with another one is not this module's. */
  readonly hash?: string;
  /** Straight-line code. Every result is a new tensor; all others that it makes are freed, or left to the tidy around it. */
  run(inputs: Tensors, prepared: Tensors, sizes: Readonly<Record<string, number>>): Tensors;
}
