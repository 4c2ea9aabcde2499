/** @file What a convolution or a matrix product has absorbed of an activation, in the words of each target. Without one, nothing happens. */
import { unaryFormulas } from "../contract/prepare-functions.ts";
import { onnxUnary, unaryFunctions } from "./functions/unary.ts";
import type { OnnxEmitter, OnnxWire } from "./onnx/emitter.ts";
import type { Activation } from "./primitive.ts";
import type { TensorFlowEmitter, Wire } from "./tensorflow/emitter.ts";
import { apply } from "./tensorflow/nodes.ts";
import type { TensorFlowOperation } from "./tensorflow/operations.ts";

/** As a function. */
export function activate(activation: Activation | undefined): (x: number) => number {
  return activation === undefined ? (x) => x : unaryFormulas[activation];
}

/** tfjs's call. */
export function activationText(activation: Activation | undefined, x: string): string {
  return activation === undefined ? x : `tf.${activation}(${x})`;
}

/** TensorFlow's name, for the product that takes it along. */
export function activationOperation(activation: Activation | undefined): TensorFlowOperation | undefined {
  return activation && unaryFunctions[activation].tensorflow;
}

/** TensorFlow's node. */
export function activatedNode(e: TensorFlowEmitter, activation: Activation | undefined, x: Wire): Wire {
  return activation === undefined ? x : apply(e, unaryFunctions[activation].tensorflow, [x]);
}

/** ONNX's nodes. */
export function onnxActivated(e: OnnxEmitter, activation: Activation | undefined, x: OnnxWire): OnnxWire {
  return activation === undefined ? x : onnxUnary(e, activation, x, "f32");
}
