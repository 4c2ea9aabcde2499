/** @file Execution order and lifetimes: source order, but steps that free more memory than they allocate run as early as possible. */
import { bufferOf, bytesOf, nominalNumbers } from "./buffers.ts";
import type { PlanBuilder } from "./builder.ts";
import { computationsOf, type Computation, type Note, type PlanValue, type Prepared } from "./value.ts";

/** A computation in the execution order. */
export interface Step {
  readonly value: Computation;
  readonly note: Note;
  /** The values last used in this step, in order of creation. */
  readonly frees: readonly Computation[];
}

export interface Schedule {
  readonly steps: readonly Step[];
  /** The prepared tensors that the steps and results use, in order of use. */
  readonly prepared: readonly { readonly value: Prepared; readonly note: Note }[];
}

export function schedule(results: readonly PlanValue[], builder: PlanBuilder): Schedule {
  const order = orderOf(computationsOf(results), results, builder);
  const last = new Map<PlanValue, number>();
  order.forEach(({ inputs }, index) => inputs.forEach((input) => last.set(input, index)));
  const prepared = new Set([...last.keys(), ...results].filter((value) => value.kind === "prepared"));
  for (const result of results) last.delete(result);
  const frees = order.map((): Computation[] => []);
  for (const [value, index] of last) if (value.kind === "computation") frees[index]!.push(value);
  return {
    steps: order.map((value, index) => ({
      value,
      note: builder.noteOf(value),
      frees: frees[index]!.sort((a, b) => a.id - b.id),
    })),
    prepared: [...prepared].map((value) => ({ value, note: builder.noteOf(value) })),
  };
}

/**
 * Orders the computations. Ids follow source order, and inputs have smaller ids than their users, so the first of the
 * remaining computations is always ready. `eager` holds ready computations that free memory or take none; these go first.
 */
function orderOf(
  live: readonly Computation[],
  results: readonly PlanValue[],
  { sizes }: PlanBuilder,
): readonly Computation[] {
  const number = nominalNumbers(sizes);
  const users = new Map<Computation, Set<Computation>>(live.map((value) => [value, new Set()]));
  /** For each buffer, the computations that still read it, directly or through reshapes. */
  const needed = new Map<Computation, Set<Computation>>(live.map((value) => [value, new Set()]));
  const waits = new Map<Computation, number>();
  for (const value of live) {
    const inputs = new Set(value.inputs.filter((input) => input.kind === "computation"));
    waits.set(value, inputs.size);
    for (const input of inputs) users.get(input)!.add(value);
    if (bufferOf(value) === value) for (const buffer of buffersOf(value)) needed.get(buffer)!.add(value);
  }
  const pinned = new Set(results.map(bufferOf));

  const done = new Set<Computation>();
  const eager = new Set<Computation>();
  const consider = (value: Computation) => {
    const buffer = bufferOf(value);
    if (waits.get(value) !== 0 || buffer === undefined) return;
    // A reshape costs nothing wherever it runs. It reads best right after its operand.
    if (buffer !== value) {
      eager.add(value);
      return;
    }
    const freed = [...buffersOf(value)].filter((buffer) => !pinned.has(buffer) && needed.get(buffer)!.size === 1);
    const bytes = freed.reduce((sum, buffer) => sum + bytesOf(buffer, number), 0);
    if (bytes > bytesOf(value, number)) eager.add(value);
  };
  live.forEach(consider);
  let next = 0;
  while (done.size < live.length) {
    while (done.has(live[next]!)) next++;
    const value = [...eager].reduce(
      (first, other) => (other.id < first.id ? other : first),
      [...eager][0] ?? live[next]!,
    );
    done.add(value);
    eager.delete(value);
    for (const user of users.get(value)!) {
      waits.set(user, waits.get(user)! - 1);
      consider(user);
    }
    for (const buffer of buffersOf(value)) {
      const rest = needed.get(buffer)!;
      rest.delete(value);
      if (rest.size === 1) rest.forEach(consider);
    }
  }
  return [...done];
}

/** Returns the buffers that a computation reads and that are allocated in the run. */
function buffersOf({ inputs }: Computation): Set<Computation> {
  return new Set(inputs.map(bufferOf).filter((buffer) => buffer !== undefined));
}
