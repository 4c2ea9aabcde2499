/** @file What the optimizer did to a model and what it left, as data for people and programs. */
import { macsOf } from "../ir/costs.ts";
import type { Node, Origin, Value } from "../ir/graph.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import { inOrder } from "../ir/walk.ts";
import { nominalNumbers } from "../plan/buffers.ts";
import type { Plan } from "../plan/plan.ts";
import type { Profile } from "../plan/profile.ts";
import type { Size } from "../sizes/size.ts";
import { nearMisses, type NearMiss } from "./near-misses.ts";
import type { Change, OptimizeOptions } from "./optimize.ts";
import { planOptimized } from "./planned.ts";
import { reasonOf, sentenceOf } from "./sentences.ts";

/** An operator in a change. */
export interface Part {
  readonly node: Node;
  /** Multiply-accumulates at the sizes that were asked for. */
  readonly macs: number;
}

/** An operator that was replaced. */
export interface Place {
  /** Where the program writes it; undefined if an earlier change made it. */
  readonly origin: Origin | undefined;
  readonly node: Node;
}

export interface ReportedChange {
  /** What was replaced: one operator, or several that only save together. */
  readonly places: readonly Place[];
  /** The theorems used, each once, in sentences. */
  readonly steps: readonly { readonly rule: string; readonly text: string }[];
  readonly before: readonly Part[];
  readonly after: readonly Part[];
  /** The part of the cost that it saves, from 0 to 1. */
  readonly saves: number;
  readonly isProved: boolean;
}

export interface ReportedMiss {
  readonly origin: Origin | undefined;
  readonly miss: NearMiss;
  /** Why the two were not exchanged, in a sentence. */
  readonly text: string;
}

export interface Report {
  /** The model as the author wrote it. */
  readonly graph: ModelGraph;
  readonly asWritten: Plan;
  readonly optimized: Plan;
  readonly changes: readonly ReportedChange[];
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
    changes: found.changes.map((change) => reported(change, graph, number)),
    misses: missesOf(found.graph, profile, options),
  };
}

/** What remains to be said about an optimized graph. */
export function missesOf(graph: ModelGraph, profile: Profile, options: OptimizeOptions = {}): readonly ReportedMiss[] {
  return nearMisses(graph, profile, options).map((miss) => {
    return { origin: graph.origins.get(miss.node)?.[0], miss, text: reasonOf(miss, graph.origins) };
  });
}

function reported(change: Change, { builder }: ModelGraph, number: (size: Size) => number): ReportedChange {
  const { replaced, removed, added, costs, isProved } = change;
  const nothing = builder.sizes.int(0);
  const part = (node: Node): Part => {
    const macs = macsOf(node, builder);
    return { node, macs: macs === nothing ? 0 : number(macs) };
  };
  const moves = replaced.flatMap(({ moves }) => moves);
  const steps = new Map(moves.map((move) => [sentenceOf(move), move.rule]));
  return {
    places: replaced.map(({ origins, before }) => ({ origin: origins[0], node: before })),
    steps: [...steps].map(([text, rule]) => ({ rule, text })),
    before: nodesOf(
      replaced.map(({ before }) => before),
      removed,
    ).map(part),
    after: nodesOf(
      replaced.map(({ after }) => after),
      added,
    ).map(part),
    saves: 1 - costs.after / costs.before,
    isProved,
  };
}

/** The operators among some values, in order of evaluation. */
function nodesOf(roots: readonly Value[], values: readonly Value[]): readonly Node[] {
  const chosen = new Set(values);
  return inOrder(roots)
    .filter((value) => value.kind === "node")
    .filter((node) => chosen.has(node));
}
