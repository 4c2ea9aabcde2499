/** @file The fastest engine in Node. Where a session and WebAssembly can both run a model, they are timed. */
import * as tf from "@tensorflow/tfjs-core";
import type { ModelDefinition, Tensors } from "../../contract/definition.ts";
import type { LoadWeight } from "../load-weights.ts";
import type { Engine, EngineOptions, Unavailable } from "../model.ts";
import type { WasmEngine } from "../wasm/engine.ts";
import { wasmEngineOf } from "../wasm/of-backend.ts";
import type { Read } from "../weight-source.ts";
import { nativeEngine } from "./native/engine.ts";

type Sizes = Readonly<Record<string, number>>;

/** Creates the engine of a model, or says why there is none. */
export async function engineOf(
  definition: ModelDefinition,
  load: LoadWeight,
  { engine: wanted, threads }: EngineOptions,
  read: Read,
): Promise<Engine | Unavailable> {
  if (wanted === "wasm") return wasmEngineOf(definition, load, read, threads);
  const session = await nativeEngine(definition, load, read);
  if (wanted === "session") return session;
  const wasm = await wasmEngineOf(definition, load, read, threads).catch((error: unknown) => {
    if (typeof session !== "string") session.dispose();
    throw error;
  });
  if (typeof session === "string") return wasm;
  if (typeof wasm === "string") return session;
  return new Fastest(session, wasm, { isFixed: definition.guard.variables.length === 0 });
}

/** For how many milliseconds the engines are timed at least, and in how many rounds, unless those take too long. */
const budget = 50;
const leastRounds = 4;
const longest = 1000;

/** How often sizes must come that were not announced: code for sizes that never come again is not worth making. */
const often = 8;

/** The most sizes to remember. */
const mostSizes = 1000;

/** Runs a model by what is faster at the sizes of its inputs. What it has decided for some sizes, it keeps. */
class Fastest implements Engine {
  readonly #session: Engine;
  readonly #wasm: WasmEngine;
  /** Whether there is only one set of sizes, so that the slower engine is freed. */
  readonly #isFixed: boolean;
  /** By sizes: the engine, or how often they came before it was chosen. */
  readonly #known = new Map<string, Engine | number>();
  readonly #kept: Set<Engine>;
  #last: Engine;

  constructor(session: Engine, wasm: WasmEngine, { isFixed }: { readonly isFixed: boolean }) {
    this.#session = this.#last = session;
    this.#wasm = wasm;
    this.#isFixed = isFixed;
    this.#kept = new Set([session, wasm]);
  }

  get name(): Engine["name"] {
    return this.#last.name;
  }

  get threads(): number | undefined {
    return this.#last.threads;
  }

  isActive(): boolean {
    return this.#last.isActive();
  }

  /** Chooses an engine for sizes that will come. */
  async warmUp(zeros: Tensors, sizes: Sizes): Promise<void> {
    // If there is no memory for it, the comparison finds out.
    await this.#wasm.warmUp(zeros, sizes).catch(() => undefined);
    this.#choose(zeros, sizes);
  }

  run(inputs: Tensors, sizes: Sizes): Tensors | Unavailable {
    const known = this.#known.get(JSON.stringify(sizes)) ?? 0;
    if (typeof known === "object") this.#last = known;
    else if (known >= often) this.#choose(inputs, sizes);
    else this.#remember(sizes, known + 1);
    return this.#last.run(inputs, sizes);
  }

  #remember(sizes: Sizes, value: Engine | number): void {
    if (this.#known.size > mostSizes) this.#known.clear();
    this.#known.set(JSON.stringify(sizes), value);
    this.#last = typeof value === "number" ? this.#session : value;
  }

  #choose(inputs: Tensors, sizes: Sizes): void {
    const timed = (engine: Engine): number => {
      const start = performance.now();
      const results = engine.run(inputs, sizes);
      const took = performance.now() - start;
      if (typeof results === "string") return Infinity;
      tf.dispose(results);
      return took;
    };
    const timedWasm = (): number => {
      try {
        return timed(this.#wasm);
      } catch {
        // There is no memory for it, so the session runs.
        return Infinity;
      }
    };
    const isWasmFaster = (): boolean => {
      // First runs make code and plans.
      timed(this.#session);
      if (timedWasm() === Infinity) return false;
      const start = performance.now();
      const least = { session: Infinity, wasm: Infinity };
      for (
        let round = 0, used = 0;
        round === 0 || (used < longest && (round < leastRounds || used < budget));
        round++
      ) {
        least.session = Math.min(least.session, timed(this.#session));
        least.wasm = Math.min(least.wasm, timedWasm());
        used = performance.now() - start;
      }
      return least.wasm < least.session;
    };
    // Code is kept for a few sizes only: for more, it would be made again and again.
    const isRoom = [...this.#known.values()].filter((engine) => engine === this.#wasm).length < this.#wasm.mostSizes;
    const [faster, slower] = isRoom && isWasmFaster() ? [this.#wasm, this.#session] : [this.#session, this.#wasm];
    this.#remember(sizes, faster);
    if (this.#isFixed && this.#kept.delete(slower)) slower.dispose();
  }

  dispose(): void {
    for (const engine of this.#kept) engine.dispose();
  }
}
