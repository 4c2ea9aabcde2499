/** @file `fuse-lang/runtime` in a browser: the module that generated modules import. */
import * as tf from "@tensorflow/tfjs-core";
import type { ModelDefinition, Tensors } from "../contract/definition.ts";
import { fetchBytes } from "./fetch.ts";
import { makeModel, type Model } from "./model.ts";
import { threadsHere } from "./start-helper.ts";
import { wasmEngineOf } from "./wasm/of-backend.ts";

export { DataError } from "../weights/data-error.ts";
export { emptyArray as alignedArray } from "./typed-arrays.ts";
export type { InputArrays, OutputArrays, ResultArrays } from "./arrays.ts";
export type { ModelDefinition, Shaped, Tensors } from "../contract/definition.ts";
export { GuardError } from "./guard-error.ts";
export { instantiate } from "./instantiate.ts";
export type { EngineName, LoadedModel, LoadOptions, Model } from "./model.ts";
export type { TensorArray, TypedArray } from "./typed-arrays.ts";
export type { NamedTensors, PlainTensor, WeightSource } from "./weight-source.ts";

/** Creates a model from its definition. Weights are fetched; a tfjs backend must be registered. */
export function model<Inputs extends Tensors, Results extends Tensors>(
  definition: ModelDefinition,
): Model<Inputs, Results> {
  return makeModel(definition, {
    read: fetchBytes,
    ready: () => tf.ready(),
    engine: async (definition, load, { engine, threads }) =>
      engine === "session" ? "there are no sessions in a browser" : wasmEngineOf(definition, load, fetchBytes, threads),
    threads: threadsHere(),
  });
}
