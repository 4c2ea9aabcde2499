/** @file The TensorFlow.js backends that tests compare, in one process and on one copy of tfjs-core. */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { nodeBackendNames, type NodeBackend } from "../../src/contract/backends.ts";

// Checks every kernel for leaks, and suppresses advice to users.
tf.env().set("IS_TEST", true);
// The runtime sets both before it loads the native library, which reads them then. The level hides messages of the
// graph optimizer (grappler) when it abandons a rewrite, which is not an error of ours: with oneDNN, TensorFlow 2.9 to
// 2.15 cannot fuse the shortcuts of the chained residual blocks of `Portrait` in examples/emotion ("remapper failed ...
// missing node 'features/block2/add/AddV2'"). It then runs the graph as we wrote it. Errors that matter are thrown as
// well.
process.env["TF_CPP_MIN_LOG_LEVEL"] ??= "3";
process.env["TF_ENABLE_ONEDNN_OPTS"] ??= "1";

/** Why the native backend is missing; undefined if it is available. */
const absence: string | undefined = await import("@tensorflow/tfjs-node").then(
  () => undefined,
  (error: unknown) => (error instanceof Error ? error.message : String(error)),
);

export interface TestedBackend {
  readonly name: NodeBackend;
  /** Missing and not required (FUSE_NATIVE=require requires it): its tests are reported as skipped. */
  readonly skipped: boolean;
}

export function backends(): readonly TestedBackend[] {
  const skipped = absence !== undefined && process.env["FUSE_NATIVE"] !== "require";
  return nodeBackendNames.map((name) => ({ name, skipped: name === "tensorflow" && skipped }));
}

/** Selects a backend; throws if that fails. */
export async function useBackend(name: NodeBackend): Promise<void> {
  if (name === "tensorflow" && absence !== undefined) throw new Error(`the native backend is missing: ${absence}`);
  if (!(await tf.setBackend(name))) throw new Error(`the backend ${name} does not start`);
}
