/** @file The model that `fuse run` works on: from a program, or from built files. */
import type { ResultInfo } from "../../codegen/model-info.ts";
import type { Guard } from "../../contract/guard.ts";
import { selectBackend, type BackendChoice, type NodeBackend } from "../../runtime/node/index.ts";
import { allowRelaxedSimd } from "../../node/relaxed-simd.ts";
import { DataError } from "../../weights/data-error.ts";
import { fail } from "../terminal/failure.ts";
import type { Arrays, Engine } from "./engines/engine.ts";
import type { Kernel } from "./engines/esm.ts";
import { engines, type RunAs } from "./engines/table.ts";
import { timed, type Timing } from "./timing.ts";

export type Sizes = Readonly<Record<string, number>>;

export interface Runnable {
  readonly name: string;
  readonly guard: Guard;
  readonly results: readonly ResultInfo[];
  /** The files that the model comes from, which no result may replace. */
  readonly sources: readonly string[];
  /** Returns the shape of a result at the sizes that the guard found; undefined if only a run can tell. */
  shapeOf(result: string, sizes: Sizes): readonly number[] | undefined;
  /** Runs as often as the options say. Ends the command if the engine is unavailable or memory runs out. */
  execute(inputs: Arrays, sizes: Sizes): Promise<Execution>;
}

export interface Execution {
  readonly engine: RunAs;
  /** Why the module ran by calls, if it did. */
  readonly whyCalls?: string | undefined;
  /** A TensorFlow.js backend, or ONNX Runtime. */
  readonly on: string;
  /** The time of each run from the inputs to the values of the results, without loading. */
  readonly timings: readonly Timing[];
  readonly results: Arrays;
  /** Empty by default; filled if the options request it. */
  readonly kernels: readonly Kernel[];
}

/** Runs an engine and frees it: once, or `repeat` times after a run that warms up. */
export async function runEngine(
  name: RunAs,
  engine: Engine,
  inputs: Arrays,
  repeat: number | undefined,
): Promise<Execution> {
  try {
    if (repeat !== undefined) await engine.run(inputs);
    let results: Arrays = {};
    const timings: Timing[] = [];
    for (let i = 0; i < (repeat ?? 1); i++) {
      const { value, timing } = await timed(() => engine.run(inputs));
      results = value;
      timings.push(timing);
    }
    const { engine: ran, whyCalls } = engine.ranAs?.() ?? { engine: name };
    return { engine: ran, whyCalls, on: engine.on, timings, results, kernels: [] };
  } finally {
    engine.dispose();
  }
}

/** Selects a backend. Ends the command if it is unavailable. */
export async function startBackend(choice: BackendChoice): Promise<NodeBackend> {
  allowRelaxedSimd();
  try {
    return await selectBackend(choice);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const reason = error.message.replace(/^the backend \w+ /, "it ");
    return fail("backend-unavailable", { backend: choice, reason });
  }
}

/** Selects the backend of an engine, if it needs one. Ends the command if the two do not go together. */
export async function backendOf(engine: RunAs, choice: BackendChoice): Promise<NodeBackend | undefined> {
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

/** Whether this process, TensorFlow, or WebAssembly (which aborts) ran out of memory. */
export function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error &&
    /allocation failed|out of memory|\bOOM\b|bad_alloc|array length|enlarge memory|memory access out of bounds/i.test(
      error.message,
    )
  );
}
