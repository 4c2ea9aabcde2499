/** @file Puts numbers in the place of a plan's sizes. */
import { numbersAt } from "../../plan/memory.ts";
import type { Plan } from "../../plan/plan.ts";
import type { PlanValue } from "../../plan/value.ts";
import type { Sized } from "../../primitives/wasm/emitter.ts";
import type { Size } from "../../sizes/size.ts";
import type { Sizes } from "../../sizes/sizes.ts";
import { replaced } from "./attributes.ts";
import type { SizedInput, SizedPlan, SizedPrepared, SizedStep, SizedValue } from "./sized-plan.ts";

/** Returns the plan at sizes that its guard admits. */
export function planAt(plan: Plan, admitted: Readonly<Record<string, number>>): SizedPlan {
  const { sizes } = plan.graph.builder;
  const number = numbersAt(sizes, admitted);
  const found = new Map<PlanValue, SizedValue>();
  const shapeOf = ({ shape, dtype }: PlanValue): Sized => ({ shape: shape.map(number), dtype });
  const inputs = plan.inputs.map((value): SizedInput => ({ kind: "input", ...shapeOf(value) }));
  inputs.forEach((input, i) => found.set(plan.inputs[i]!, input));
  const prepared = plan.prepared.map(({ value }): SizedPrepared => ({ kind: "prepared", ...shapeOf(value) }));
  prepared.forEach((tensor, i) => found.set(plan.prepared[i]!.value, tensor));
  const steps = plan.steps.map(({ value }): SizedStep => {
    const attributes = numbered(value.attributes, sizes, number);
    const operands = value.inputs.map((input) => found.get(input)!);
    const step = { kind: "step", ...shapeOf(value), primitive: value.primitive, attributes, inputs: operands } as const;
    found.set(value, step);
    return step;
  });
  return { inputs, prepared, steps, results: plan.results.map(({ value }) => found.get(value)!) };
}

/** Replaces every size in attributes by its number. */
export function numbered(attributes: unknown, sizes: Sizes, number: (size: Size) => number): unknown {
  const isSize = (value: unknown): value is Size => typeof value === "object" && value !== null && sizes.owns(value);
  return replaced(attributes, (value) => (isSize(value) ? { by: number(value) } : undefined));
}
