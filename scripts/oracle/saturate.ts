/** @file Applies every rule of the optimizer everywhere, breadth first, whatever it costs, and keeps the cheapest graph. */
import type { Value } from "../../src/ir/graph.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { isSameType, withOperands } from "../../src/ir/rewrite.ts";
import { inOrder } from "../../src/ir/walk.ts";
import { Algebra } from "../../src/optimize/algebra.ts";
import { GraphCosts, numerically } from "../../src/optimize/cost.ts";
import { laws } from "../../src/optimize/laws.ts";
import { Maps } from "../../src/optimize/map.ts";
import { Push } from "../../src/optimize/push.ts";
import type { Move, Way } from "../../src/optimize/way.ts";
import { nominalNumbers } from "../../src/plan/buffers.ts";
import type { Profile } from "../../src/plan/profile.ts";

export interface Bounds {
  readonly graphs: number;
  readonly ms: number;
}

/** A graph that a search found, by its results. */
export interface Found {
  readonly results: readonly Value[];
  readonly cost: number;
  /** How it was made, the first step first. */
  readonly moves: readonly Move[];
}

export interface Saturated {
  readonly best: Found;
  readonly graphs: number;
  /** Whether no rule leads to another graph. */
  readonly isComplete: boolean;
}

/** One rule at a time, without an opinion on what it gains. */
class Step extends Push {
  override best(value: Value): Way {
    return { value, moves: [] };
  }

  protected override meets(): boolean {
    return true;
  }

  protected override isSmaller(): boolean {
    return true;
  }

  /** All subsets. */
  protected override *leaving<T>(parts: readonly T[]): Generator<readonly T[]> {
    for (let bits = 1; bits < 2 ** Math.min(parts.length, mostApart); bits++)
      yield parts.filter((_, index) => Math.floor(bits / 2 ** index) % 2 === 1);
  }
}

/** Operands of a concat of which all subsets are tried. */
const mostApart = 5;

export class Saturation {
  readonly #graph: ModelGraph;
  readonly #algebra: Algebra;
  readonly #costs: GraphCosts<number>;
  readonly #step: Step;
  readonly #known = new Map<Value, readonly Way[]>();

  constructor(graph: ModelGraph, profile: Profile, at: Readonly<Record<string, number>>) {
    const { builder } = graph;
    this.#graph = graph;
    this.#algebra = new Algebra(builder);
    const maps = new Maps(this.#algebra);
    this.#costs = new GraphCosts(this.#algebra, maps, profile, numerically(nominalNumbers(builder.sizes, at)));
    const mostWork = { asked: Infinity, walked: Infinity };
    this.#step = new Step({ algebra: this.#algebra, maps, costs: this.#costs, laws, mostWork }, () => false);
  }

  cost(results: readonly Value[]): number {
    return this.#costs.total(results);
  }

  /** Searches from these results. Graphs of as many steps are tried in the order of their costs. */
  from(results: readonly Value[], bounds: Bounds): Saturated {
    const end = performance.now() + bounds.ms;
    const keyOf = (values: readonly Value[]) => values.map(({ id }) => id).join();
    let best: Found = { results, cost: this.cost(results), moves: [] };
    let level = [best];
    const seen = new Set([keyOf(results)]);
    while (level.length > 0) {
      const next: Found[] = [];
      for (const found of level)
        for (const { results, moves } of this.#after(found.results)) {
          const key = keyOf(results);
          if (seen.has(key)) continue;
          seen.add(key);
          const made: Found = { results, cost: this.cost(results), moves: [...found.moves, ...moves] };
          if (made.cost < best.cost) best = made;
          next.push(made);
          if (seen.size >= bounds.graphs || performance.now() > end)
            return { best, graphs: seen.size, isComplete: false };
        }
      level = next.sort((a, b) => a.cost - b.cost);
    }
    return { best, graphs: seen.size, isComplete: true };
  }

  /** Every graph that one rule makes of a graph. */
  *#after(results: readonly Value[]): Generator<Pick<Found, "results" | "moves">> {
    const order = inOrder(results, (value) => this.#algebra.operands(value));
    for (const value of order)
      for (const way of this.#ways(value))
        yield { results: this.#replaced(order, results, value, way.value), moves: way.moves };
  }

  #ways(value: Value): readonly Way[] {
    let known = this.#known.get(value);
    if (known === undefined) {
      const fits = (way: Way) => way.value !== value && isSameType(value.type, way.value.type, this.#graph.facts);
      this.#known.set(value, (known = [...this.#step.ways(value)].filter(fits)));
    }
    return known;
  }

  #replaced(order: readonly Value[], results: readonly Value[], before: Value, after: Value): readonly Value[] {
    const now = new Map([[before, after]]);
    for (const value of order)
      if (!now.has(value) && this.#algebra.operands(value).some((operand) => now.has(operand)))
        now.set(
          value,
          withOperands(value, (operand) => now.get(operand) ?? operand, this.#algebra.builder),
        );
    return results.map((result) => now.get(result) ?? result);
  }
}
