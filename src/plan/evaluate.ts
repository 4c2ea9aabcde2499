/** @file Runs a plan by the references of its primitives, in float64. Every target must agree with it. For tests. */
import { checkGuard } from "../contract/guard.ts";
import type { NdArray } from "../contract/ndarray.ts";
import { numbersAt } from "./memory.ts";
import type { Plan } from "./plan.ts";
import { preparedArrays } from "./prepared.ts";
import type { PlanValue } from "./value.ts";

/**
 * Returns the results by name. `load` returns a weight in the shape of its manifest entry.
 * @throws Error with the guard's problems
 */
export function evaluatePlan(
  plan: Plan,
  inputs: Readonly<Record<string, NdArray>>,
  load: (path: string) => NdArray,
): Record<string, NdArray> {
  const admission = checkGuard(plan.graph.guard, inputs);
  if ("problems" in admission) throw new Error(admission.problems.join("\n"));
  const number = numbersAt(plan.graph.builder.sizes, admission.sizes);
  const values = new Map<PlanValue, NdArray>();
  const valueOf = (value: PlanValue) => values.get(value)!;
  for (const input of plan.inputs) values.set(input, inputs[input.name]!);
  const prepared = plan.prepared.map(({ value }) => value);
  for (const [value, array] of preparedArrays(prepared, load)) values.set(value, array);
  for (const { value, frees } of plan.steps) {
    values.set(value, value.primitive.reference(value.inputs.map(valueOf), value.attributes, number));
    for (const freed of frees) values.delete(freed);
  }
  return Object.fromEntries(plan.results.map(({ name, value }) => [name, valueOf(value)]));
}
