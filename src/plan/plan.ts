/** @file The plan: how to run a model, as data, and the function that makes it from a graph. */
import type { ManifestEntry } from "../contract/manifest.ts";
import type { ModelGraph } from "../ir/model-graph.ts";
import type { Axis } from "../ir/type.ts";
import { joinAttention } from "./attention.ts";
import { absorbEpilogues } from "./epilogues.ts";
import { withFewAxes } from "./few-axes.ts";
import { lower } from "./lower.ts";
import { manifestOf } from "./manifest.ts";
import type { Costs } from "./costs.ts";
import { withCosts, type Profile } from "./profile.ts";
import { schedule, type Step } from "./schedule.ts";
import { sliceProducts } from "./slices.ts";
import { withSubstitutes } from "./substitutes.ts";
import { collectSums } from "./sums.ts";
import { moveTransposes } from "./transposes.ts";
import type { Note, PlanInput, PlanValue, Prepared } from "./value.ts";

export interface PlanResult {
  readonly name: string;
  readonly value: PlanValue;
  /** The names of the value's positions. */
  readonly axes: readonly Axis[];
  /** The value is an input, prepared, or an earlier result. It is shared, so callers must receive a copy. */
  readonly copy: boolean;
}

/** A model as primitives in order of execution. Its guard, sizes and documentation are the graph's. */
export interface Plan {
  readonly graph: ModelGraph;
  readonly profile: Profile;
  readonly inputs: readonly PlanInput[];
  readonly prepared: readonly { readonly value: Prepared; readonly note: Note }[];
  readonly steps: readonly Step[];
  readonly results: readonly PlanResult[];
  /** All weights of the model, in the model's order. */
  readonly manifest: readonly ManifestEntry[];
  /** Plans the same model for another target, in the same way. */
  readonly planFor: (profile: Profile) => Plan;
}

/** Makes the plan of a model: chooses layouts, primitives, order and lifetimes. */
export function plan(graph: ModelGraph, profile: Profile): Plan {
  const { inputs, results: lowered, builder } = lower(graph, profile);
  const sliced = sliceProducts(lowered, builder);
  const fused = absorbEpilogues(moveTransposes(sliced, builder, profile), builder, profile);
  const summed = joinAttention(collectSums(fused, builder, profile), builder, profile);
  const values = withSubstitutes(withFewAxes(summed, builder, profile), builder, profile);
  const owned = new Set<PlanValue>();
  const results = graph.results.map(({ name, order }, index): PlanResult => {
    const value = values[index]!;
    const copy = value.kind !== "computation" || owned.has(value);
    owned.add(value);
    return { name, value, axes: order, copy };
  });
  const planFor = (other: Profile) => plan(graph, other);
  return { graph, profile, inputs, ...schedule(values, builder), results, manifest: manifestOf(graph), planFor };
}

/** Returns a plan whose plans for other targets have these costs, too. */
export function withCostsElsewhere(plan: Plan, costs: Costs | undefined): Plan {
  return { ...plan, planFor: (profile) => plan.planFor(withCosts(profile, costs)) };
}
