/** @file What a plan costs on the machine of its profile. */
import { conv2d, depthwiseConv2d } from "../primitives/convolution.ts";
import { concat, reshape, slice } from "../primitives/layout.ts";
import { resize } from "../primitives/resize.ts";
import { unary } from "../primitives/unary.ts";
import type { Size } from "../sizes/size.ts";
import { bytesOf } from "./buffers.ts";
import type { Costs } from "./costs.ts";
import type { Plan } from "./plan.ts";
import type { Profile } from "./profile.ts";
import { countUses, madeBy, type Computation, type PlanValue } from "./value.ts";

/** How much a plan does of each thing that costs something. */
export type Work = { readonly [thing in keyof Costs]: number };

/** Returns how many picoseconds a run takes. `number` gives every size a value. */
export function planCost(plan: Plan, number: (size: Size) => number): number {
  const work = planWork(plan, number);
  const { macs, bytes, rows, resized, step } = plan.profile.costs;
  return work.macs * macs + work.bytes * bytes + work.rows * rows + work.resized * resized + work.step * step;
}

/** Returns the work of all steps of a plan. */
export function planWork({ steps, results, profile }: Plan, number: (size: Size) => number): Work {
  const computations = steps.map(({ value }) => value);
  const uses = countUses(
    computations,
    results.map(({ value }) => value),
  );
  const count = (sizes: readonly Size[]) => sizes.reduce((product, size) => product * number(size), 1);
  const total = { macs: 0, bytes: 0, rows: 0, resized: 0, step: 0 };
  for (const value of computations) {
    if (isFree(value, uses, profile)) continue;
    const { primitive, inputs, attributes, shape } = value;
    for (const factors of primitive.macs?.(inputs, attributes, value) ?? []) total.macs += count(factors);
    // Prepared operands count, too: every run reads them. A slice reads only what it writes.
    for (const each of madeBy(value, slice) ? [value, value] : [...inputs, value]) total.bytes += bytesOf(each, number);
    // In each operand, the elements for one index of the axes before the joined one are a row.
    if (madeBy(value, concat)) total.rows += inputs.length * count(shape.slice(0, value.attributes.axis));
    if (madeBy(value, resize)) total.resized += bytesOf(value, number);
    total.step++;
  }
  return total;
}

/** Whether the runtime does nothing for a step. */
function isFree(step: Computation, uses: ReadonlyMap<PlanValue, number>, { fusedByRuntime }: Profile): boolean {
  if (madeBy(step, reshape)) return true;
  if (!madeBy(step, unary) || fusedByRuntime === undefined) return false;
  const [x] = step.inputs;
  const names: ReadonlySet<string> = fusedByRuntime;
  return (
    names.has(step.attributes.function) && (madeBy(x!, conv2d) || madeBy(x!, depthwiseConv2d)) && uses.get(x) === 1
  );
}
