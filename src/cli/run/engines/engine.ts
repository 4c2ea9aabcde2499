/** @file What runs a model: one file beside this one for each way. Also the way of arrays to tensors of TensorFlow.js and back. */
import * as tf from "@tensorflow/tfjs-core";
import { dtypeNames, typedArrays, type NdArray } from "../../../contract/ndarray.ts";
import { InternalError } from "../../../source/internal-error.ts";

export type Arrays = Readonly<Record<string, NdArray>>;

/** A model with its weights, ready to run. */
export interface Engine {
  /** What computes: a backend of TensorFlow.js, or ONNX Runtime. */
  readonly on: string;
  /** The results by name. The guard has let the inputs in. */
  run(inputs: Arrays): Promise<Arrays>;
  /** Frees all that it holds. */
  dispose(): void;
}

/** A tensor of its own. */
export function toTensor({ dtype, shape, data }: NdArray): tf.Tensor {
  return tf.tensor(typedArrays[dtype].from(data), [...shape], dtypeNames[dtype]);
}

export async function toArray(tensor: tf.Tensor): Promise<NdArray> {
  const dtype = (["f32", "i32", "bool"] as const).find((name) => dtypeNames[name] === tensor.dtype);
  if (dtype === undefined) throw new InternalError(`a result has the dtype ${tensor.dtype}`);
  return { dtype, shape: tensor.shape, data: await tensor.data() };
}

/** Runs what takes and gives tensors, and frees them. */
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
