/** @file Which values the results of a graph need while values are being replaced, counted so that no walk is repeated. */
import type { Value } from "../ir/graph.ts";
import { invariant } from "../source/internal-error.ts";

/** Values that one change may remove. With a limit, a search in a network does not walk through all of it. */
const mostExclusive = 64;

/**
 * Values of the graph as it was stay until they are replaced; their operands are looked up in what replaced them. A value is
 * live while another live value or a result uses it.
 */
export class Live {
  readonly #operands: (value: Value) => readonly Value[];
  readonly #uses = new Map<Value, number>();
  readonly #now = new Map<Value, Value>();

  constructor(results: readonly Value[], operands: (value: Value) => readonly Value[]) {
    this.#operands = operands;
    for (const result of results) this.#use(result, 1);
  }

  /** Returns what a value is now. */
  now(value: Value): Value {
    let current = value;
    for (let next = this.#now.get(current); next !== undefined; next = this.#now.get(current)) current = next;
    return current;
  }

  isLive(value: Value): boolean {
    return this.#usesOf(value) > 0;
  }

  /** Whether several values or results need a value. */
  isShared(value: Value): boolean {
    return this.#usesOf(value) > 1;
  }

  /** Lets every user of a value use another one, which was not replaced itself. */
  replace(value: Value, by: Value): void {
    if (value === by) return;
    invariant(this.now(by) === by, "a value is replaced by one that was replaced");
    const uses = this.#usesOf(value);
    this.#use(by, uses);
    this.#release(value, uses);
    this.#now.set(value, by);
  }

  /** Returns these values and the nearest of those that nothing else needs. */
  exclusive(values: readonly Value[]): ReadonlySet<Value> {
    const dead = new Set(values);
    const left = new Map<Value, number>();
    for (const one of dead)
      for (const operand of this.#current(one)) {
        const uses = (left.get(operand) ?? this.#usesOf(operand)) - 1;
        left.set(operand, uses);
        if (uses === 0 && dead.size < mostExclusive) dead.add(operand);
      }
    return dead;
  }

  #current(value: Value): readonly Value[] {
    return this.#operands(value).map((operand) => this.now(operand));
  }

  #usesOf(value: Value): number {
    return this.#uses.get(value) ?? 0;
  }

  #use(value: Value, times: number): void {
    const open = [{ value, times }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const before = this.#usesOf(next.value);
      this.#uses.set(next.value, before + next.times);
      if (before === 0) for (const operand of this.#current(next.value)) open.push({ value: operand, times: 1 });
    }
  }

  #release(value: Value, times: number): void {
    const open = [{ value, times }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const left = this.#usesOf(next.value) - next.times;
      this.#uses.set(next.value, left);
      if (left === 0) for (const operand of this.#current(next.value)) open.push({ value: operand, times: 1 });
    }
  }
}
