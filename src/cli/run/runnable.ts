/** @file What `fuse run` works on: a model of a program, or one that was built before. */
import type { ResultInfo } from "../../codegen/model-info.ts";
import type { EngineName } from "../../codegen/targets.ts";
import type { Guard } from "../../contract/guard.ts";
import { selectBackend, type BackendChoice, type NodeBackend } from "../../runtime/node/index.ts";
import { DataError } from "../../weights/data-error.ts";
import { fail } from "../terminal/failure.ts";
import type { Arrays, Engine } from "./engines/engine.ts";
import type { Kernel } from "./engines/esm.ts";
import { engines } from "./engines/table.ts";

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
export async function startBackend(choice: BackendChoice): Promise<NodeBackend> {
  try {
    return await selectBackend(choice);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const reason = error.message.replace(/^the backend \w+ /, "it ");
    return fail("backend-unavailable", { backend: choice, reason });
  }
}

/** Makes the backend of an engine the one that computes, if it needs one; ends the command if both do not go together. */
export async function backendOf(engine: EngineName, choice: BackendChoice): Promise<NodeBackend | undefined> {
  const { backend } = engines[engine];
  if (backend === "any") return startBackend(choice);
  if (backend !== "none" && (choice === "auto" || choice === backend)) return startBackend(backend);
  if (choice === "auto") return undefined;
  const reason =
    backend === "none"
      ? `it has no backends, so \`--backend ${choice}\` must be omitted`
      : `it needs the backend ${backend}, not ${choice}`;
  return fail("engine-unavailable", { engine, reason });
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
