/** @file Runs ONNX models in ONNX Runtime, an optional package that is loaded on first use. */
import type * as Runtime from "onnxruntime-node";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { dtypeNames, typedArrays, type DType, type NdArray } from "../contract/ndarray.ts";
import { DataError } from "../weights/data-error.ts";
import { firstLine } from "./first-line.ts";

/** A model in ONNX Runtime. */
export interface OnnxSession {
  /**
   * Returns the results by name. The caller must have validated the shapes of the inputs (the guard). Other errors are
   * reported in the words of ONNX Runtime.
   * @throws DataError in one line
   */
  run(inputs: Readonly<Record<string, NdArray>>): Promise<Record<string, NdArray>>;
  release(): Promise<void>;
}

/**
 * Loads a model. `resultNames` are the names of the file's outputs, in order. By default, the runtime
 * decides how many threads it uses. The caller must have validated the file
 * (`codegen/onnx/read.ts`). Other errors are reported in the words of ONNX Runtime.
 * @throws DataError in one line
 */
export async function openOnnx(
  bytes: Uint8Array,
  resultNames: readonly string[],
  threads?: number,
): Promise<OnnxSession> {
  const runtime = await loadRuntime();
  const session = await saying("ONNX Runtime cannot load the model", () =>
    // Errors are thrown, so nothing need be printed.
    runtime.InferenceSession.create(bytes, {
      logSeverityLevel: 4,
      ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    }),
  );
  if (session.outputNames.length !== resultNames.length) {
    await session.release();
    throw new DataError(`the model has ${session.outputNames.length} outputs instead of ${resultNames.length}`);
  }
  return {
    run: async (inputs) => {
      const feeds = Object.entries(inputs).map(([name, array]) => [name, tensorOf(runtime, array)] as const);
      const results = await saying("ONNX Runtime cannot run the model", () => session.run(Object.fromEntries(feeds)));
      return Object.fromEntries(resultNames.map((name, i) => [name, arrayOf(results, session.outputNames[i]!)]));
    },
    release: () => session.release(),
  };
}

async function loadRuntime(): Promise<typeof Runtime> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    const reason = missing ? "is not installed" : `cannot be loaded: ${firstLine(error)}`;
    throw new DataError(`ONNX Runtime ${reason}. To install it: npm install onnxruntime-node`);
  }
}

async function saying<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new DataError(`${what}: ${firstLine(error)}`);
  }
}

function tensorOf({ Tensor }: typeof Runtime, { dtype, shape, data }: NdArray): Tensor {
  const stored = typedArrays[dtype];
  return new Tensor(dtypeNames[dtype], data instanceof stored ? data : stored.from(data), shape);
}

function arrayOf(results: InferenceSession.OnnxValueMapType, name: string): NdArray {
  const result = results[name];
  const dtype = (Object.keys(dtypeNames) as DType[]).find((key) => dtypeNames[key] === result?.type);
  if (result === undefined || dtype === undefined)
    throw new DataError("the model has a result that Fuse does not know");
  return { dtype, shape: result.dims, data: result.data as Float32Array | Int32Array | Uint8Array };
}
