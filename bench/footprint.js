/** @file Measures what a call costs on a backend: the number of kernels and the peak memory. */
import * as tf from "@tensorflow/tfjs-core";

/** Kernels that only reshape memory. No backend does any work for them, however large the tensor. */
export const views = ["Reshape", "ExpandDims", "Identity"];

/** tfjs also counts the gradient function around a fused call as a kernel, named after the call. */
const isWork = (name) => !views.includes(name) && !name.endsWith("__op");

/** Returns the kernels called, except views, and the peak memory beyond what was live before the call. */
export async function footprint(call) {
  const before = tf.memory().numBytes;
  const { kernels, peakBytes } = await tf.profile(call);
  return {
    kernels: kernels.map(({ name }) => name).filter(isWork),
    bytes: peakBytes - before,
  };
}
