/** @file What `fuse run` works on: a model of a program, or one that was built before. */
import type { ResultInfo } from "../../codegen/model-info.ts";
import type { Guard } from "../../contract/guard.ts";
import { selectBackend, type BackendChoice, type BackendName } from "../../runtime/node/index.ts";
import { DataError } from "../../weights/data-error.ts";
import { fail } from "../terminal/failure.ts";
import type { Arrays, Engine, EngineName } from "./engines/engine.ts";
import type { Kernel } from "./engines/esm.ts";

export type Sizes = Readonly<Record<string, number>>;

export interface Runnable {
  readonly name: string;
  readonly guard: Guard;
  readonly results: readonly ResultInfo[];
  /** The files that it is made of, which no result may replace. */
  readonly sources: readonly string[];
  /** The shape of a result at the sizes that the guard has found; undefined if only a run tells. */
  shapeOf(result: string, sizes: Sizes): readonly number[] | undefined;
  /** Runs once. Ends the command if the engine cannot be had or the memory does not suffice. */
  execute(inputs: Arrays, sizes: Sizes): Promise<Execution>;
}

export interface Execution {
  readonly engine: EngineName;
  /** A backend of TensorFlow.js, or ONNX Runtime. */
  readonly on: string;
  /** From the inputs to the values of the results; loading is not part of it. */
  readonly milliseconds: number;
  readonly results: Arrays;
  /** Empty unless they were asked for. */
  readonly kernels: readonly Kernel[];
}

/** Runs an engine once and frees it. */
export async function runOnce(name: EngineName, engine: Engine, inputs: Arrays): Promise<Execution> {
  try {
    const begin = performance.now();
    const results = await engine.run(inputs);
    return { engine: name, on: engine.on, milliseconds: performance.now() - begin, results, kernels: [] };
  } finally {
    engine.dispose();
  }
}

/** Makes a backend the one that computes; ends the command if it cannot be had. */
export async function startBackend(choice: BackendChoice): Promise<BackendName> {
  try {
    return await selectBackend(choice);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const reason = error.message.replace(/^the backend \w+ /, "it ");
    return fail("backend-unavailable", { backend: choice, reason });
  }
}

/** Makes the backend of an engine the one that computes, if it needs one; ends the command if both do not go together. */
export async function backendOf(engine: EngineName, choice: BackendChoice): Promise<BackendName | undefined> {
  if (engine === "onnx") {
    if (choice !== "auto")
      fail("engine-unavailable", { engine, reason: `it has no backends, and \`--backend ${choice}\` asks for one` });
    return undefined;
  }
  if (engine !== "saved-model") return startBackend(choice);
  if (choice !== "auto" && choice !== "tensorflow")
    fail("engine-unavailable", { engine, reason: `it needs the backend tensorflow, not ${choice}` });
  return startBackend("tensorflow");
}

/** Of this process, of TensorFlow, or of WebAssembly, which aborts. */
export function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error &&
    /allocation failed|out of memory|\bOOM\b|bad_alloc|array length|enlarge memory|memory access out of bounds/i.test(
      error.message,
    )
  );
}
