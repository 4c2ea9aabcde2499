/** @file What the optimizer would have made cheaper, had nothing been in the way: for reports, not for builds. */
import type { Node, Value } from "../ir/graph.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import { isSameType, rewrite } from "../ir/rewrite.ts";
import type { Trait } from "../ir/trait.ts";
import { volume, type Axis } from "../ir/type.ts";
import { inOrder } from "../ir/walk.ts";
import { inputAxis } from "../ops/shared/layers.ts";
import { nominalNumbers } from "../plan/buffers.ts";
import { planCost, planWork } from "../plan/cost.ts";
import { plan } from "../plan/plan.ts";
import type { Profile } from "../plan/profile.ts";
import { SizeTooLarge } from "../sizes/pool.ts";
import type { Size } from "../sizes/size.ts";
import { isObstacle, type Obstacle } from "./exchange.ts";
import { Live } from "./live.ts";
import { traitOf, type Application, type Mapping } from "./map.ts";
import { toolsFor, type OptimizeOptions, type Tools } from "./optimize.ts";
import { Push } from "./push.ts";
import type { Way } from "./way.ts";
import { isSamePlace } from "./written.ts";

/** Two operators that were not exchanged, although that would have saved something. */
export interface NearMiss {
  /** The operator that would be computed earlier. */
  readonly node: Node;
  /** What it would be computed before. */
  readonly partner: Node;
  /** What is in the way: the partner itself, or an operator between the two. */
  readonly blocker: Node;
  readonly obstacle: Obstacle;
  /** How the operator and the blocker act. */
  readonly outer: Trait;
  readonly inner: Trait;
  /** The axes on which the two act both. */
  readonly shared: readonly Axis[];
  /** The part of the optimized model's cost that it would save, from 0 to 1: the plan without the obstacle says so. */
  readonly saves: number;
  /** The multiply-accumulates that it would save, at the sizes that were asked for; negative if there would be more. */
  readonly macs: number;
}

/** What a near miss must save of the model at least, how many are planned, and how many are returned. */
const leastSaving = 0.02;
const mostPlanned = 10;
const mostReturned = 5;

/** Returns the near misses of a graph that is optimized already, those that would save most first. */
export function nearMisses(graph: ModelGraph, profile: Profile, options: OptimizeOptions = {}): readonly NearMiss[] {
  const { candidates } = new Search(graph, toolsFor(graph, profile, options.at), options.at);
  if (candidates.length === 0) return [];
  const number = nominalNumbers(graph.builder.sizes, options.at);
  const figures = (of: ModelGraph) => {
    const planned = plan(of, profile);
    return { cost: planCost(planned, number), macs: planWork(planned, number).macs };
  };
  const now = figures(graph);
  const planned = candidates
    .toSorted((a, b) => b.estimate - a.estimate)
    .slice(0, mostPlanned)
    .map(({ miss, value }): NearMiss => {
      const then = figures(rewrite(graph, (one) => (one === miss.node ? value : undefined)));
      return { ...miss, saves: 1 - then.cost / now.cost, macs: now.macs - then.macs };
    });
  return planned
    .filter(({ saves }) => saves >= leastSaving)
    .toSorted((a, b) => b.saves - a.saves)
    .slice(0, mostReturned);
}

/** What may be a near miss, with the value that would be there instead, before that is planned. */
interface Candidate {
  readonly miss: Omit<NearMiss, "saves" | "macs">;
  readonly value: Value;
  /** The part of the cost of the graph that it would save. */
  readonly estimate: number;
}

/** A value that would be equal if an obstacle were none, and what its first operator was moved before. */
interface Forced {
  readonly value: Value;
  readonly partner: Node;
}

class Search {
  readonly candidates: Candidate[] = [];
  readonly #graph: ModelGraph;
  readonly #tools: Tools;
  readonly #number: (size: Size) => number;

  constructor(graph: ModelGraph, tools: Tools, at: OptimizeOptions["at"]) {
    this.#graph = graph;
    this.#tools = tools;
    this.#number = nominalNumbers(graph.builder.sizes, at);
    const roots = graph.results.map(({ value }) => value);
    const operands = (value: Value) => tools.algebra.operands(value);
    const live = new Live(roots, operands);
    const whole = tools.costs.total(roots);
    for (const value of inOrder(roots, operands)) {
      if (value.kind !== "node") continue;
      const removed = live.exclusive([value]);
      const isPaid = (one: Value) => live.isLive(one) && !removed.has(one);
      try {
        this.#visit(value, isPaid, whole);
      } catch (error) {
        // Costs are products of sizes. Where these are too large, nothing is known about them.
        if (!(error instanceof SizeTooLarge)) throw error;
      }
    }
  }

  #visit(node: Node, isPaid: (value: Value) => boolean, whole: number): void {
    const { maps, costs, laws } = this.#tools;
    const push = new Push(this.#tools, isPaid);
    const cost = costs.total([node], isPaid);
    // More than all of it cannot be saved.
    if (cost < leastSaving * whole) return;
    for (const outer of maps.of(node)) {
      const own = traitOf(outer.map);
      if (outer.x.kind !== "node" || own.from.length + own.to.length === 0) continue;
      for (const inner of maps.of(outer.x)) {
        const other = traitOf(inner.map);
        const obstacle = laws.exchange(own, other);
        if (!isObstacle(obstacle)) continue;
        const forced = this.#forced(node, outer, outer.x, inner, obstacle, push);
        if (forced === undefined) continue;
        const estimate = (cost - costs.total([forced.value], isPaid)) / whole;
        if (estimate < leastSaving || !this.#isApart(node, forced.partner, outer.x)) continue;
        const shared = sharedAxes(own, other);
        const miss = { node, partner: forced.partner, blocker: outer.x, obstacle, outer: own, inner: other, shared };
        this.candidates.push({ miss, value: forced.value, estimate });
      }
    }
  }

  /** Whether the program writes an operator elsewhere than what it stays after: no author can exchange one with itself. */
  #isApart(node: Node, ...others: readonly Node[]): boolean {
    const origin = (value: Node) => this.#graph.origins.get(value)?.[0];
    return !others.some((other) => isSamePlace(origin(node), origin(other)));
  }

  /** The two exchanged in spite of the obstacle, if that is what an author would think of. */
  #forced(
    node: Node,
    outer: Application,
    blocker: Node,
    inner: Application,
    obstacle: Obstacle,
    push: Push,
  ): Forced | undefined {
    const { maps } = this.#tools;
    const isBetween = isSameType(blocker.type, inner.x.type, this.#graph.facts);
    if (isBetween && obstacle === "axes") return undefined;
    const isPair = this.#isProductAndResizing(node, outer, blocker, inner, obstacle);
    if (!isBetween && !isPair) return undefined;
    if (!fits(outer.map, blocker, inner.x)) return undefined;
    const direct = maps.on(outer.map, inner.x);
    if (direct === undefined || !fits(inner.map, inner.x, direct)) return undefined;
    const way = push.best(direct);
    const partner = (isBetween ? partnerOf(way) : undefined) ?? (isPair ? blocker : undefined);
    const value = partner && maps.on(inner.map, way.value);
    if (value === undefined || !isSameType(value.type, node.type, this.#graph.facts)) return undefined;
    return { value, partner: partner! };
  }

  /** Whether one multiplies and the other changes how many elements there are. */
  #isProductAndResizing(
    node: Node,
    outer: Application,
    blocker: Node,
    inner: Application,
    obstacle: Obstacle,
  ): boolean {
    // A product that makes its operand smaller is cheaper before another one, were it not for the constant.
    if (obstacle === "constant" && isProduct(node) && isProduct(blocker)) return this.#resizes(node, blocker);
    const resizing = isProduct(node) ? inner.map : outer.map;
    const isOneProduct = isProduct(node) !== isProduct(blocker);
    const isResizing = isProduct(node) ? this.#resizes(blocker, inner.x) : this.#resizes(node, blocker);
    const { is } = traitOf(resizing);
    // Where two tensors meet, as in a gate, no order of the two makes a product of one of them a product of both.
    const isAlone = [node, blocker].every((one) => this.#tools.algebra.operands(one).length === 1);
    return isOneProduct && isResizing && (obstacle !== "axes" || (isAlone && (is === "linear" || is === "gather")));
  }

  #resizes(after: Value, before: Value): boolean {
    const count = ({ type }: Value) => this.#number(volume(this.#graph.builder.sizes, type));
    return count(after) !== count(before);
  }
}

const isProduct = ({ op }: Node): boolean => op.macs !== undefined;

/** What an operator meets that a blocker keeps it from. Two products that could be one are no news: activations are meant to part them. */
function partnerOf({ moves }: Way): Node | undefined {
  const [first] = moves;
  if (first === undefined || first.rule === "merge" || first.at.kind !== "node") return undefined;
  if (moves.some(({ rule, at }) => rule === "merge" && at.kind === "node" && isProduct(at))) return undefined;
  return first.rule === "collect" || first.rule === "join" ? undefined : first.at;
}

/** Whether a map, which was applied to `from`, can be applied to another value: its tensors fit, and the axes that it makes are new. */
function fits(map: Mapping, from: Value, to: Value): boolean {
  const { from: taken, to: made } = traitOf(map);
  if (made.some((axis) => !taken.includes(axis) && to.type.axes.has(axis))) return false;
  const node = map.kind === "operator" ? map.node : map.written?.node;
  const own = map.kind === "matrix" ? [map.weight, map.bias] : [];
  const tensors = [...Object.values(node?.weights ?? {}), ...own].filter((tensor) => tensor !== undefined);
  const axes = new Set([...from.type.axes.keys(), ...to.type.axes.keys()]);
  const changed = [...axes].filter((axis) => from.type.axes.get(axis) !== to.type.axes.get(axis));
  return changed.every((axis) => {
    const size = from.type.axes.get(axis);
    return tensors.every(
      ({ type }) => !type.axes.has(inputAxis(axis)) && (!type.axes.has(axis) || type.axes.get(axis) !== size),
    );
  });
}

function sharedAxes(a: Trait, b: Trait): readonly Axis[] {
  const acted = ({ from, to }: Trait) => [...from, ...to];
  const touched = (trait: Trait) => [...acted(trait), ...(trait.along ?? [])];
  const shared = [
    ...acted(a).filter((axis) => touched(b).includes(axis)),
    ...acted(b).filter((axis) => touched(a).includes(axis)),
  ];
  return [...new Set(shared)];
}
