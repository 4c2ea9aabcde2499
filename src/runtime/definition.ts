/** @file What a generated module says of a model. */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Guard } from "../ir/guard.ts";
import type { DType } from "../ir/ndarray.ts";
import type { ManifestEntry } from "../weights/manifest.ts";
import type { Prepare } from "../weights/prepare.ts";

export type Tensors = Record<string, Tensor>;

export interface ModelDefinition {
  readonly name: string;
  readonly guard: Guard;
  readonly manifest: readonly ManifestEntry[];
  /** Tensors that are made of weights and constants when the model is loaded, by the names that `run` uses. */
  readonly prepared: Readonly<Record<string, { readonly dtype: DType; readonly prepare: Prepare }>>;
  /** Straight-line code. Every result is a new tensor; all others that it makes are freed, or left to the tidy around it. */
  run(inputs: Tensors, prepared: Tensors, sizes: Readonly<Record<string, number>>): Tensors;
}
