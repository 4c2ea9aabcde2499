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

/** A session whose first run takes longer than this many milliseconds is not compared: that would take too long. */
const longest = 1000;

/** For how many milliseconds the engines are timed at least, and how often: WebAssembly first runs code made in a hurry. */
const budget = 50;
const leastRounds = 4;

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
    await this.#wasm.warmUp(zeros, sizes);
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
    const isWasmFaster = (): boolean => {
      const start = performance.now();
      const left = (): number => budget - (performance.now() - start);
      // The first run of a session is slower than the others.
      if (timed(this.#session) > longest) return false;
      const least = { session: timed(this.#session), wasm: Infinity };
      // WebAssembly may take as long as the session did, so a comparison never takes much longer than a few runs.
      const most = Math.max(budget, 2 * least.session);
      let used = 0;
      for (let round = 0; used < most && (round < leastRounds || left() > 0); round++) {
        const took = timed(this.#wasm);
        used += took;
        least.wasm = Math.min(least.wasm, took);
        if (left() > 0) least.session = Math.min(least.session, timed(this.#session));
      }
      return least.wasm < least.session;
    };
    const [faster, slower] = isWasmFaster() ? [this.#wasm, this.#session] : [this.#session, this.#wasm];
    this.#remember(sizes, faster);
    if (this.#isFixed && this.#kept.delete(slower)) slower.dispose();
  }

  dispose(): void {
    for (const engine of this.#kept) engine.dispose();
  }
}
