/** @file Types for by-hand.js, for the tests that use it. */
import type { NamedTensorMap, TensorContainer } from "@tensorflow/tfjs-core";
import type { NdArray } from "../src/contract/ndarray.ts";

export const byHand: Readonly<
  Record<string, { readonly run: (weights: TensorContainer, inputs: NamedTensorMap) => NamedTensorMap }>
>;
export function prepareByHand(file: string, arrays: Readonly<Record<string, NdArray>>): TensorContainer;
