/** @file Threads that compute steps together: the one that calls `run`, and helpers in workers. */
import type { CodeStep } from "../../codegen/wasm/emit.ts";
import { hostFunctions } from "../../primitives/wasm/host.ts";
import { help, wordCount, words, type Description, type HelperData } from "./helper.ts";
import type { WasmExports } from "./instance.ts";

/** A worker that has started. */
export interface Helper {
  terminate(): void;
}

/**
 * Starts a worker that calls a function, which is given as text, with data. It keeps no process alive.
 * @throws Error if it does not start
 */
export type StartHelper = (text: string, data: HelperData) => Promise<Helper>;

/** How often a thread looks for what it waits for before it goes to sleep. */
const spins = 2000;

/** The parts of a step for each thread. With more than one, a thread that is interrupted delays the others less. */
const partsEach = 4;

/** A step that takes less, in picoseconds, is not shared. */
const leastStep = 15e6;

/** Helpers are not woken if all shared steps of a run take less. */
const leastRun = 200e6;

/** The most parts and the most steps that a ticket can count. */
const most = 0xffff;

/** Whether several threads pay off. */
export function isWorthSharing(steps: readonly CodeStep[]): boolean {
  return steps.reduce((sum, step) => sum + (canShare(step) ? step.time : 0), 0) >= leastRun;
}

const canShare = ({ units, time, needsHost }: CodeStep): boolean => units > 1 && time >= leastStep && !needsHost;

/** Returns into how many parts each step is divided; 0 if one thread computes all of it. */
export function partsOf(steps: readonly CodeStep[], threads: number): readonly number[] {
  return steps.map((step, i) => (i <= most && canShare(step) ? Math.min(step.units, partsEach * threads, most) : 0));
}

/** Memory that all threads see. */
export interface Heap {
  readonly memory: WebAssembly.Memory;
  take(bytes: number): Block;
  free(block: Block): void;
}

interface Block {
  readonly at: number;
  readonly allocated: number;
}

/** A module and its functions in this thread. */
export interface OwnModule {
  readonly steps: readonly CodeStep[];
  /** See `partsOf`. */
  readonly parts: readonly number[];
  readonly bytes: Uint8Array;
  /** The integers that it imports. */
  readonly integers: Readonly<Record<string, number>>;
  /** The bytes after `own` that each thread has for itself. */
  readonly perThread: number;
  readonly functions: WasmExports;
}

/** A module that a team can run. */
export interface SharedModule {
  /** Tells it from all others. */
  readonly number: number;
  readonly steps: readonly SharedStep[];
  readonly bytes: Block;
  readonly description: Block;
  /** The bytes of the description. */
  readonly length: number;
}

interface SharedStep {
  readonly run: (from: number, to: number) => void;
  readonly units: number;
  readonly parts: number;
}

/** A helper could not compute its part, so a run has no results. */
export class HelperError extends Error {}

export class Team {
  readonly #heap: Heap;
  readonly #control: Block;
  readonly #words: Int32Array;
  readonly #canSleep: boolean;
  readonly #helpers: Helper[] = [];
  #size = 1;
  #modules = 0;
  #isClosed = false;

  /** Makes a team of one thread. */
  constructor(heap: Heap) {
    this.#heap = heap;
    this.#control = heap.take(4 * wordCount);
    this.#words = new Int32Array(heap.memory.buffer, this.#control.at, wordCount).fill(0);
    this.#canSleep = canSleep(this.#words);
  }

  /** The number of threads, including those that have not started yet. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds helpers. Runs do not wait for them to start; they join later.
   * @throws Error if one does not start
   */
  async add(count: number, start: StartHelper): Promise<void> {
    const first = this.#size;
    this.#size += count;
    const data = { memory: this.#heap.memory, control: this.#control.at, words, spins };
    const started = await Promise.allSettled(
      Array.from({ length: count }, (_, i) => start(String(help), { ...data, thread: first + i })),
    );
    for (const result of started) {
      if (result.status === "fulfilled") this.#helpers.push(result.value);
      else this.#size--;
    }
    if (this.#isClosed) this.close();
    for (const result of started) if (result.status === "rejected") throw result.reason;
  }

  /** Makes a module ready to run. */
  load({ steps, parts, bytes, integers, perThread, functions }: OwnModule): SharedModule {
    const shared = steps.map(({ units }, i): SharedStep => ({ run: functions[String(i)]!, units, parts: parts[i]! }));
    const code = this.#place(bytes);
    const text = new TextEncoder().encode(
      JSON.stringify({
        bytes: [code.at, bytes.length],
        integers,
        perThread,
        functions: hostFunctions.map(({ name }) => name),
        steps: shared.map(({ units, parts }) => [units, parts]),
      } satisfies Description),
    );
    const description = this.#place(text);
    return { number: ++this.#modules, steps: shared, bytes: code, description, length: text.length };
  }

  /** Frees the memory of a module. */
  unload({ bytes, description }: SharedModule): void {
    this.#heap.free(bytes);
    this.#heap.free(description);
  }

  /** Runs all steps. @throws HelperError */
  run({ number, steps, description, length }: SharedModule): void {
    this.#words[words.code] = number;
    this.#words[words.text] = description.at;
    this.#words[words.length] = length;
    for (let i = 0; i < steps.length; i++) {
      const { run, units, parts } = steps[i]!;
      if (parts === 0) run(0, units);
      else this.#share(i, steps[i]!);
    }
  }

  /** Ends all helpers. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#size = 1;
    for (const helper of this.#helpers.splice(0)) helper.terminate();
  }

  #place(bytes: Uint8Array): Block {
    const block = this.#heap.take(bytes.length);
    new Uint8Array(this.#heap.memory.buffer, block.at, bytes.length).set(bytes);
    return block;
  }

  /** Computes the parts of a step that no helper takes, and waits for those that helpers took. */
  #share(step: number, { run, units, parts }: SharedStep): void {
    const shared = this.#words;
    Atomics.store(shared, words.done, 0);
    Atomics.store(shared, words.ticket, (step << 16) | parts);
    if (Atomics.load(shared, words.sleepers) > 0) Atomics.notify(shared, words.ticket);
    let others = parts;
    try {
      for (;;) {
        const ticket = Atomics.load(shared, words.ticket);
        const left = ticket & 0xffff;
        if (left === 0) break;
        if (Atomics.compareExchange(shared, words.ticket, ticket, ticket - 1) !== ticket) continue;
        others--;
        const part = parts - left;
        run(Math.floor((units * part) / parts), Math.floor((units * (part + 1)) / parts));
      }
    } finally {
      // After an error, nobody begins another part.
      others -= Atomics.and(shared, words.ticket, ~0xffff) & 0xffff;
      this.#awaitDone(others);
    }
    if (Atomics.load(shared, words.failed) === 1) throw new HelperError("a worker could not compute its part");
  }

  #awaitDone(count: number): void {
    const shared = this.#words;
    for (let looked = 0; Atomics.load(shared, words.done) < count; looked++) {
      if (looked < spins || !this.#canSleep) continue;
      Atomics.store(shared, words.waits, 1);
      const done = Atomics.load(shared, words.done);
      if (done < count) Atomics.wait(shared, words.done, done);
      Atomics.store(shared, words.waits, 0);
    }
  }
}

/** Whether this thread may sleep: in a browser, the main thread may not. */
function canSleep(shared: Int32Array): boolean {
  try {
    Atomics.wait(shared, words.waits, 1);
    return true;
  } catch {
    return false;
  }
}
