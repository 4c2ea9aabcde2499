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
import { laws, type Laws } from "./laws.ts";
import { Live } from "./live.ts";
import { Maps } from "./map.ts";
import { Push } from "./push.ts";
import type { SearchTools } from "./tools.ts";
import type { Move } from "./way.ts";

export interface OptimizeOptions {
  /** Values of run-time sizes for which costs are compared; by default, 1 for `n` and 64 for all others. */
  readonly at?: Readonly<Record<string, number>> | undefined;
  /** The most changes to make, to find one that is wrong by bisection. */
  readonly limit?: number | undefined;
}

/** A value that was replaced by a cheaper one. */
export interface Replacement {
  readonly before: Node;
  readonly after: Value;
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
  const { at, limit = Infinity } = options;
  const changes: Change[] = [];
  const tools = toolsFor(graph, profile, relied, at);
  let current = graph;
  for (let sweep = 0; sweep < mostSweeps && changes.length < limit; sweep++) {
    const before = changes.length;
    current = new Sweep(current, tools, changes, limit).graph;
    if (changes.length === before) break;
  }
  return { graph: current, changes };
}

/** What all sweeps share, so that nothing is computed twice. */
interface Tools extends SearchTools {
  /** Costs for all sizes, for proofs. */
  readonly exact: GraphCosts<Size>;
  /** Values for which nothing better was found. What they are computed from is part of what they are. */
  readonly settled: Set<Value>;
}

function toolsFor({ builder }: ModelGraph, profile: Profile, laws: Laws, at: OptimizeOptions["at"]): Tools {
  const algebra = new Algebra(builder);
  const maps = new Maps(algebra);
  const numbers = numerically(nominalNumbers(builder.sizes, at));
  return {
    algebra,
    maps,
    laws,
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
    for (const value of order)
      if (value.kind === "node")
        for (const input of new Set(value.inputs)) this.#users.set(input, [...(this.#users.get(input) ?? []), value]);
    for (const value of order) this.#visit(value);
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

  #improve(originals: readonly Value[]): void {
    if (this.#changes.length >= this.#limit) return;
    const change = this.#improved(originals);
    if (change !== undefined) this.#changes.push(change);
    else if (originals.length === 1) this.#tools.settled.add(this.#live.now(originals[0]!));
  }

  /** Replaces values by the best ones, if that is worth it. */
  #improved(originals: readonly Value[]): Change | undefined {
    const { costs, settled } = this.#tools;
    const values = originals.map((original) => this.#live.now(original)).filter((value) => value.kind === "node");
    if (values.length < originals.length || (values.length === 1 && settled.has(values[0]!))) return undefined;
    try {
      const removed = this.#live.exclusive(values);
      const isPaid = (one: Value) => this.#live.isLive(one) && !removed.has(one);
      const push = new Push(this.#tools, isPaid);
      const found = values.map((before) => ({ before, way: push.best(before) }));
      const replaced = found
        .filter(({ before, way }) => before !== way.value && this.#fits(before, way.value))
        .map(({ before, way }): Replacement => ({ before, after: way.value, moves: way.moves }));
      if (replaced.length === 0) return undefined;
      const now = (value: Value) => replaced.find(({ before }) => before === value)?.after ?? value;
      const added = costs.region(values.map(now), isPaid);
      const [before, after] = [costs.sum(removed), costs.sum(added)];
      const later = originals.reduce((sum, original, i) => {
        const value = values[i]!;
        return sum + this.#after(original, [value, removed], [now(value), added]);
      }, 0);
      if (after + later >= margin * before) return undefined;
      for (const one of replaced) this.#live.replace(one.before, one.after);
      originals.forEach((original, i) => this.#note(original, now(values[i]!), added));
      return {
        replaced,
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
    [was, before]: readonly [Value, ReadonlySet<Value>],
    [is, after]: readonly [Value, ReadonlySet<Value>],
  ): number {
    const [user, ...others] = this.#users.get(original) ?? [];
    if (was === is || user?.inputs.length !== 1 || others.length > 0) return 0;
    const { algebra, maps, costs } = this.#tools;
    const cost = (value: Value, values: ReadonlySet<Value>) => {
      const made = algebra.attempt(user.op, [value], user.attributes, user.weights);
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

  /** New values come from where the one that they replace comes from, but do not have its name. */
  #note(original: Value, after: Value, added: ReadonlySet<Value>): void {
    const origins = this.#origins.get(original) ?? this.#origins.get(this.#live.now(original)) ?? [];
    const unnamed = origins.slice(0, 1).map((origin) => ({ ...origin, name: undefined }));
    for (const value of added) if (value !== after && !this.#origins.has(value)) this.#origins.set(value, unnamed);
  }

  #isProved(removed: ReadonlySet<Value>, added: ReadonlySet<Value>): boolean {
    const [a, b] = [this.#tools.exact.sum(removed), this.#tools.exact.sum(added)];
    return this.#source.facts.decide({ op: ">=", a, b }).verdict === "yes";
  }
}
