/** @file Groups of steps that run as one: a producer, if any, and functions of its elements while they are in registers. */
import { elements } from "../../contract/ndarray.ts";
import type { Sized } from "../../primitives/wasm/emitter.ts";
import type { SizedPlan, SizedStep, SizedValue } from "./sized-plan.ts";

export interface Group {
  /** The step with code of its own; the others are functions of elements. */
  readonly producer: SizedStep | undefined;
  /** All steps, inputs before users. The last one is the result. */
  readonly steps: readonly SizedStep[];
  readonly result: SizedStep;
  /** What the steps read from memory. */
  readonly inputs: readonly SizedValue[];
}

/** Returns the groups in the order in which they run. Views and constants belong to none. */
export function groupsOf(plan: SizedPlan): readonly Group[] {
  const users = new Map<SizedValue, SizedStep[]>();
  for (const step of plan.steps)
    for (const input of step.inputs) {
      const known = users.get(input);
      if (known === undefined) users.set(input, [step]);
      else known.push(step);
    }
  const results = new Set(plan.results);
  const grouped = new Set<SizedStep>();
  const position = new Map(plan.steps.map((step, i) => [step, i]));
  const firstInput = (step: SizedStep): number =>
    Math.min(...step.inputs.map((input) => (input.kind === "step" ? position.get(input)! : Infinity)));
  const groups: Group[] = [];
  for (const result of plan.steps.toReversed()) {
    if (grouped.has(result) || !isComputed(result)) continue;
    const members = new Set([result]);
    let producer = isFunction(result) ? undefined : result;
    /** A step is fused only if all that use it are in the group as functions of its elements. */
    const canJoin = (step: SizedStep): boolean =>
      !results.has(step) &&
      !grouped.has(step) &&
      isSameShape(step, result) &&
      users.get(step)!.every((user) => members.has(user) && user !== producer);
    // From the last step to the first, so all users of a step have been considered before it.
    let first = producer === undefined ? firstInput(result) : Infinity;
    for (let at = position.get(result)! - 1; at >= first; at--) {
      const step = plan.steps[at]!;
      if (!users.has(step) || !canJoin(step)) continue;
      if (isFunction(step)) first = Math.min(first, firstInput(step));
      else if (producer === undefined && finishes(step) && [...members].every(canFollow(step, members)))
        producer = step;
      else continue;
      members.add(step);
    }
    for (const member of members) grouped.add(member);
    const steps = [...members].sort((a, b) => position.get(a)! - position.get(b)!);
    const inputs = [...new Set(steps.flatMap((step) => step.inputs).filter((input) => !isIn(members, input)))];
    groups.push({ producer, steps, result, inputs });
  }
  return groups.reverse();
}

const isIn = (members: ReadonlySet<SizedStep>, value: SizedValue): boolean =>
  value.kind === "step" && members.has(value);

/** Whether a step is computed in the run, not a view of its input or known with the sizes. */
export const isComputed = ({ primitive: { wasm } }: SizedStep): boolean => wasm !== "view" && wasm !== "constant";

const isFunction = ({ primitive: { wasm } }: SizedStep): boolean => typeof wasm === "object" && "elements" in wasm;

const finishes = ({ primitive: { wasm } }: SizedStep): boolean =>
  typeof wasm === "object" && "finishes" in wasm && wasm.finishes === true;

export const isSameShape = (a: Sized, b: Sized): boolean =>
  a.shape.length === b.shape.length && a.shape.every((size, i) => size === b.shape[i]);

/** Whether all that a function reads from memory is of the producer's shape, over its last axis, or one element. */
const canFollow =
  (producer: SizedStep, members: ReadonlySet<SizedStep>) =>
  ({ inputs }: SizedStep): boolean =>
    inputs.every((input) => input === producer || isIn(members, input) || spreadOf(input, producer) !== undefined);

/** How a tensor is read beside elements of a result: each at its place, one for each channel, or one for all. */
export function spreadOf(input: Sized, result: Sized): "same" | "channels" | "one" | undefined {
  const { shape } = input;
  const count = elements(shape);
  if (count === 1) return "one";
  if (isSameShape(input, result)) return "same";
  return shape.at(-1) === count && count === result.shape.at(-1) ? "channels" : undefined;
}
