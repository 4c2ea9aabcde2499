/** @file Our own WebAssembly as an engine of TensorFlow.js: it works in the memory of the wasm backend, on its tensors. */
import * as tf from "@tensorflow/tfjs-core";
import { emitWasm, type Packed, type ResultAt, type WasmCode } from "../../codegen/wasm/emit.ts";
import type { SizedPlan } from "../../codegen/wasm/sized-plan.ts";
import { backendOf } from "../../contract/backends.ts";
import type { ModelDefinition, Tensors } from "../../contract/definition.ts";
import { dtypeNames, elements, type DType, type NdArray } from "../../contract/ndarray.ts";
import { packed } from "../../contract/packing.ts";
import { evaluate } from "../../contract/prepare-evaluate.ts";
import { parseSteps } from "../../contract/prepare.ts";
import type { PlanData } from "../../contract/plan-data.ts";
import { DataError, inPlace, quote } from "../../weights/data-error.ts";
import type { LoadWeight } from "../load-weights.ts";
import type { Engine } from "../model.ts";
import type { Read } from "../weight-source.ts";
import { hasRelaxedSimd } from "./features.ts";
import { instantiate, type WasmExports } from "./instance.ts";
import { planOf, readPlan } from "./plan-file.ts";

/** The part of the wasm backend of TensorFlow.js that the engine uses. */
interface WasmBackend {
  readonly wasm: {
    readonly asm?: { readonly memory?: WebAssembly.Memory };
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: {
    get(dataId: object): { readonly memoryOffset: number; readonly dtype: string };
  };
  makeOutput(shape: readonly number[], dtype: string): tf.TensorInfo;
}

/** The maximum size of a plan file in bytes. */
const maxFile = 64e6;

/** The most sizes for which machine code is kept. */
const mostSizes = 4;

/**
 * Creates the engine of a model; undefined if the current backend is not wasm, or the module has no plan of the model.
 * @throws DataError if the plan file is damaged or belongs to another module
 */
export async function wasmEngine(
  definition: ModelDefinition,
  load: LoadWeight,
  read: Read,
): Promise<Engine | undefined> {
  const backend = wasmBackend();
  const { name, plan: place } = definition;
  if (backend === undefined || place === undefined) return undefined;
  const where = place instanceof URL ? quote(String(place)) : `the plan of ${name}`;
  const file = place instanceof URL ? await readIfThere(place, name, read) : place;
  if (file === undefined) return undefined;
  if (file.length > maxFile)
    throw new DataError(`${where} has ${file.length} bytes, too many for a plan without weights`);
  const data = inPlace(where, () => readPlan(file, definition));
  return data === undefined ? undefined : new WasmEngine(backend, definition, data, load);
}

/** A module may be used without the files next to it. */
async function readIfThere(place: URL, model: string, read: Read): Promise<Uint8Array | undefined> {
  try {
    return await read(place);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.warn(`${model} runs as separate calls of TensorFlow.js: ${reason}`);
    return undefined;
  }
}

/** Returns the current backend if its memory can be used. */
function wasmBackend(): WasmBackend | undefined {
  if (backendOf(tf.getBackend())?.compiled !== true) return undefined;
  const backend = tf.backend() as unknown as WasmBackend;
  return backend.wasm.asm?.memory === undefined ? undefined : backend;
}

/** Machine code for certain sizes, with its memory. */
interface Instance {
  readonly plan: SizedPlan;
  readonly code: WasmCode;
  readonly functions: WasmExports;
  readonly arena: Block;
  /** Where bools are widened to 4 bytes, for each input that needs it. */
  readonly widened: readonly (Block | undefined)[];
}

/** Memory of the backend. */
interface Block {
  /** A multiple of 64. */
  readonly at: number;
  /** What `_free` takes. */
  readonly allocated: number;
}

class WasmEngine implements Engine {
  readonly name = "wasm";
  readonly #backend: WasmBackend;
  readonly #definition: ModelDefinition;
  readonly #data: PlanData;
  readonly #load: LoadWeight;
  readonly #weights = new Map<string, Block>();
  /** By sizes, the last used one at the end. */
  readonly #instances = new Map<string, Instance>();

  constructor(backend: WasmBackend, definition: ModelDefinition, data: PlanData, load: LoadWeight) {
    this.#backend = backend;
    this.#definition = definition;
    this.#data = data;
    this.#load = load;
  }

  isActive(): boolean {
    return wasmBackend() === this.#backend;
  }

  run(inputs: Tensors, sizes: Readonly<Record<string, number>>): Tensors | undefined {
    const instance = this.#instanceAt(sizes);
    if (instance === undefined) return undefined;
    const { plan, code, functions, arena, widened } = instance;
    const { dataIdMap } = this.#backend;
    this.#definition.guard.inputs.forEach(({ name }, i) => {
      const held = dataIdMap.get(inputs[name]!.dataId);
      const wide = widened[i];
      if (wide !== undefined) this.#widen(held.memoryOffset, wide.at, elements(plan.inputs[i]!.shape));
      this.#ints[(arena.at + code.control) / 4 + i] = wide?.at ?? held.memoryOffset;
    });
    functions.run();
    return Object.fromEntries(
      this.#data.results.map(({ name }, i) => {
        const { shape, dtype } = plan.results[i]!;
        const result = this.#backend.makeOutput([...shape], dtypeNames[dtype]);
        const { memoryOffset } = dataIdMap.get(result.dataId);
        this.#copy(this.#addressOf(code.results[i]!, code, arena), memoryOffset, elements(shape), dtype);
        return [name, tf.engine().makeTensorFromTensorInfo(result)];
      }),
    );
  }

  dispose(): void {
    for (const instance of this.#instances.values()) this.#discard(instance);
    for (const { allocated } of this.#weights.values()) this.#backend.wasm._free(allocated);
    this.#instances.clear();
    this.#weights.clear();
  }

  /** A view of the memory as it is now: it moves to another buffer when it grows. */
  get #ints(): Int32Array {
    return new Int32Array(this.#backend.wasm.asm!.memory!.buffer);
  }

  /** Returns undefined if the model is too large for WebAssembly at these sizes. */
  #instanceAt(sizes: Readonly<Record<string, number>>): Instance | undefined {
    const key = JSON.stringify(sizes);
    const known = this.#instances.get(key);
    this.#instances.delete(key);
    const instance = known ?? this.#compile(sizes);
    if (instance === undefined) return undefined;
    this.#instances.set(key, instance);
    const [oldest] = this.#instances;
    if (this.#instances.size > mostSizes && oldest !== undefined) {
      this.#discard(oldest[1]);
      this.#instances.delete(oldest[0]);
    }
    return instance;
  }

  #compile(sizes: Readonly<Record<string, number>>): Instance | undefined {
    const plan = planOf(this.#data, sizes);
    if (plan === undefined) return undefined;
    const { memory } = this.#backend.wasm.asm as { readonly memory: WebAssembly.Memory };
    const code = emitWasm(plan, { relaxed: hasRelaxedSimd() });
    const module = new WebAssembly.Module(code.module.bytes({ shared: !(memory.buffer instanceof ArrayBuffer) }));
    this.#pack(plan, code.packed);
    const arena = this.#take(code.arena);
    const addressOf = ({ form }: Packed): number => this.#weights.get(form)!.at;
    const functions = instantiate(code, module, { memory, arena: arena.at, packed: addressOf });
    const widened = plan.inputs.map(({ dtype, shape }) =>
      dtype === "bool" ? this.#take(4 * elements(shape)) : undefined,
    );
    return { plan, code, functions, arena, widened };
  }

  /** Puts weights into memory in the forms that the code reads, unless they are there. */
  #pack(plan: SizedPlan, forms: readonly Packed[]): void {
    const missing = forms.filter(({ form }) => !this.#weights.has(form));
    if (missing.length === 0) return;
    const stepOf = (source: SizedPlan["prepared"][number]) => this.#data.prepared[plan.prepared.indexOf(source)]!.step;
    const wanted = new Set(missing.flatMap(({ of }) => of.map(stepOf)));
    const arrays = new Map<number, NdArray>(evaluate(parseSteps(this.#data.prepare), wanted, this.#load));
    for (const { form, of, bytes, moves } of missing) {
      const block = this.#take(bytes);
      const data = packed(
        of.map((source) => arrays.get(stepOf(source))!),
        bytes / 4,
        moves,
      );
      this.#ints.set(new Int32Array(data.buffer), block.at / 4);
      this.#weights.set(form, block);
    }
  }

  #take(bytes: number): Block {
    const allocated = this.#backend.wasm._malloc(bytes + 128) >>> 0;
    if (allocated === 0) throw new Error(`${this.#definition.name}: there is no memory for ${bytes} more bytes`);
    return { allocated, at: Math.ceil(allocated / 64) * 64 };
  }

  #discard({ arena, widened }: Instance): void {
    for (const block of [arena, ...widened]) if (block !== undefined) this.#backend.wasm._free(block.allocated);
  }

  #addressOf(result: ResultAt, { control }: WasmCode, arena: Block): number {
    if ("packed" in result) return this.#weights.get(result.packed.form)!.at;
    return "input" in result ? this.#ints[(arena.at + control) / 4 + result.input]! : arena.at + result.offset.value;
  }

  /** Copies elements of 4 bytes into a tensor. */
  #copy(from: number, to: number, count: number, dtype: DType): void {
    const ints = this.#ints;
    if (dtype !== "bool") ints.copyWithin(to / 4, from / 4, from / 4 + count);
    else new Uint8Array(ints.buffer, to, count).set(ints.subarray(from / 4, from / 4 + count));
  }

  #widen(from: number, to: number, count: number): void {
    const ints = this.#ints;
    ints.set(new Uint8Array(ints.buffer, from, count), to / 4);
  }
}
