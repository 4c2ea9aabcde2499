/** @file The fastest engine in Node. Where a session and WebAssembly can both run a model, they are timed. */
import * as tf from "@tensorflow/tfjs-core";
import type { ModelDefinition, Tensors } from "../../contract/definition.ts";
import type { Engine, EngineOptions, LoadWeight, Unavailable } from "../model.ts";
import type { WasmEngine } from "../wasm/engine.ts";
import { wasmEngineOf } from "../wasm/of-backend.ts";
import type { Read } from "../weight-source.ts";
import { nativeEngine } from "./native/engine.ts";

type Sizes = Readonly<Record<string, number>>;

/** Creates the engine of a model, or says why there is none. */
export async function engineOf(
  definition: ModelDefinition,
  load: LoadWeight,
  { engine: wanted, warmUp }: EngineOptions,
  read: Read,
): Promise<Engine | Unavailable> {
  if (wanted === "wasm") return wasmEngineOf(definition, load, read);
  const session = await nativeEngine(definition, load, read);
  if (wanted === "session") return session;
  const wasm = await wasmEngineOf(definition, load, read).catch((error: unknown) => {
    if (typeof session !== "string") session.dispose();
    throw error;
  });
  if (typeof session === "string") return wasm;
  if (typeof wasm === "string") return session;
  const fastest = new Fastest(session, wasm);
  if (definition.guard.variables.length > 0) {
    if (warmUp !== undefined) fastest.prepare(warmUp);
    return fastest;
  }
  fastest.prepare({});
  return fastest.only();
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
  /** By sizes: the engine, or how often they came before it was chosen. */
  readonly #known = new Map<string, Engine | number>();
  #last: Engine;

  constructor(session: Engine, wasm: WasmEngine) {
    this.#session = this.#last = session;
    this.#wasm = wasm;
  }

  get name(): Engine["name"] {
    return this.#last.name;
  }

  isActive(): boolean {
    return this.#last.isActive();
  }

  /** Chooses an engine for sizes that will come. */
  prepare(sizes: Sizes): void {
    const zeros = this.#wasm.zerosAt(sizes);
    if (zeros === undefined) return;
    try {
      this.#choose(zeros, sizes);
    } finally {
      tf.dispose(zeros);
    }
  }

  /** Returns the engine that was chosen last, and frees the other. */
  only(): Engine {
    (this.#last === this.#wasm ? this.#session : this.#wasm).dispose();
    return this.#last;
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
    this.#remember(sizes, isWasmFaster() ? this.#wasm : this.#session);
  }

  dispose(): void {
    this.#session.dispose();
    this.#wasm.dispose();
  }
}
