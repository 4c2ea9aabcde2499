/** @file The activation that a convolution or a matrix product has absorbed, if any, as written for each target. */
import { unaryFormulas } from "../contract/prepare-functions.ts";
import type { V128 } from "../wasm/code.ts";
import { named } from "../wasm/functions.ts";
import type { FunctionBody } from "../wasm/module.ts";
import { onnxUnary, unaryFunctions } from "./functions/unary.ts";
import type { OnnxEmitter, OnnxWire } from "./onnx/emitter.ts";
import type { Activation } from "./primitive.ts";
import type { TensorFlowEmitter, Wire } from "./tensorflow/emitter.ts";
import { apply } from "./tensorflow/nodes.ts";
import type { TensorFlowOperation } from "./tensorflow/operations.ts";

/** Returns the activation as a function; the identity if there is none. */
export function activate(activation: Activation | undefined): (x: number) => number {
  return activation === undefined ? (x) => x : unaryFormulas[activation];
}

/** Prints the tfjs call. */
export function activationText(activation: Activation | undefined, x: string): string {
  return activation === undefined ? x : `tf.${activation}(${x})`;
}

/** Returns TensorFlow's name, for a product that fuses the activation. */
export function activationOperation(activation: Activation | undefined): TensorFlowOperation | undefined {
  return activation && unaryFunctions[activation].tensorflow;
}

/** Adds the TensorFlow node. */
export function activatedNode(e: TensorFlowEmitter, activation: Activation | undefined, x: Wire): Wire {
  return activation === undefined ? x : apply(e, unaryFunctions[activation].tensorflow, [x]);
}

/** Adds the ONNX nodes. */
export function onnxActivated(e: OnnxEmitter, activation: Activation | undefined, x: OnnxWire): OnnxWire {
  return activation === undefined ? x : onnxUnary(e, activation, x, "f32");
}

/** Returns four elements in WebAssembly. */
export function wasmActivated(f: FunctionBody, activation: Activation | undefined, x: V128): V128 {
  return activation === undefined ? x : named(f, x, (x) => unaryFunctions[activation].wasm({ f }, x, "f32"));
}
