/** @file Our own WebAssembly as an engine of TensorFlow.js: it takes and gives tensors of the current backend. */
import * as tf from "@tensorflow/tfjs-core";
import { emitWasm, type Packed, type ResultAt, type WasmCode } from "../../codegen/wasm/emit.ts";
import type { SizedPlan } from "../../codegen/wasm/sized-plan.ts";
import type { ModelDefinition, Tensors } from "../../contract/definition.ts";
import { dtypeNames, elements, type NdArray } from "../../contract/ndarray.ts";
import { evaluate } from "../../contract/prepare-evaluate.ts";
import { parseSteps } from "../../contract/prepare.ts";
import type { PlanData } from "../../contract/plan-data.ts";
import { inPlace, quote } from "../../weights/data-error.ts";
import type { Engine, LoadWeight, Unavailable } from "../model.ts";
import type { Read } from "../weight-source.ts";
import { hasRelaxedSimd } from "./features.ts";
import { currentHome, type Block, type Home } from "./home.ts";
import { instantiate, type WasmExports } from "./instance.ts";
import { planOf, readPlan } from "./plan-file.ts";

/** The maximum size of a plan file in bytes. */
const maxFile = 64e6;

/** The most sizes for which machine code is kept. */
const mostSizes = 4;

/**
 * Creates the engine of a model, or says why it cannot run on the current backend.
 * @throws DataError if the plan file is damaged or belongs to another module
 */
export async function wasmEngine(
  definition: ModelDefinition,
  load: LoadWeight,
  read: Read,
): Promise<WasmEngine | Unavailable> {
  const { name, plan: place } = definition;
  if (place === undefined) return "the module has no plan";
  const home = currentHome();
  if (home === undefined) return `the memory of the backend ${tf.getBackend()} cannot be used`;
  const where = place instanceof URL ? quote(String(place)) : `the plan of ${name}`;
  const file = place instanceof URL ? await readIfThere(place, name, read) : place;
  if (typeof file === "string") return file;
  const data = inPlace(where, () => readPlan(file, definition));
  return data === undefined ? `${where} has no plan of ${name}` : new WasmEngine(home, definition, data, load);
}

/** A module may be used without the files next to it. Returns why it cannot be read. */
async function readIfThere(place: URL, model: string, read: Read): Promise<Uint8Array | Unavailable> {
  try {
    return await read(place, maxFile);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.warn(`${model} does not run as WebAssembly of its own: ${reason}`);
    return reason;
  }
}

/** Machine code for certain sizes, with its memory. */
interface Instance {
  readonly plan: SizedPlan;
  readonly code: WasmCode;
  readonly functions: WasmExports;
  readonly arena: Block;
  /** For each input that needs it: see `Home.needsRoom`. */
  readonly rooms: readonly (Block | undefined)[];
}

export class WasmEngine implements Engine {
  readonly name = "wasm";
  readonly #home: Home;
  readonly #definition: ModelDefinition;
  readonly #data: PlanData;
  readonly #load: LoadWeight;
  readonly #weights = new Map<string, Block>();
  /** By sizes, the last used one at the end. */
  readonly #instances = new Map<string, Instance>();

  constructor(home: Home, definition: ModelDefinition, data: PlanData, load: LoadWeight) {
    this.#home = home;
    this.#definition = definition;
    this.#data = data;
    this.#load = load;
  }

  isActive(): boolean {
    return this.#home.isActive();
  }

  /** Returns inputs of zeros; undefined if a size is missing or too large. */
  zerosAt(sizes: Readonly<Record<string, number>>): Tensors | undefined {
    const inputs = planOf(this.#data, sizes)?.inputs.map(({ shape, dtype }, i) => {
      return [this.#definition.guard.inputs[i]!.name, tf.zeros([...shape], dtypeNames[dtype])] as const;
    });
    return inputs && Object.fromEntries(inputs);
  }

  run(inputs: Tensors, sizes: Readonly<Record<string, number>>): Tensors | Unavailable {
    const instance = this.#instanceAt(sizes);
    if (instance === undefined) return "a tensor has too many elements for WebAssembly at these sizes";
    const { plan, code, functions, arena, rooms } = instance;
    this.#definition.guard.inputs.forEach(({ name }, i) => {
      const address = this.#home.enter(inputs[name]!, rooms[i]);
      this.#ints[(arena.at + code.control) / 4 + i] = address;
    });
    functions.run();
    return Object.fromEntries(
      this.#data.results.map(({ name }, i) => [
        name,
        this.#home.leave(this.#addressOf(code.results[i]!, code, arena), plan.results[i]!),
      ]),
    );
  }

  dispose(): void {
    for (const instance of this.#instances.values()) this.#discard(instance);
    for (const block of this.#weights.values()) this.#home.free(block);
    this.#instances.clear();
    this.#weights.clear();
  }

  /** A view of the memory as it is now: it moves to another buffer when it grows. */
  get #ints(): Int32Array {
    return new Int32Array(this.#home.memory.buffer);
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
    const { memory } = this.#home;
    const code = emitWasm(plan, { relaxed: hasRelaxedSimd() });
    const module = new WebAssembly.Module(code.module.bytes({ shared: !(memory.buffer instanceof ArrayBuffer) }));
    this.#pack(plan, code.packed);
    const arena = this.#home.take(code.arena);
    const packed = ({ form }: Packed): number => this.#weights.get(form)!.at;
    const functions = instantiate(code, module, { memory, arena: arena.at, packed });
    const rooms = plan.inputs.map(({ dtype, shape }) =>
      this.#home.needsRoom(dtype) ? this.#home.take(4 * elements(shape)) : undefined,
    );
    return { plan, code, functions, arena, rooms };
  }

  /** Puts weights into memory in the forms that the code reads, unless they are there. */
  #pack(plan: SizedPlan, forms: readonly Packed[]): void {
    const missing = forms.filter(({ form }) => !this.#weights.has(form));
    if (missing.length === 0) return;
    const stepOf = (source: SizedPlan["prepared"][number]) => this.#data.prepared[plan.prepared.indexOf(source)]!.step;
    const wanted = new Set(missing.flatMap(({ of }) => of.map(stepOf)));
    const arrays = new Map<number, NdArray>(evaluate(parseSteps(this.#data.prepare), wanted, this.#load));
    for (const { form, of, bytes, pack } of missing) {
      const block = this.#home.take(bytes);
      const data = pack(of.map((source) => arrays.get(stepOf(source))!));
      this.#ints.set(new Int32Array(data.buffer), block.at / 4);
      this.#weights.set(form, block);
    }
  }

  #discard({ arena, rooms }: Instance): void {
    for (const block of [arena, ...rooms]) if (block !== undefined) this.#home.free(block);
  }

  #addressOf(result: ResultAt, { control }: WasmCode, arena: Block): number {
    if ("packed" in result) return this.#weights.get(result.packed.form)!.at;
    return "input" in result ? this.#ints[(arena.at + control) / 4 + result.input]! : arena.at + result.offset.value;
  }
}
