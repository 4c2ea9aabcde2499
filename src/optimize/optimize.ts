/** @file Makes a model's graph cheaper: every operator is computed where it costs least. Results are equal up to rounding. */
import type { Node, Origin, Value } from "../ir/graph.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import { isSameType, mergedOrigins, withOperands } from "../ir/rewrite.ts";
import { inOrder } from "../ir/walk.ts";
import { nominalNumbers } from "../plan/buffers.ts";
import type { Profile } from "../plan/profile.ts";
import { SizeTooLarge } from "../sizes/pool.ts";
import { Algebra } from "./algebra.ts";
import { exactly, GraphCosts, numerically, runtimeOperands } from "./cost.ts";
import { Live } from "./live.ts";
import { Maps } from "./map.ts";
import { Push, type Move } from "./push.ts";

export interface OptimizeOptions {
  /** Values of run-time sizes for which costs are compared; by default, 1 for `n` and 64 for all others. */
  readonly at?: Readonly<Record<string, number>> | undefined;
  /** The most changes to make, to find one that is wrong by bisection. */
  readonly limit?: number | undefined;
}

/** One change: a value was replaced by a cheaper one. */
export interface Change {
  readonly before: Node;
  readonly after: Value;
  readonly moves: readonly Move[];
  /** Values that are no longer needed, and values that are new. */
  readonly removed: readonly Value[];
  readonly added: readonly Value[];
  /** Costs in picoseconds at the sizes that were asked for. */
  readonly costs: { readonly before: number; readonly after: number };
  /** Whether it is cheaper for all sizes that the guard admits, or only known to be at these. */
  readonly isProved: boolean;
}

export interface Optimized {
  readonly graph: ModelGraph;
  readonly changes: readonly Change[];
}

/** What a change must save at least. The costs are estimates. */
const margin = 0.97;
const mostSweeps = 4;

/**
 * Returns an equal graph that costs less on the targets of the profile, in order of the changes made. The weights of the
 * model stay those of the source: new ones are expressions of them, computed when the model is loaded.
 */
export function optimize(graph: ModelGraph, profile: Profile, options: OptimizeOptions = {}): Optimized {
  const { at, limit = Infinity } = options;
  const changes: Change[] = [];
  let current = graph;
  for (let sweep = 0; sweep < mostSweeps && changes.length < limit; sweep++) {
    const before = changes.length;
    current = new Sweep(current, profile, at, changes, limit).graph;
    if (changes.length === before) break;
  }
  return { graph: current, changes };
}

/** Visits every operator once, operands first. */
class Sweep {
  readonly graph: ModelGraph;
  readonly #algebra: Algebra;
  readonly #maps: Maps;
  readonly #costs: GraphCosts<number>;
  readonly #sizes: GraphCosts<ReturnType<ModelGraph["builder"]["sizes"]["int"]>>;
  readonly #live: Live;
  readonly #origins: Map<Value, readonly Origin[]>;
  readonly #users = new Map<Value, Node[]>();
  readonly #source: ModelGraph;

  constructor(
    source: ModelGraph,
    profile: Profile,
    at: OptimizeOptions["at"],
    changes: Change[],
    limit: number,
  ) {
    const { builder, results } = source;
    this.#source = source;
    this.#algebra = new Algebra(builder);
    this.#maps = new Maps(this.#algebra);
    const numbers = numerically(nominalNumbers(builder.sizes, at));
    this.#costs = new GraphCosts(this.#algebra, this.#maps, profile, numbers);
    this.#sizes = new GraphCosts(this.#algebra, this.#maps, profile, exactly(builder.sizes));
    this.#origins = new Map(source.origins);
    const operands = (value: Value) => runtimeOperands(this.#algebra, value);
    const roots = results.map(({ value }) => value);
    this.#live = new Live(roots, operands);
    const order = inOrder(roots, operands);
    for (const value of order)
      if (value.kind === "node")
        for (const input of new Set(value.inputs)) this.#users.set(input, [...(this.#users.get(input) ?? []), value]);
    for (const value of order) {
      this.#rebuild(value);
      if (changes.length >= limit) continue;
      const change = this.#improved(value);
      if (change !== undefined) changes.push(change);
    }
    this.graph = {
      ...source,
      results: results.map((result) => ({ ...result, value: this.#live.now(result.value) })),
      origins: mergedOrigins(this.#origins, (value) => this.#live.now(value)),
    };
  }

  #rebuild(value: Value): void {
    const made = withOperands(value, (operand) => this.#live.now(operand), this.#algebra.builder);
    this.#live.replace(value, this.#live.now(made));
  }

  /** Replaces a value by the best one, if that is worth it. */
  #improved(original: Value): Change | undefined {
    const value = this.#live.now(original);
    if (value.kind !== "node" || this.#algebra.isLoaded(value)) return undefined;
    try {
      const removed = this.#live.exclusive(value);
      const isPaid = (one: Value) => this.#live.isLive(one) && !removed.has(one);
      const best = new Push(this.#algebra, this.#maps, this.#costs, isPaid).best(value);
      if (best.value === value || this.#live.now(best.value) !== best.value) return undefined;
      const added = this.#costs.region([best.value], isPaid);
      const [before, after] = [this.#costs.sum(removed), this.#costs.sum(added)];
      const isCheaper = after + this.#after(original, value, best.value) < margin * before;
      if (!isCheaper || !this.#isSame(value, best.value)) return undefined;
      this.#live.replace(value, best.value);
      this.#note(original, best.value, added);
      return {
        before: value,
        after: best.value,
        moves: best.moves,
        removed: [...removed].filter((one) => !added.has(one)),
        added: [...added].filter((one) => !removed.has(one)),
        costs: { before, after },
        isProved: this.#isProved(removed, added),
      };
    } catch (error) {
      // Costs are products of sizes. Where these are too large, nothing is known about them.
      if (error instanceof SizeTooLarge) return undefined;
      throw error;
    }
  }

  /** What users of a value cost more if another one is there instead: an activation is free only after a product. */
  #after(original: Value, before: Value, after: Value): number {
    const users = (this.#users.get(original) ?? []).filter(({ inputs }) => inputs.length === 1);
    return users.reduce((sum, user) => {
      const [is, was] = [after, before].map((value) => this.#algebra.attempt(user.op, [value], user.attributes, user.weights));
      if (is === undefined || was === undefined || this.#maps.of(was).some(({ map }) => map.kind === "matrix")) return sum;
      return sum + this.#costs.of(is) - this.#costs.of(was);
    }, 0);
  }

  #isSame(before: Value, after: Value): boolean {
    return isSameType(before.type, after.type, this.#source.facts);
  }

  /** New values come from where the one that they replace comes from, but do not have its name. */
  #note(original: Value, after: Value, added: ReadonlySet<Value>): void {
    const origins = this.#origins.get(original) ?? this.#origins.get(this.#live.now(original)) ?? [];
    const unnamed = origins.slice(0, 1).map((origin) => ({ ...origin, name: undefined }));
    for (const value of added)
      if (value !== after && !this.#origins.has(value)) this.#origins.set(value, unnamed);
  }

  #isProved(removed: Iterable<Value>, added: Iterable<Value>): boolean {
    const [a, b] = [this.#sizes.sum(removed), this.#sizes.sum(added)];
    return this.#source.facts.decide({ op: ">=", a, b }).verdict === "yes";
  }
}
