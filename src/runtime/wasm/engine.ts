/** @file Our own WebAssembly as an engine of TensorFlow.js: it takes and gives tensors of the current backend. */
import * as tf from "@tensorflow/tfjs-core";
import { emitWasm, type ResultAt, type WasmCode } from "../../codegen/wasm/emit.ts";
import type { SizedPlan } from "../../codegen/wasm/sized-plan.ts";
import type { ModelDefinition, Tensors } from "../../contract/definition.ts";
import { elements } from "../../contract/ndarray.ts";
import type { PlanData } from "../../contract/plan-data.ts";
import { inPlace, quote } from "../../weights/data-error.ts";
import type { LoadWeight } from "../load-weights.ts";
import type { Engine, Unavailable } from "../model.ts";
import type { Threads } from "../threads.ts";
import type { Read } from "../weight-source.ts";
import { hasRelaxedSimd } from "./features.ts";
import { currentHome, OwnMemory, type Block, type Home } from "./home.ts";
import { importedIntegers, instantiate, type WasmExports } from "./instance.ts";
import { Place } from "./place.ts";
import { planOf, readPlan } from "./plan-file.ts";
import { HelperError, isWorthSharing, partsOf, Team, type SharedModule } from "./team.ts";

/** The maximum size of a plan file in bytes. */
const maxFile = 64e6;

/**
 * How often and how long a model is run before it is needed. Engines begin with a slow form of the code: V8 optimizes it after
 * one run if that takes long, and after some thirty if it takes less than a millisecond.
 */
const warmUp = { milliseconds: 50, runs: 50 };

type Sizes = Readonly<Record<string, number>>;

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
  threads: Threads,
): Promise<WasmEngine | Unavailable> {
  const { name, plan: place } = definition;
  if (place === undefined) return "the module has no plan";
  const home = currentHome();
  if (home === undefined) return `the memory of the backend ${tf.getBackend()} cannot be used`;
  const where = place instanceof URL ? quote(String(place)) : `the plan of ${name}`;
  const file = place instanceof URL ? await readIfThere(place, name, read) : place;
  if (typeof file === "string") return file;
  const data = inPlace(where, () => readPlan(file, definition));
  return data === undefined ? `${where} has no plan of ${name}` : new WasmEngine(home, definition, data, load, threads);
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

/** Code for certain sizes that is not in memory yet. */
interface Emitted {
  readonly plan: SizedPlan;
  readonly code: WasmCode;
  readonly place: Place;
  readonly team: Team | undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Machine code for certain sizes, with its memory. */
interface Instance {
  readonly plan: SizedPlan;
  readonly code: WasmCode;
  readonly place: Place;
  readonly functions: WasmExports;
  readonly arena: Block;
  /** For each input that needs it: see `Home.needsRoom`. */
  readonly rooms: readonly (Block | undefined)[];
  /** If several threads compute. */
  readonly shared: SharedModule | undefined;
}

/** The threads of a model, and the memory that they share. */
interface SharedTeam {
  readonly place: Place;
  readonly members: Team;
  /** Resolves when all have started or failed. */
  readonly started: Promise<void>;
}

export class WasmEngine implements Engine {
  readonly name = "wasm";
  readonly mostSizes = mostSizes;
  readonly #definition: ModelDefinition;
  readonly #data: PlanData;
  readonly #load: LoadWeight;
  readonly #threads: Threads;
  readonly #place: Place;
  /** Undefined until there is something to share. */
  #team: SharedTeam | undefined;
  /** The number of threads while there is no team. */
  #count: number;
  /** By sizes, the last used one at the end. */
  readonly #instances = new Map<string, Instance>();

  constructor(home: Home, definition: ModelDefinition, data: PlanData, load: LoadWeight, threads: Threads) {
    this.#place = new Place(home);
    this.#definition = definition;
    this.#data = data;
    this.#load = load;
    this.#threads = threads;
    this.#count = threads.count;
  }

  get threads(): number {
    return this.#team?.members.size ?? this.#count;
  }

  isActive(): boolean {
    return this.#place.home.isActive();
  }

  async warmUp(inputs: Tensors, sizes: Sizes): Promise<void> {
    const emitted = this.#emit(sizes);
    if (emitted === undefined) return;
    this.#keep(sizes, this.#finish(emitted, await WebAssembly.compile(emitted.bytes)));
    await this.#team?.started;
    const end = performance.now() + warmUp.milliseconds;
    let runs = 0;
    do tf.dispose(this.run(inputs, sizes));
    while (++runs < warmUp.runs && performance.now() < end);
  }

  run(inputs: Tensors, sizes: Sizes): Tensors | Unavailable {
    const instance = this.#instanceAt(sizes);
    if (instance === undefined) return "a tensor has too many elements for WebAssembly at these sizes";
    this.#enter(instance, inputs);
    this.#compute(instance);
    const { plan, code, place } = instance;
    return Object.fromEntries(
      this.#data.results.map(({ name }, i) => {
        const address = addressOf(code.results[i]!, instance);
        return [name, place.home.leave(address, plan.results[i]!)];
      }),
    );
  }

  dispose(): void {
    for (const instance of this.#instances.values()) this.#discard(instance);
    this.#instances.clear();
    this.#place.dispose();
    this.#team?.members.close();
  }

  /** Makes inputs readable, and tells the code where they are. */
  #enter({ code, place, arena, rooms }: Instance, inputs: Tensors): void {
    this.#definition.guard.inputs.forEach(({ name }, i) => {
      const address = place.home.enter(inputs[name]!, rooms[i]);
      place.ints[(arena.at + code.control) / 4 + i] = address;
    });
  }

  #compute({ functions, shared }: Instance): void {
    const team = this.#team?.members;
    if (shared === undefined || team === undefined || team.size === 1) return functions.run();
    try {
      team.run(shared);
    } catch (error) {
      if (!(error instanceof HelperError)) throw error;
      team.close();
      this.#threads.warn(`${this.#definition.name} computes with one thread from now on: ${error.message}`);
      functions.run();
    }
  }

  /** Returns undefined if the model is too large for WebAssembly at these sizes. */
  #instanceAt(sizes: Sizes): Instance | undefined {
    const known = this.#instances.get(keyOf(sizes));
    if (known !== undefined) return this.#keep(sizes, known);
    const emitted = this.#emit(sizes);
    return emitted && this.#keep(sizes, this.#finish(emitted, new WebAssembly.Module(emitted.bytes)));
  }

  /** Keeps code as that which was used last, and discards what was not used for long. */
  #keep(sizes: Sizes, instance: Instance): Instance {
    const key = keyOf(sizes);
    this.#instances.delete(key);
    this.#instances.set(key, instance);
    const [oldest] = this.#instances;
    if (this.#instances.size > mostSizes && oldest !== undefined) {
      this.#discard(oldest[1]);
      this.#instances.delete(oldest[0]);
    }
    return instance;
  }

  /** Returns undefined if the model is too large for WebAssembly at these sizes. */
  #emit(sizes: Sizes): Emitted | undefined {
    const plan = planOf(this.#data, sizes);
    if (plan === undefined) return undefined;
    const code = emitWasm(plan, { relaxed: hasRelaxedSimd() });
    const shared = isWorthSharing(code.steps) ? this.#threadsStarted() : undefined;
    const place = shared?.place ?? this.#place;
    const { buffer } = place.home.memory;
    return {
      plan,
      code,
      place,
      team: shared?.members,
      bytes: code.module.bytes({ shared: !(buffer instanceof ArrayBuffer) }),
    };
  }

  #finish({ plan, code, place, team, bytes }: Emitted, module: WebAssembly.Module): Instance {
    const { home } = place;
    place.pack(plan, code.packed, this.#data, this.#load);
    const arena = home.take(code.arena + this.#threads.count * code.perThread);
    const places = { memory: home.memory, arena: arena.at, own: arena.at + code.arena, packed: place.packed };
    const functions = instantiate(code, module, places);
    const rooms = plan.inputs.map(({ dtype, shape }) =>
      home.needsRoom(dtype) ? home.take(4 * elements(shape)) : undefined,
    );
    const shared = team?.load({
      steps: code.steps,
      parts: partsOf(code.steps, team.size),
      bytes,
      integers: importedIntegers(code, places),
      perThread: code.perThread,
      functions,
    });
    return { plan, code, place, functions, arena, rooms, shared };
  }

  /** Starts threads, unless they are there; undefined if there cannot be more than one. */
  #threadsStarted(): SharedTeam | undefined {
    if (this.threads > 1) this.#team ??= this.#startTeam();
    return this.threads > 1 ? this.#team : undefined;
  }

  #startTeam(): SharedTeam | undefined {
    const { count, start, warn } = this.#threads;
    const complain = (error: unknown): void => {
      const reason = error instanceof Error ? error.message : String(error);
      const left = this.threads === 1 ? "one thread" : `${this.threads} threads`;
      warn(`${this.#definition.name} computes with ${left}: ${reason}`);
    };
    try {
      // Not the backend's memory, even if it is shared: workers that are being ended may look at it a little longer.
      const place = new Place(new OwnMemory({ shared: true }));
      const members = new Team(place.home);
      const started = members.add(count - 1, start).catch(complain);
      return { place, members, started };
    } catch (error) {
      this.#count = 1;
      complain(error);
      return undefined;
    }
  }

  #discard({ place, arena, rooms, shared }: Instance): void {
    for (const block of [arena, ...rooms]) if (block !== undefined) place.home.free(block);
    if (shared !== undefined) this.#team?.members.unload(shared);
  }
}

const keyOf = (sizes: Sizes): string => JSON.stringify(sizes);

function addressOf(result: ResultAt, { code, place, arena }: Instance): number {
  if ("packed" in result) return place.packed(result.packed);
  if ("offset" in result) return arena.at + result.offset.value;
  return place.ints[(arena.at + code.control) / 4 + result.input]! >>> 0;
}
