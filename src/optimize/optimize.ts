/** @file Makes a model's graph cheaper: every operator is computed where it costs least. Results are equal up to rounding. */
import type { Node, Origin, Value } from "../ir/graph.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import { isSameType, mergedOrigins, withOperands } from "../ir/rewrite.ts";
import { inOrder } from "../ir/walk.ts";
import { nominalNumbers } from "../plan/buffers.ts";
import type { Profile } from "../plan/profile.ts";
import { SizeTooLarge } from "../sizes/pool.ts";
import type { Size } from "../sizes/size.ts";
import { Algebra } from "./algebra.ts";
import { exactly, GraphCosts, numerically } from "./cost.ts";
import { Live } from "./live.ts";
import { Maps } from "./map.ts";
import { Push } from "./push.ts";
import type { Move } from "./way.ts";

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
  /** Where the program writes what was replaced. */
  readonly origins: readonly Origin[];
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
  const tools = toolsFor(graph, profile, at);
  let current = graph;
  for (let sweep = 0; sweep < mostSweeps && changes.length < limit; sweep++) {
    const before = changes.length;
    current = new Sweep(current, tools, changes, limit).graph;
    if (changes.length === before) break;
  }
  return { graph: current, changes };
}

/** What all sweeps share, so that nothing is computed twice. */
export interface Tools {
  readonly algebra: Algebra;
  readonly maps: Maps;
  readonly costs: GraphCosts<number>;
  /** Costs for all sizes, for proofs. */
  readonly exact: GraphCosts<Size>;
  /** Values for which nothing better was found. What they are computed from is part of what they are. */
  readonly settled: Set<Value>;
}

export function toolsFor({ builder }: ModelGraph, profile: Profile, at: OptimizeOptions["at"]): Tools {
  const algebra = new Algebra(builder);
  const maps = new Maps(algebra);
  const numbers = numerically(nominalNumbers(builder.sizes, at));
  return {
    algebra,
    maps,
    costs: new GraphCosts(algebra, maps, profile, numbers),
    exact: new GraphCosts(algebra, maps, profile, exactly(builder.sizes)),
    settled: new Set(),
  };
}

/** Visits every operator once, operands first. */
class Sweep {
  readonly graph: ModelGraph;
  readonly #tools: Tools;
  readonly #live: Live;
  readonly #origins: Map<Value, readonly Origin[]>;
  readonly #users = new Map<Value, Node[]>();
  readonly #source: ModelGraph;

  constructor(source: ModelGraph, tools: Tools, changes: Change[], limit: number) {
    const { results } = source;
    this.#source = source;
    this.#tools = tools;
    this.#origins = new Map(source.origins);
    const operands = (value: Value) => this.#tools.algebra.operands(value);
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
      if (change === undefined) tools.settled.add(this.#live.now(value));
      else changes.push(change);
    }
    this.graph = {
      ...source,
      results: results.map((result) => ({ ...result, value: this.#live.now(result.value) })),
      origins: mergedOrigins(this.#origins, (value) => this.#live.now(value)),
    };
  }

  #rebuild(value: Value): void {
    const made = withOperands(value, (operand) => this.#live.now(operand), this.#tools.algebra.builder);
    this.#live.replace(value, this.#live.now(made));
  }

  /** Replaces a value by the best one, if that is worth it. */
  #improved(original: Value): Change | undefined {
    const { algebra, maps, costs, settled } = this.#tools;
    const value = this.#live.now(original);
    if (value.kind !== "node" || settled.has(value)) return undefined;
    try {
      const removed = this.#live.exclusive(value);
      const isPaid = (one: Value) => this.#live.isLive(one) && !removed.has(one);
      const best = new Push(algebra, maps, costs, isPaid).best(value);
      if (best.value === value || this.#live.now(best.value) !== best.value) return undefined;
      const added = this.#tools.costs.region([best.value], isPaid);
      const [before, after] = [this.#tools.costs.sum(removed), this.#tools.costs.sum(added)];
      const isCheaper = after + this.#after(original, removed, added, [value, best.value]) < margin * before;
      if (!isCheaper || !this.#isSame(value, best.value)) return undefined;
      this.#live.replace(value, best.value);
      const origins = this.#note(original, best.value, added);
      return {
        before: value,
        after: best.value,
        origins,
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

  /** What the user of a value costs more after another one: an activation is free only after a product. */
  #after(
    original: Value,
    before: ReadonlySet<Value>,
    after: ReadonlySet<Value>,
    [was, is]: readonly [Value, Value],
  ): number {
    const [user, ...others] = this.#users.get(original) ?? [];
    if (user?.inputs.length !== 1 || others.length > 0) return 0;
    const cost = (value: Value, values: ReadonlySet<Value>) => {
      const made = this.#tools.algebra.attempt(user.op, [value], user.attributes, user.weights);
      // What could be merged is no obstacle.
      if (made === undefined || this.#tools.maps.of(made).some(({ map }) => map.kind === "matrix")) return 0;
      return this.#tools.costs.sum(new Set([...values, made])) - this.#tools.costs.sum(values);
    };
    return cost(is, after) - cost(was, before);
  }

  #isSame(before: Value, after: Value): boolean {
    return isSameType(before.type, after.type, this.#source.facts);
  }

  /** New values come from where the one that they replace comes from, which is returned, but do not have its name. */
  #note(original: Value, after: Value, added: ReadonlySet<Value>): readonly Origin[] {
    const origins = this.#origins.get(original) ?? this.#origins.get(this.#live.now(original)) ?? [];
    const unnamed = origins.slice(0, 1).map((origin) => ({ ...origin, name: undefined }));
    for (const value of added) if (value !== after && !this.#origins.has(value)) this.#origins.set(value, unnamed);
    return origins;
  }

  #isProved(removed: ReadonlySet<Value>, added: ReadonlySet<Value>): boolean {
    const [a, b] = [this.#tools.exact.sum(removed), this.#tools.exact.sum(added)];
    return this.#source.facts.decide({ op: ">=", a, b }).verdict === "yes";
  }
}
