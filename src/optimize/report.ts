/** @file What the optimizer did to a model and what it left, as data for people and programs. */
import { macsOf } from "../ir/costs.ts";
import type { Node, Value } from "../ir/graph.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import { inOrder } from "../ir/walk.ts";
import { nominalNumbers } from "../plan/buffers.ts";
import { planCost } from "../plan/cost.ts";
import type { Plan } from "../plan/plan.ts";
import type { Profile } from "../plan/profile.ts";
import type { Size } from "../sizes/size.ts";
import { nearMisses, type NearMiss } from "./near-misses.ts";
import { toolsFor, type Change, type OptimizeOptions, type Tools } from "./optimize.ts";
import { planOptimized } from "./planned.ts";
import { obstacleOf, reasonOf, sentenceOf } from "./sentences.ts";
import { writtenIn, type Written } from "./written.ts";

/** An operator in a change. */
export interface Part {
  readonly node: Node;
  /** Multiply-accumulates at the sizes that were asked for. */
  readonly macs: number;
  /** The product that it is fused into, in its weights or at its end: it costs nothing of its own. */
  readonly fusedInto: Value | undefined;
}

/** A change to a model. */
export interface ReportedChange {
  /** Where it comes in the order of changes, from 1. `limit` counts in this order. */
  readonly number: number;
  /** What was replaced, as the program writes it: one operator, or several that only save together. */
  readonly places: readonly Written[];
  /** The theorems used, each once, in sentences. */
  readonly steps: readonly { readonly rule: string; readonly text: string }[];
  readonly before: readonly Part[];
  readonly after: readonly Part[];
  /** The part of the cost of the model as written that it saves, from 0 to 1: an estimate, made before there is a plan. */
  readonly saves: number;
  /** Whether it saves something at every size that the model accepts. */
  readonly isProved: boolean;
}

/** Two operators that were not exchanged, although that would have saved something. */
export interface ReportedMiss {
  /** The operators of the near miss as the program writes them. */
  readonly node: Written;
  readonly partner: Written;
  readonly blocker: Written;
  readonly miss: NearMiss;
  /** Why the two were not exchanged, in a sentence with places. */
  readonly text: string;
  /** What the two do that keeps them from being exchanged, without places. */
  readonly obstacle: string;
}

/** What the optimizer did to a model, and what it left. */
export interface Report {
  /** The model as the author wrote it. */
  readonly graph: ModelGraph;
  /** The plan of the model as written, and the plan that is built. */
  readonly asWritten: Plan;
  readonly optimized: Plan;
  /** How long a run of the two is predicted to take, in picoseconds at the sizes that were asked for. */
  readonly costs: { readonly asWritten: number; readonly optimized: number };
  /** In the order in which they were made. */
  readonly changes: readonly ReportedChange[];
  /** Those that would save most first; none if the changes are limited. */
  readonly misses: readonly ReportedMiss[];
}

/** Optimizes a model for a target, and reports what was done and what was nearly done. */
export function reportOn(graph: ModelGraph, profile: Profile, options: OptimizeOptions = {}): Report {
  const found = planOptimized(graph, profile, options);
  const number = nominalNumbers(graph.builder.sizes, options.at);
  return {
    graph,
    asWritten: found.asWritten,
    optimized: found.plan,
    costs: { asWritten: planCost(found.asWritten, number), optimized: planCost(found.plan, number) },
    changes: changesOf(graph, found.changes, profile, options),
    misses: options.limit === undefined ? missesOf(graph, found.graph, profile, options) : [],
  };
}

/** What remains to be said about an optimized graph. */
export function missesOf(
  source: ModelGraph,
  optimized: ModelGraph,
  profile: Profile,
  options: OptimizeOptions = {},
): readonly ReportedMiss[] {
  const writtenOf = writtenIn(source);
  const written = (node: Node) => writtenOf(node, optimized.origins.get(node));
  return nearMisses(optimized, profile, options).map((miss) => ({
    node: written(miss.node),
    partner: written(miss.partner),
    blocker: written(miss.blocker),
    miss,
    text: reasonOf(miss, written),
    obstacle: obstacleOf(miss, written),
  }));
}

function changesOf(
  source: ModelGraph,
  changes: readonly Change[],
  profile: Profile,
  options: OptimizeOptions,
): readonly ReportedChange[] {
  const reporting = new Reporting(source, profile, options);
  return changes.map((change, index) => reporting.reported(change, index + 1));
}

/** What is the same for all changes of a model. */
class Reporting {
  readonly #source: ModelGraph;
  readonly #written: ReturnType<typeof writtenIn>;
  readonly #tools: Tools;
  readonly #number: (size: Size) => number;
  readonly #whole: number;

  constructor(source: ModelGraph, profile: Profile, { at }: OptimizeOptions) {
    this.#source = source;
    this.#written = writtenIn(source);
    this.#tools = toolsFor(source, profile, at);
    this.#number = nominalNumbers(source.builder.sizes, at);
    this.#whole = this.#tools.costs.total(source.results.map(({ value }) => value));
  }

  reported({ replaced, removed, added, costs, isProved }: Change, number: number): ReportedChange {
    const moves = replaced.flatMap(({ moves }) => moves);
    const steps = new Map(moves.map((move) => [sentenceOf(move), move.rule]));
    return {
      number,
      places: replaced.map(({ origins, before }) => this.#written(before, origins)),
      steps: [...steps].map(([text, rule]) => ({ rule, text })),
      before: this.#parts(
        replaced.map(({ before }) => before),
        removed,
      ),
      after: this.#parts(
        replaced.map(({ after }) => after),
        added,
      ),
      saves: (costs.before - costs.after) / this.#whole,
      isProved,
    };
  }

  /** The operators among some values, in order of evaluation. */
  #parts(roots: readonly Value[], values: readonly Value[]): readonly Part[] {
    const { algebra, costs } = this.#tools;
    const chosen = new Set(values);
    const all = inOrder(roots, (value) => algebra.operands(value));
    const productOf = costs.fusedIn(new Set(all));
    return all
      .filter((value) => value.kind === "node")
      .filter((node) => chosen.has(node))
      .map((node) => ({ node, macs: this.#macs(node), fusedInto: productOf(node) }));
  }

  #macs(node: Node): number {
    const { builder } = this.#source;
    const macs = macsOf(node, builder);
    return macs === builder.sizes.int(0) ? 0 : this.#number(macs);
  }
}
