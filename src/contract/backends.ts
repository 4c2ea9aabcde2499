/**
 * @file The backends of TensorFlow.js that Fuse knows, one record each. Types, options, help and test lists derive from it.
 * Importing this loads no backend.
 */

interface BackendRecord {
  /** For help: what it is. */
  readonly doc: string;
  /**
   * How Node gets it. A module can be built for every backend of this table, but Node can only start those with this field:
   * without it, a backend is for browsers, and `fuse run` does not offer it.
   */
  readonly node?: {
    /** As `npm install` takes it. */
    readonly package: string;
    /** What else helps where the package cannot be installed. */
    readonly otherwise?: string;
  };
  /** Whether it can run a whole model as one session of TensorFlow, so that a module for it gets an engine file. */
  readonly sessions?: true;
  /** The most bytes that it can address, where that may be less than what the machine has. */
  readonly addressable?: number;
  /** Whether reading a tensor always copies. Elsewhere it may give the array that the tensor was made of. */
  readonly readingCopies?: true;
}

/** The version of TensorFlow.js that Fuse depends on. All its packages must have the same one. */
const version = "4.22.0";

const records = {
  cpu: {
    doc: "plain JavaScript",
    node: { package: `@tensorflow/tfjs-backend-cpu@${version}` },
  },
  wasm: {
    doc: "WebAssembly",
    node: { package: `@tensorflow/tfjs-backend-wasm@${version}` },
    // What 32 bits can address. Beyond it, wasm would write to wrong places rather than fail.
    addressable: 2 ** 32,
    readingCopies: true,
  },
  tensorflow: {
    doc: "the native library of tfjs-node",
    node: { package: `@tensorflow/tfjs-node@${version}`, otherwise: "the wasm backend needs nothing else" },
    sessions: true,
  },
} as const satisfies Record<string, BackendRecord>;

/** A backend that a module can be built for. */
export type Backend = keyof typeof records;

/** A backend that Node can start. */
export type NodeBackend = { [B in Backend]: (typeof records)[B] extends { node: object } ? B : never }[Backend];

export const backends: Readonly<Record<Backend, BackendRecord>> = records;

export const backendNames = Object.keys(backends) as readonly Backend[];

export const nodeBackendNames = backendNames.filter((name): name is NodeBackend => backends[name].node !== undefined);

/** What Node tries if no backend is chosen: the fastest first. The cpu backend only runs if somebody asks for it. */
export const automatic: readonly NodeBackend[] = ["tensorflow", "wasm"];

/** The record of a backend by the name that TensorFlow.js has for it; undefined if Fuse does not know it. */
export function backendOf(name: string): BackendRecord | undefined {
  return backendNames.includes(name as Backend) ? backends[name as Backend] : undefined;
}
