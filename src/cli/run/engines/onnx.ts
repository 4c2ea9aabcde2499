/** @file Runs an ONNX model in ONNX Runtime. */
import type { OnnxModel } from "../../../codegen/onnx/read.ts";
import { runOnnx } from "../../../node/onnx-engine.ts";
import type { Engine } from "./engine.ts";

/** Creates the engine of a file that `readOnnx` has validated. */
export function onnxEngine({ info, bytes }: OnnxModel): Engine {
  const names = info.results.map(({ name }) => name);
  return { on: "ONNX Runtime", run: (inputs) => runOnnx(bytes, inputs, names), dispose: () => undefined };
}
