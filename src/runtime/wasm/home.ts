/** @file Where WebAssembly computes: its memory, and how tensors of TensorFlow.js get in and out of it. */
import * as tf from "@tensorflow/tfjs-core";
import { backendOf } from "../../contract/backends.ts";
import { dtypeNames, elements, type DType } from "../../contract/ndarray.ts";
import type { Sized } from "../../primitives/wasm/emitter.ts";

/** Part of a memory. */
export interface Block {
  /** Its address, a multiple of 64. */
  readonly at: number;
  /** What `free` needs to know. */
  readonly allocated: number;
}

export interface Home {
  readonly memory: WebAssembly.Memory;
  /** Whether the current backend is the one whose tensors it takes and gives. */
  isActive(): boolean;
  /** @throws RangeError if there is no more memory */
  take(bytes: number): Block;
  free(block: Block): void;
  /** Whether inputs of this dtype need room, 4 bytes for each element, because they are not in the memory as code reads them. */
  needsRoom(dtype: DType): boolean;
  /** Returns the address of an input: its own, or that of the room, to which it is copied. */
  enter(tensor: tf.Tensor, room: Block | undefined): number;
  /** Returns a tensor with the elements at an address, 4 bytes each. */
  leave(address: number, result: Sized): tf.Tensor;
}

/** Returns where to compute on tensors of the current backend; undefined if that is impossible. */
export function currentHome(): Home | undefined {
  const backend = wasmBackend();
  if (backend !== undefined) return new BackendMemory(backend);
  const hasOther = backendOf(tf.getBackend())?.compiled === true && !("wasm" in tf.backend());
  return hasOther ? new OwnMemory({ shared: false }) : undefined;
}

/** Returns the current backend if its memory can be used. */
function wasmBackend(): WasmBackend | undefined {
  if (backendOf(tf.getBackend())?.compiled !== true) return undefined;
  const backend: object = tf.backend();
  return "wasm" in backend && memoryOf(backend as WasmBackend) !== undefined ? (backend as WasmBackend) : undefined;
}

const memoryOf = ({ wasm }: WasmBackend): WebAssembly.Memory | undefined => wasm.asm?.memory ?? wasm.wasmMemory;

/** The part of the wasm backend of TensorFlow.js that is used here. */
interface WasmBackend {
  readonly wasm: {
    readonly asm?: { readonly memory?: WebAssembly.Memory };
    /** With threads, which TensorFlow.js has in isolated pages, the memory is imported and not among the exports. */
    readonly wasmMemory?: WebAssembly.Memory;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: {
    get(dataId: object): { readonly memoryOffset: number; readonly dtype: string };
  };
  makeOutput(shape: readonly number[], dtype: string): tf.TensorInfo;
}

const alignment = 64;
const noMemory = (bytes: number): RangeError => new RangeError(`out of memory: there is none for ${bytes} more bytes`);

/** The memory of the wasm backend, in which its tensors are. */
class BackendMemory implements Home {
  readonly #backend: WasmBackend;

  constructor(backend: WasmBackend) {
    this.#backend = backend;
  }

  get memory(): WebAssembly.Memory {
    return memoryOf(this.#backend)!;
  }

  isActive(): boolean {
    return (tf.backend() as object) === this.#backend;
  }

  take(bytes: number): Block {
    const allocated = this.#backend.wasm._malloc(bytes + 2 * alignment) >>> 0;
    if (allocated === 0) throw noMemory(bytes);
    return { allocated, at: Math.ceil(allocated / alignment) * alignment };
  }

  free({ allocated }: Block): void {
    this.#backend.wasm._free(allocated);
  }

  /** Bools have one byte here. */
  needsRoom(dtype: DType): boolean {
    return dtype === "bool";
  }

  enter({ dataId, size }: tf.Tensor, room: Block | undefined): number {
    const { memoryOffset } = this.#backend.dataIdMap.get(dataId);
    if (room === undefined) return memoryOffset;
    const { buffer } = this.memory;
    new Int32Array(buffer, room.at, size).set(new Uint8Array(buffer, memoryOffset, size));
    return room.at;
  }

  leave(address: number, result: Sized): tf.Tensor {
    // After the tensor has been made, the memory may be another buffer.
    const stored = (): Int32Array => new Int32Array(this.memory.buffer, address, elements(result.shape));
    return backendTensor(this.#backend, stored, result);
  }
}

/** The most memory that 32 bits address, in pages of 64 KiB. */
const mostPages = 65536;
const page = 65536;

/** A memory of its own. Tensors are copied in and out, which is fast where their data is in this process and needs no waiting. */
export class OwnMemory implements Home {
  readonly memory: WebAssembly.Memory;
  readonly #backend: object = tf.backend();
  /** In the order of addresses. `allocated` is the number of bytes. */
  readonly #blocks: Block[] = [{ at: 0, allocated: alignment }];

  /** @throws RangeError if there is no such memory */
  constructor({ shared }: { readonly shared: boolean }) {
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: mostPages, shared });
  }

  isActive(): boolean {
    return tf.backend() === this.#backend;
  }

  take(bytes: number): Block {
    const allocated = Math.ceil((bytes + alignment) / alignment) * alignment;
    const ends = this.#blocks.map((block) => block.at + block.allocated);
    const found = ends.findIndex((end, i) => end + allocated <= (this.#blocks[i + 1]?.at ?? Infinity));
    const at = ends[found]!;
    this.#growTo(at + allocated);
    const block = { at, allocated };
    this.#blocks.splice(found + 1, 0, block);
    return block;
  }

  #growTo(bytes: number): void {
    const missing = Math.ceil((bytes - this.memory.buffer.byteLength) / page);
    if (missing <= 0) return;
    try {
      this.memory.grow(missing);
    } catch {
      throw noMemory(bytes);
    }
  }

  free(block: Block): void {
    this.#blocks.splice(this.#blocks.indexOf(block), 1);
  }

  needsRoom(): boolean {
    return true;
  }

  enter(tensor: tf.Tensor, room: Block): number {
    const { buffer } = this.memory;
    const backend = wasmBackend();
    if (backend === undefined) {
      const stored = tensor.dtype === "float32" ? Float32Array : Int32Array;
      new stored(buffer, room.at, tensor.size).set(tensor.dataSync());
    } else {
      const { memoryOffset } = backend.dataIdMap.get(tensor.dataId);
      const stored = tensor.dtype === "bool" ? Uint8Array : Int32Array;
      const data = new stored(memoryOf(backend)!.buffer, memoryOffset, tensor.size);
      new Int32Array(buffer, room.at, tensor.size).set(data);
    }
    return room.at;
  }

  leave(address: number, result: Sized): tf.Tensor {
    const { buffer } = this.memory;
    const { shape, dtype } = result;
    const count = elements(shape);
    const backend = wasmBackend();
    if (backend !== undefined) return backendTensor(backend, () => new Int32Array(buffer, address, count), result);
    const stored = dtype === "f32" ? Float32Array : Int32Array;
    const data = new (dtype === "bool" ? Uint8Array : stored)(new stored(buffer, address, count));
    return tf.tensor(data, [...shape], dtypeNames[dtype]);
  }
}

/** Returns a tensor of the wasm backend with these elements. */
function backendTensor(backend: WasmBackend, elementsOf: () => Int32Array, { shape, dtype }: Sized): tf.Tensor {
  const result = backend.makeOutput(shape, dtypeNames[dtype]);
  const { memoryOffset } = backend.dataIdMap.get(result.dataId);
  const target = dtype === "bool" ? Uint8Array : Int32Array;
  const stored = elementsOf();
  new target(memoryOf(backend)!.buffer, memoryOffset, stored.length).set(stored);
  return tf.engine().makeTensorFromTensorInfo(result);
}
