/** @file The parts of tfjs-node that the native engine uses: its backend and the binding underneath. */
import * as tf from "@tensorflow/tfjs-core";

export interface Binding {
  /** Creates a tensor that shares the array's memory if that begins on a 64-byte boundary, and copies it otherwise. */
  createTensor(shape: readonly number[], dtype: number, data: ArrayBufferView): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): ArrayLike<number>;
  executeOp(
    name: string,
    attributes: readonly { readonly name: string; readonly type: number; readonly value: number }[],
    inputs: readonly number[],
    results: number,
  ): readonly { readonly id: number }[];
  isUsingGpuDevice(): boolean;
  readonly TF_ATTR_TYPE: number;
}

/** A tensor as TensorFlow stores it. tfjs may use the same data with another shape. */
export interface Held {
  readonly shape: readonly number[];
  /** TensorFlow's number for the dtype. */
  readonly dtype: number;
}

export interface NativeBackend {
  readonly binding: Binding;
  /** Looks up a tensor, moving it to this backend if it is on another. */
  readonly tensorMap: { get(dataId: object): Held | undefined };
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
  loadSavedModelMetaGraph(folder: string, tags: string): number;
  runSavedModel(
    session: number,
    inputs: readonly tf.Tensor[],
    names: readonly { readonly name: string }[],
    results: readonly string[],
  ): tf.Tensor[];
  deleteSavedModel(session: number): void;
}

const calls = ["getInputTensorIds", "loadSavedModelMetaGraph", "runSavedModel", "deleteSavedModel"];
const bindingCalls = ["createTensor", "deleteTensor", "tensorDataSync", "executeOp", "isUsingGpuDevice"];

/** Returns the current backend if it is tfjs-node's and has all of these methods. */
export function nativeBackend(): NativeBackend | undefined {
  if (tf.getBackend() !== "tensorflow") return undefined;
  const backend: object = tf.backend();
  return isNative(backend) ? backend : undefined;
}

function isNative(backend: object): backend is NativeBackend {
  return (
    hasCalls(backend, calls) &&
    "binding" in backend &&
    hasCalls(backend.binding, bindingCalls) &&
    "tensorMap" in backend &&
    hasCalls(backend.tensorMap, ["get"])
  );
}

function hasCalls(of: unknown, names: readonly string[]): boolean {
  return names.every((name) => typeof (of as Readonly<Record<string, unknown>> | undefined)?.[name] === "function");
}
