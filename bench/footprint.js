/** @file What a call asks of a backend: how many kernels, and how many bytes at once. */
import * as tf from "@tensorflow/tfjs-core";

/** Kernels that give the same memory another shape: no backend does any work for them, however large the tensor is. */
export const views = ["Reshape", "ExpandDims", "Identity"];

/** tfjs counts the gradient function around a fused call as a kernel too, under the name of the call. */
const isWork = (name) => !views.includes(name) && !name.endsWith("__op");

/** Kernels that are called, views left out, and bytes that are live at most, beyond those before the call. */
export async function footprint(call) {
  const before = tf.memory().numBytes;
  const { kernels, peakBytes } = await tf.profile(call);
  return {
    kernels: kernels.map(({ name }) => name).filter(isWork),
    bytes: peakBytes - before,
  };
}
