/** @file The interface of engines (one file each in this folder), and conversion between arrays and tensors. */
import * as tf from "@tensorflow/tfjs-core";
import { dtypeNames, typedArrays, type NdArray } from "../../../contract/ndarray.ts";
import type { EngineName } from "../../../runtime/node/index.ts";
import { InternalError } from "../../../source/internal-error.ts";

export type Arrays = Readonly<Record<string, NdArray>>;

/** A model with its weights, ready to run. */
export interface Engine {
  /** The backend: one of TensorFlow.js, or ONNX Runtime. */
  readonly on: string;
  /** How the last run was made, if there are several ways, and why only by calls. */
  readonly ranAs?: () => { readonly engine: EngineName; readonly whyCalls: string | undefined };
  /** Returns the results by name. The inputs have passed the guard. */
  run(inputs: Arrays): Promise<Arrays>;
  /** Frees everything it holds. */
  dispose(): void;
}

/** Creates a tensor with its own memory. */
export function toTensor({ dtype, shape, data }: NdArray): tf.Tensor {
  return tf.tensor(typedArrays[dtype].from(data), [...shape], dtypeNames[dtype]);
}

export async function toArray(tensor: tf.Tensor): Promise<NdArray> {
  const dtype = (["f32", "i32", "bool"] as const).find((name) => dtypeNames[name] === tensor.dtype);
  if (dtype === undefined) throw new InternalError(`a result has the dtype ${tensor.dtype}`);
  return { dtype, shape: tensor.shape, data: await tensor.data() };
}

/** Runs a function on tensors, and frees its inputs and results. */
export async function withTensors(
  inputs: Arrays,
  run: (tensors: Record<string, tf.Tensor>) => Readonly<Record<string, tf.Tensor>> | Promise<Record<string, tf.Tensor>>,
): Promise<Arrays> {
  const given = Object.fromEntries(Object.entries(inputs).map(([name, array]) => [name, toTensor(array)]));
  let results: Readonly<Record<string, tf.Tensor>> = {};
  try {
    results = await run(given);
    const values: (readonly [string, NdArray])[] = [];
    for (const [name, tensor] of Object.entries(results)) values.push([name, await toArray(tensor)]);
    return Object.fromEntries(values);
  } finally {
    tf.dispose([given, results]);
  }
}
