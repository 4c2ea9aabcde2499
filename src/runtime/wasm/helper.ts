/** @file What a worker does: it computes parts of steps, until it is terminated. */

/** What a worker gets when it starts. */
export interface HelperData {
  readonly memory: WebAssembly.Memory;
  /** The number of this thread; the main one is 0. */
  readonly thread: number;
  /** The address of the words below. */
  readonly control: number;
  /** The index of each word, and how often one is looked at before a thread goes to sleep. */
  readonly words: typeof words;
  readonly spins: number;
}

/** The words that threads talk through. Those that are written often are in different cache lines. */
export const words = {
  /** The number of a step times 2^16, and how many of its parts nobody has begun. */
  ticket: 0,
  /** How many parts of the step helpers have finished. */
  done: 16,
  /** How many helpers sleep until the ticket changes. */
  sleepers: 32,
  /** The code that runs: its number, and where its description is. */
  code: 48,
  text: 49,
  length: 50,
  /** 1 while the main thread sleeps until `done` changes. */
  waits: 51,
  /** 1 once a helper could not compute its part. */
  failed: 52,
} as const;

/** How many of them there are. */
export const wordCount = 64;

/** What helpers know of a module, as JSON. */
export interface Description {
  /** The address and the number of the module's bytes. */
  readonly bytes: readonly [at: number, length: number];
  readonly integers: Readonly<Record<string, number>>;
  /** The bytes after `own` that each thread has for itself. */
  readonly perThread: number;
  /** The names of the functions that the module imports and no shared step calls. */
  readonly functions: readonly string[];
  /** Of each step: the units, and into how many parts they are divided; 0 if it is not shared. */
  readonly steps: readonly (readonly [units: number, parts: number])[];
}

/**
 * Runs in the worker, from its text: it uses nothing but its parameter and globals, and makes no functions with names, to which
 * bundlers add calls.
 */
export function help({ memory, thread, control, words, spins }: HelperData): never {
  const shared = new Int32Array(memory.buffer, control, 64);
  /** The last modules, by number. */
  const known = new Map<number, { description: Description; exports: Readonly<Record<string, unknown>> }>();
  let looked = 0;
  for (;;) {
    const ticket = Atomics.load(shared, words.ticket);
    if ((ticket & 0xffff) === 0) {
      if (++looked < spins) continue;
      looked = 0;
      Atomics.add(shared, words.sleepers, 1);
      Atomics.wait(shared, words.ticket, ticket);
      Atomics.sub(shared, words.sleepers, 1);
      continue;
    }
    if (Atomics.compareExchange(shared, words.ticket, ticket, ticket - 1) !== ticket) continue;
    looked = 0;
    // From here on the main thread waits for this part, so the code and its description stay as they are.
    try {
      const number = shared[words.code]!;
      let code = known.get(number);
      if (code === undefined) {
        const text = new Uint8Array(memory.buffer, shared[words.text]! >>> 0, shared[words.length]).slice();
        const description = JSON.parse(new TextDecoder().decode(text)) as Description;
        const { integers, perThread } = description;
        const env: Record<string, unknown> = { memory, ...integers, own: integers["own"]! + thread * perThread };
        for (const name of description.functions)
          env[name] = () => {
            throw new Error(name);
          };
        const bytes = new Uint8Array(memory.buffer, description.bytes[0], description.bytes[1]).slice();
        code = { description, exports: new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports };
        for (const [oldest] of known) if (known.size >= 4) known.delete(oldest);
        known.set(number, code);
      }
      const step = ticket >>> 16;
      const [units, parts] = code.description.steps[step]!;
      const part = parts - (ticket & 0xffff);
      const from = Math.floor((units * part) / parts);
      const to = Math.floor((units * (part + 1)) / parts);
      (code.exports[String(step)] as (from: number, to: number) => void)(from, to);
    } catch {
      Atomics.store(shared, words.failed, 1);
    }
    Atomics.add(shared, words.done, 1);
    if (Atomics.load(shared, words.waits) === 1) Atomics.notify(shared, words.done);
  }
}
