/** @file The plan of an optimized model: unless changes are limited, never dearer than the plan of the model as written. */
import type { ModelGraph } from "../ir/model-graph.ts";
import { nominalNumbers } from "../plan/buffers.ts";
import { planCost } from "../plan/cost.ts";
import { plan, type Plan } from "../plan/plan.ts";
import type { Profile } from "../plan/profile.ts";
import { optimize, type Change, type OptimizeOptions } from "./optimize.ts";

/** A plan with the changes to the graph that it rests on. */
export interface OptimizedPlan {
  readonly plan: Plan;
  /** The plan of the model as written, which may be the same. */
  readonly asWritten: Plan;
  /** The graph that is planned: the model as written, or an equal one. */
  readonly graph: ModelGraph;
  readonly changes: readonly Change[];
}

/**
 * Plans a model as it is written and as it is after optimization, and returns the cheaper of the two plans. With a limit, it
 * returns that with the changes: half of them may cost more than none, but who looks for a wrong one needs to see it.
 */
export function planOptimized(graph: ModelGraph, profile: Profile, options: OptimizeOptions = {}): OptimizedPlan {
  const planFor = (other: Profile) => planOptimized(graph, other, options).plan;
  const asWritten = { ...plan(graph, profile), planFor };
  const { graph: better, changes } = optimize(graph, profile, options);
  if (changes.length === 0) return { plan: asWritten, asWritten, graph, changes };
  // Guard, sizes and summaries are about the model that the author wrote.
  const optimized = { ...plan(better, profile), graph, planFor };
  const number = nominalNumbers(graph.builder.sizes, options.at);
  const isKept = options.limit !== undefined || planCost(optimized, number) < planCost(asWritten, number);
  return isKept
    ? { plan: optimized, asWritten, graph: better, changes }
    : { plan: asWritten, asWritten, graph, changes: [] };
}
