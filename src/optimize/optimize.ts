/** @file Makes a model's graph cheaper: every operator is computed where it costs least. Results are equal up to rounding. */
import type { Node, Origin, Value } from "../ir/graph.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import { isSameType, mergedOrigins, withOperands } from "../ir/rewrite.ts";
import type { Axis } from "../ir/type.ts";
import { inOrder, reachable } from "../ir/walk.ts";
import { nominalNumbers } from "../plan/buffers.ts";
import type { Profile } from "../plan/profile.ts";
import { SizeTooLarge } from "../sizes/pool.ts";
import type { Size } from "../sizes/size.ts";
import { Algebra } from "./algebra.ts";
import { exactly, GraphCosts, numerically } from "./cost.ts";
import { laws, type Laws } from "./laws.ts";
import { Live } from "./live.ts";
import { Maps } from "./map.ts";
import { Push } from "./push.ts";
import type { SearchTools } from "./tools.ts";
import type { Move, Way } from "./way.ts";

/** How to make models cheaper. */
export interface OptimizeOptions {
  /**
   * Sizes of the inputs at which costs are compared, where nothing can be proved for all. Default: 1 for `n` and 64 for any
   * other size that is not given.
   */
  readonly at?: Readonly<Record<string, number>> | undefined;
  /**
   * The most changes to make to a model, to find one by bisection: they are made even if the plan costs more with them.
   * `buildReports` numbers the changes. Default: all that save something.
   */
  readonly limit?: number | undefined;
}

/** No change at all. */
export const asWritten: OptimizeOptions = { limit: 0 };

/** A value that was replaced by a cheaper one. */
export interface Replacement {
  readonly before: Node;
  readonly after: Value;
  /** Where the program writes what was replaced. */
  readonly origins: readonly Origin[];
  readonly moves: readonly Move[];
}

/** One change: of a value, or of several that only save together, because they share what they are computed from. */
export interface Change {
  readonly replaced: readonly Replacement[];
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
/** Searches for one change after the first. */
const mostRepeats = 2;

/**
 * Returns an equal graph that costs less on the targets of the profile, in order of the changes made. The weights of the
 * model stay those of the source: new ones are expressions of them, computed when the model is loaded.
 */
export function optimize(
  graph: ModelGraph,
  profile: Profile,
  options: OptimizeOptions = {},
  relied: Laws = laws,
): Optimized {
  return optimizeWith(toolsFor(graph, profile, options.at, relied), graph, options.limit);
}

/** Does the same with tools that count the work. */
export function optimizeWith(tools: Tools, graph: ModelGraph, limit = Infinity): Optimized {
  const changes: Change[] = [];
  let current = graph;
  for (let sweep = 0; sweep < mostSweeps && changes.length < limit; sweep++) {
    const before = changes.length;
    current = new Sweep(current, tools, changes, limit).graph;
    if (changes.length === before) break;
  }
  return { graph: current, changes };
}

/** What all sweeps share, so that nothing is computed twice. */
export interface Tools extends SearchTools {
  /** Costs for all sizes, for proofs. */
  readonly exact: GraphCosts<Size>;
  /** Values for which nothing better was found. What they are computed from is part of what they are. */
  readonly settled: Set<Value>;
}

export function toolsFor(
  { builder, results }: ModelGraph,
  profile: Profile,
  at: OptimizeOptions["at"],
  relied: Laws = laws,
): Tools {
  const algebra = new Algebra(builder);
  const maps = new Maps(algebra);
  const size = reachable(results.map(({ value }) => value)).size;
  const numbers = numerically(nominalNumbers(builder.sizes, at));
  return {
    algebra,
    maps,
    laws: relied,
    mostWork: { asked: 10_000 + 50 * size, walked: 1_000_000 + 2_000 * size },
    costs: new GraphCosts(algebra, maps, profile, numbers),
    exact: new GraphCosts(algebra, maps, profile, exactly(builder.sizes)),
    settled: new Set(),
  };
}

/** Ways to compute some values, all that these need besides what is paid for, and what that costs. */
interface Found {
  readonly ways: ReadonlyMap<Node, Way>;
  readonly region: ReadonlySet<Value>;
  readonly cost: number;
}

/** Visits every operator once, operands first. */
class Sweep {
  readonly graph: ModelGraph;
  readonly #tools: Tools;
  readonly #live: Live;
  readonly #origins: Map<Value, readonly Origin[]>;
  readonly #users = new Map<Value, Node[]>();
  readonly #source: ModelGraph;

  readonly #changes: Change[];
  readonly #limit: number;
  readonly #visited = new Set<Value>();

  constructor(source: ModelGraph, tools: Tools, changes: Change[], limit: number) {
    const { results } = source;
    this.#changes = changes;
    this.#limit = limit;
    this.#source = source;
    this.#tools = tools;
    this.#origins = new Map(source.origins);
    const operands = (value: Value) => this.#tools.algebra.operands(value);
    const roots = results.map(({ value }) => value);
    this.#live = new Live(roots, operands);
    const order = inOrder(roots, operands);
    for (const value of order) {
      if (value.kind !== "node") continue;
      for (const input of new Set(value.inputs)) {
        const users = this.#users.get(input);
        if (users === undefined) this.#users.set(input, [value]);
        else users.push(value);
      }
    }
    for (const value of order) this.#visit(value);
    this.graph = {
      ...source,
      results: results.map((result) => ({ ...result, value: this.#live.now(result.value) })),
      origins: mergedOrigins(this.#origins, (value) => this.#live.now(value)),
    };
  }

  #rebuild(value: Value): void {
    // Weights are never replaced.
    if (value.kind === "node" && value.inputs.every((input) => this.#live.now(input) === input)) return;
    const made = withOperands(value, (operand) => this.#live.now(operand), this.#tools.algebra.builder);
    this.#live.replace(value, this.#live.now(made));
  }

  #visit(value: Value): void {
    if (this.#visited.has(value)) return;
    this.#visited.add(value);
    this.#rebuild(value);
    this.#improve([value]);
    const users = this.#users.get(value) ?? [];
    if (users.length < 2 || !users.every((user) => this.#isMatrixOf(user, value))) return;
    // Alone, each of several products still pays for what all share, so that they only gain together.
    const before = this.#changes.length;
    for (const user of users) this.#visit(user);
    if (this.#changes.length === before) this.#improve(users);
  }

  #isMatrixOf(user: Value, x: Value): boolean {
    const { algebra, maps } = this.#tools;
    return (
      algebra.operands(user).every((operand) => operand === x) && maps.of(user).some(({ map }) => map.kind === "matrix")
    );
  }

  /** Improves these values, and then what was made for them, operands first. */
  #improve(originals: readonly Value[]): void {
    const open = [originals];
    for (let next = open.pop(); next !== undefined && this.#changes.length < this.#limit; next = open.pop()) {
      // What is made for one value may use what was replaced just before.
      if (next !== originals) for (const value of next) if (this.#live.isLive(value)) this.#rebuild(value);
      const change = this.#improved(next);
      if (change !== undefined) {
        this.#changes.push(change);
        for (const value of change.added.toReversed()) open.push([value]);
      } else if (next.length === 1) this.#tools.settled.add(this.#live.now(next[0]!));
    }
  }

  /** Replaces values by the best ones, if that is worth it. */
  #improved(originals: readonly Value[]): Change | undefined {
    const { algebra, costs, settled } = this.#tools;
    const values = originals.map((original) => this.#live.now(original)).filter((value) => value.kind === "node");
    if (values.length < originals.length || (values.length === 1 && settled.has(values[0]!))) return undefined;
    try {
      let exclusive: ReadonlySet<Value> | undefined;
      // Most values have no other way, and then nobody asks what is paid.
      const isRemoved = (one: Value) => (exclusive ??= this.#live.exclusive(values)).has(one);
      const isPaid = (one: Value) => this.#live.isLive(one) && !isRemoved(one);
      let best = this.#searched(values, isPaid);
      for (let left = mostRepeats; left > 0 && best !== undefined; left--) {
        // What this search leaves in the graph is free for the next one: branches share what they need anyway.
        const kept = best.region;
        const isThere = (one: Value) =>
          isPaid(one) || (isRemoved(one) && kept.has(one) && !values.includes(one as Node));
        const again = this.#searched(values, isThere, isPaid);
        if (again === undefined || again.cost >= best.cost) break;
        best = again;
      }
      if (best === undefined) return undefined;
      const removed = this.#live.exclusive(values);
      const now = (value: Node): Value => best.ways.get(value)?.value ?? value;
      const [added, before, after] = [best.region, costs.sum(removed), best.cost];
      const later = originals.reduce((sum, original, i) => {
        const value = values[i]!;
        return sum + this.#after(original, [value, removed], [now(value), added]);
      }, 0);
      // What is there before and after is not replaced, however much that is.
      const kept = costs.sum(new Set([...removed].filter((one) => added.has(one))));
      if (after - kept + later >= margin * (before - kept)) return undefined;
      const replaced = [...best.ways].map(([before, { value: after, moves }]): Replacement => {
        this.#live.replace(before, after);
        return { before, after, moves, origins: this.#note(originals[values.indexOf(before)]!, after, added, removed) };
      });
      const isProved = () => this.#isProved(removed, added);
      return {
        replaced,
        removed: [...removed].filter((one) => !added.has(one)),
        added: inOrder(
          replaced.map(({ after }) => after),
          (one) => algebra.operands(one).filter((operand) => added.has(operand)),
        ).filter((one) => !removed.has(one)),
        costs: { before, after },
        get isProved() {
          return isProved();
        },
      };
    } catch (error) {
      // Costs are products of sizes. Where these are too large, nothing is known about them.
      if (error instanceof SizeTooLarge) return undefined;
      throw error;
    }
  }

  /** The best ways for some values when others are there already, with what they cost then; undefined if there are none. */
  #searched(
    values: readonly Node[],
    isThere: (value: Value) => boolean,
    isPaid: (value: Value) => boolean = isThere,
  ): Found | undefined {
    const { costs } = this.#tools;
    const push = new Push(this.#tools, isThere, (one) => this.#live.isShared(one));
    const found = values.map((value) => [value, push.best(value)] as const);
    const ways = new Map(found.filter(([value, way]) => value !== way.value && this.#fits(value, way.value)));
    if (ways.size === 0) return undefined;
    const region = costs.region(
      values.map((value): Value => ways.get(value)?.value ?? value),
      isPaid,
    );
    return { ways, region, cost: costs.sum(region) };
  }

  /** What the user of a value costs more after another one: an activation is free only after a product. */
  #after(
    original: Value,
    [was, before]: readonly [Value, ReadonlySet<Value>],
    [is, after]: readonly [Value, ReadonlySet<Value>],
  ): number {
    const [user, ...others] = this.#users.get(original) ?? [];
    if (was === is || user?.inputs.length !== 1 || others.length > 0) return 0;
    const { algebra, maps, costs } = this.#tools;
    const cost = (value: Value, values: ReadonlySet<Value>) => {
      const made = algebra.again(user, [value]);
      // What could be merged is no obstacle.
      if (made === undefined || maps.of(made).some(({ map }) => map.kind === "matrix")) return 0;
      return costs.sum(new Set([...values, made])) - costs.sum(values);
    };
    return cost(is, after) - cost(was, before);
  }

  /** Whether the type is the same, and the value was not replaced itself. */
  #fits(before: Value, after: Value): boolean {
    return this.#live.now(after) === after && isSameType(before.type, after.type, this.#source.facts);
  }

  /**
   * New values come from the operator that moved there or, if none did, from the one that was replaced, whose origins are
   * returned. They have no name of the author's.
   */
  #note(original: Value, after: Value, added: ReadonlySet<Value>, removed: ReadonlySet<Value>): readonly Origin[] {
    const origins = this.#origins.get(original) ?? this.#origins.get(this.#live.now(original)) ?? [];
    for (const value of added) {
      if (value === after || this.#origins.has(value)) continue;
      const moved = [...removed].find((one) => isMoved(one, value));
      const [origin] = (moved && this.#origins.get(moved)) ?? origins;
      if (origin !== undefined) this.#origins.set(value, [{ ...origin, name: undefined }]);
    }
    return origins;
  }

  #isProved(removed: ReadonlySet<Value>, added: ReadonlySet<Value>): boolean {
    try {
      const [a, b] = [this.#tools.exact.sum(removed), this.#tools.exact.sum(added)];
      return this.#source.facts.decide({ op: ">=", a, b }).verdict === "yes";
    } catch (error) {
      if (error instanceof SizeTooLarge) return false;
      throw error;
    }
  }
}

/** Whether two values are by the same operator, which changes the same axes in the same way. */
function isMoved(before: Value, after: Value): boolean {
  if (before.kind !== "node" || after.kind !== "node" || before.op.name !== after.op.name) return false;
  const axes = [before, after].flatMap(({ inputs: [x], type }) => [
    ...(x?.type.axes.keys() ?? []),
    ...type.axes.keys(),
  ]);
  return axes.every((axis) => {
    const [own, other] = [changeOf(before, axis), changeOf(after, axis)];
    return own?.from === other?.from && own?.to === other?.to;
  });
}

/** The sizes of an axis in the first input and the result; undefined if they are the same. */
function changeOf({ inputs: [x], type }: Node, axis: Axis) {
  const [from, to] = [x?.type.axes.get(axis), type.axes.get(axis)];
  return from === to ? undefined : { from, to };
}
