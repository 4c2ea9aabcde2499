/**
 * @file The backends of TensorFlow.js that Fuse supports, one record each. Types, options, help and test lists derive from
 * them. Importing this file loads no backend.
 */

interface BackendRecord {
  /** Description for the help. */
  readonly doc: string;
  /**
   * How Node gets the backend. A module can be built for every backend in this table, but Node can only start those with
   * this field. A backend without it is for browsers, and `fuse run` does not offer it.
   */
  readonly node?: {
    /** The package to `npm install`. */
    readonly package: string;
    /** The alternative if the package cannot be installed. */
    readonly otherwise?: string;
  };
  /** Whether it can run a whole model as one TensorFlow session. A module built for it then gets an engine file. */
  readonly sessions?: true;
  /** Whether our own WebAssembly can run on its tensors. A module built for it then gets a plan file. */
  readonly compiled?: true;
  /** The most bytes that it can address, if that may be less than the machine has. */
  readonly addressable?: number;
  /** Whether reading a tensor always copies. If not, it may return the array that the tensor was made from. */
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
    // 32 bits address this much. Beyond it, wasm writes to wrong places instead of failing.
    addressable: 2 ** 32,
    compiled: true,
    readingCopies: true,
  },
  tensorflow: {
    doc: "the native library of tfjs-node",
    node: { package: `@tensorflow/tfjs-node@${version}`, otherwise: "the wasm backend needs nothing else" },
    sessions: true,
    compiled: true,
  },
  webgl: { doc: "graphics cards, in browsers that have WebGL" },
  webgpu: { doc: "graphics cards, in browsers that have WebGPU" },
} as const satisfies Record<string, BackendRecord>;

/** A backend that a module can be built for. */
export type Backend = keyof typeof records;

/** A backend that Node can start. */
export type NodeBackend = { [B in Backend]: (typeof records)[B] extends { node: object } ? B : never }[Backend];

export const backends: Readonly<Record<Backend, BackendRecord>> = records;

export const backendNames = Object.keys(backends) as readonly Backend[];

export const nodeBackendNames = backendNames.filter((name): name is NodeBackend => backends[name].node !== undefined);

/** The backends that Node tries by default, fastest first. The cpu backend only runs if the user chooses it. */
export const automatic: readonly NodeBackend[] = ["tensorflow", "wasm"];

/** Returns the record of a backend by its TensorFlow.js name; undefined if Fuse does not support it. */
export function backendOf(name: string): BackendRecord | undefined {
  return backendNames.includes(name as Backend) ? backends[name as Backend] : undefined;
}
