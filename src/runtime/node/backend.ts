/** @file Selects the backend in Node: tfjs-node if it loads, otherwise WebAssembly; plain JavaScript on request. */
import * as tf from "@tensorflow/tfjs-core";
import util from "node:util";
import { automatic, backends, type NodeBackend } from "../../contract/backends.ts";
import { DataError } from "../../weights/data-error.ts";

export type BackendChoice = "auto" | NodeBackend;

/**
 * Selects a backend and returns which one it is. Packages are loaded on demand, and all use the same copy of tfjs-core.
 * @throws DataError in one line, if the chosen backend is unavailable
 */
export async function selectBackend(choice: BackendChoice): Promise<NodeBackend> {
  let failure: unknown;
  for (const name of choice === "auto" ? automatic : [choice]) {
    try {
      await start(name);
      return name;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      failure = error;
    }
  }
  throw failure;
}

async function start(name: NodeBackend): Promise<void> {
  // A program in JavaScript may ask for any.
  if (!Object.hasOwn(packages, name)) {
    const names = Object.keys(packages).join(", ");
    throw new DataError(
      `there is no backend ${String(name)} for Node, only ${names}; register others, then tf.setBackend`,
    );
  }
  try {
    await packages[name]();
  } catch (error) {
    const [line = ""] = String(error instanceof Error ? error.message : error).split("\n");
    const reason = line.replace(/[.\s]+$/, "");
    throw new DataError(`the backend ${name} cannot be loaded: ${reason}. ${advice(name)}`);
  }
  if (!(await tf.setBackend(name))) throw new DataError(`the backend ${name} does not start. ${advice(name)}`);
  await tf.ready();
}

/** Loads the package of each backend. The names are literals so that bundlers find them. */
const packages = {
  cpu: async () => {
    await import("@tensorflow/tfjs-backend-cpu");
    // Otherwise it prints an advertisement for tfjs-node on first use.
    Object.assign(tf.findBackend("cpu") ?? {}, { firstUse: false });
  },
  wasm: () => import("@tensorflow/tfjs-backend-wasm"),
  tensorflow: () => {
    prepareProcess();
    return import("@tensorflow/tfjs-node");
  },
} as const satisfies Record<NodeBackend, () => Promise<unknown>>;

function advice(name: NodeBackend): string {
  const { package: needed = "", otherwise } = backends[name].node ?? {};
  return `To install it: npm install ${needed}${otherwise === undefined ? "" : `; ${otherwise}`}`;
}

/** Sets what TensorFlow and tfjs-node read when they are loaded. */
function prepareProcess(): void {
  const { env } = process;
  // Suppresses start-up lines, and the graph optimizer's when it leaves a graph unchanged. Errors are thrown as well.
  env["TF_CPP_MIN_LOG_LEVEL"] ??= "3";
  // Twice as fast. By default, TensorFlow enables it on some processors only.
  env["TF_ENABLE_ONEDNN_OPTS"] ??= "1";
  // tfjs-node calls them for every operation. Node 23 removed them; Node 22 warns (tensorflow/tfjs issue 8609).
  Object.assign(util, { isNullOrUndefined: (value: unknown) => value == null, isArray: Array.isArray });
}

/** Lets backends compute with one thread, for the whole process, from when they are loaded. */
export async function useOneThread(): Promise<void> {
  const { env } = process;
  env["TF_NUM_INTRAOP_THREADS"] = "1";
  env["TF_NUM_INTEROP_THREADS"] = "1";
  const wasm = await packages.wasm();
  wasm.setThreadsCount(1);
}

/**
 * Lets TensorFlow multiply in bfloat16, for the whole process, from when tfjs-node is loaded.
 * @throws DataError if tfjs-node is already loaded
 */
export function allowBf16(): void {
  const variable = "ONEDNN_DEFAULT_FPMATH_MODE";
  if (process.env[variable] === "BF16") return;
  if ("tensorflow" in tf.engine().registryFactory)
    throw new DataError(
      `allowBf16 was set too late: tfjs-node reads ${variable} when it is loaded. ` +
        `Start the process with ${variable}=BF16, or load this model before anything else loads tfjs-node`,
    );
  process.env[variable] = "BF16";
}
