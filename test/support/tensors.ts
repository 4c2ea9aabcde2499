/** @file Arrays as tensors of TensorFlow.js, and back. */
import * as tf from "@tensorflow/tfjs-core";
import { dtypeNames, elements, typedArrays, type DType, type NdArray } from "../../src/contract/ndarray.ts";

/** The array as a tensor of the backend in use. */
export function upload({ dtype, shape, data }: NdArray): tf.Tensor {
  return tf.tensor(typedArrays[dtype].from(data), [...shape], dtypeNames[dtype]);
}

/** The tensor's elements. */
export function download(tensor: tf.Tensor): NdArray {
  const dtype = (Object.keys(dtypeNames) as DType[]).find((key) => dtypeNames[key] === tensor.dtype);
  const data = tensor.dataSync();
  if (dtype === undefined || data.length !== elements(tensor.shape))
    throw new Error(`not a sound tensor: ${tensor.dtype}[${tensor.shape.join(", ")}] of ${data.length} elements`);
  return { dtype, shape: tensor.shape, data };
}
