/** @file Applies a rule to every computation of a plan, inputs before users. */
import type { PlanBuilder } from "./builder.ts";
import { computationsOf, type Computation, type PlanValue } from "./value.ts";

/**
 * Returns the values with each computation replaced by what a rule makes of it. The rule takes a computation and its new inputs,
 * and returns an equal value of the same shape; undefined if it has nothing to say.
 */
export function rewritten(
  results: readonly PlanValue[],
  builder: PlanBuilder,
  rule: (step: Computation, inputs: readonly PlanValue[]) => PlanValue | undefined,
): readonly PlanValue[] {
  const replaced = new Map<PlanValue, PlanValue>();
  const now = (value: PlanValue) => replaced.get(value) ?? value;
  for (const step of computationsOf(results)) {
    const note = (builder.note = builder.noteOf(step));
    const inputs = step.inputs.map(now);
    const value = rule(step, inputs) ?? builder.emit(step.primitive, inputs, step.attributes);
    if (value !== step) builder.annotate(value, { ...note, purpose: builder.noteOf(value).purpose });
    replaced.set(step, value);
  }
  return results.map(now);
}
