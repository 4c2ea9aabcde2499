/** @file The target `onnx`: an ONNX file for each model. */
import type { Target } from "../target.ts";
import { emitOnnx } from "./emit.ts";
import { onnxProfile } from "./profile.ts";
import { isOnnxOfFuse, readOnnx, type OnnxModel } from "./read.ts";

export const onnx = {
  doc: "ONNX models",
  profile: onnxProfile,
  holdsWeights: true,
  emit: emitOnnx,
  isOurs: (_, start) => isOnnxOfFuse(start),
  reader: {
    suffix: ".onnx",
    read: async (part) => [readOnnx((await part("")) ?? new Uint8Array())],
  },
} as const satisfies Target<OnnxModel>;
