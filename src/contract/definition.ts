/** @file The description of a model in a generated module. */
import type { Rank, ShapeMap, Tensor } from "@tensorflow/tfjs-core";
import type { Guard } from "./guard.ts";
import type { ManifestEntry } from "./manifest.ts";
import type { DType } from "./ndarray.ts";
import type { PrepareStep } from "./prepare.ts";

export type Tensors = Record<string, Tensor>;

/** A tensor whose type says more about its shape than the rank: `Shaped<Rank.R4, [number, 64, number, 3]>`. */
export interface Shaped<R extends Rank, S extends ShapeMap[R]> extends Tensor<R> {
  readonly shape: S;
}

export interface ModelDefinition {
  readonly name: string;
  readonly guard: Guard;
  readonly manifest: readonly ManifestEntry[];
  /** The steps that compute tensors from weights and constants when the model is loaded. */
  readonly prepare: readonly PrepareStep[];
  /** The results of those steps that `run` uses, by the names it uses. */
  readonly prepared: Readonly<Record<string, { readonly dtype: DType; readonly step: number }>>;
  /** The engine file or its content: the same models as graphs, for hosts that run TensorFlow sessions. */
  readonly graph?: URL | Uint8Array;
  /** The plan file or its content, which the runtime compiles to WebAssembly. */
  readonly plan?: URL | Uint8Array;
  /** Hash of everything that the module depends on. An engine or plan file with another hash belongs to another module. */
  readonly hash?: string;
  /** Straight-line code. Every result is a new tensor. It frees all other tensors it makes, or leaves them to the enclosing tidy. */
  run(inputs: Tensors, prepared: Tensors, sizes: Readonly<Record<string, number>>): Tensors;
}
