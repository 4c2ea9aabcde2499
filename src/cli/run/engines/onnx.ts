/** @file Runs an ONNX model in ONNX Runtime. */
import type { OnnxModel } from "../../../codegen/onnx/read.ts";
import { openOnnx } from "../../../node/onnx-engine.ts";
import type { Engine } from "./engine.ts";

/** Creates the engine of a file that `readOnnx` has validated. @throws DataError if ONNX Runtime refuses it */
export async function onnxEngine({ info, bytes }: OnnxModel, threads?: number): Promise<Engine> {
  const names = info.results.map(({ name }) => name);
  const session = await openOnnx(bytes, names, threads);
  return { on: "ONNX Runtime", run: (inputs) => session.run(inputs), dispose: () => void session.release() };
}
