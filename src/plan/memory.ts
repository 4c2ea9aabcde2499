/** @file Peak memory and memory traffic of a plan in a run, and the numbers that sizes are there. Inputs and prepared tensors outlive a run and do not count towards the peak. */
import { reshape } from "../primitives/layout.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { InternalError } from "../source/internal-error.ts";
import { bufferOf, bytesOf } from "./buffers.ts";
import type { Plan } from "./plan.ts";
import { madeBy, type Computation, type PlanValue } from "./value.ts";

/** Returns a function that evaluates sizes with the values that a guard found. */
export function numbersAt(sizes: Sizes, values: Readonly<Record<string, number>>): (size: Size) => number {
  return (size) => {
    const found = sizes.evaluate(size, ({ name }) => {
      const value = values[name];
      if (value === undefined) throw new InternalError(`there is no value for ${name}`);
      return BigInt(value);
    });
    if (found === undefined) throw new InternalError(`${sizes.print(size)} has no value`);
    return Number(found);
  };
}

/** Returns the peak memory in bytes, including results, and the step at which it occurs. */
export function liveBytes(
  plan: Plan,
  values: Readonly<Record<string, number>>,
): { readonly peak: number; readonly atStep: number } {
  const number = numbersAt(plan.graph.builder.sizes, values);
  const holders = new Map<Computation, number>();
  let [live, peak, atStep] = [0, 0, 0];
  const hold = (value: PlanValue, change: 1 | -1) => {
    const buffer = bufferOf(value);
    if (buffer === undefined) return;
    const before = holders.get(buffer) ?? 0;
    holders.set(buffer, before + change);
    if (before === 0 || before + change === 0) live += change * bytesOf(buffer, number);
  };
  plan.steps.forEach(({ value, frees }, index) => {
    hold(value, 1);
    if (live > peak) [peak, atStep] = [live, index];
    for (const freed of frees) hold(freed, -1);
  });
  return { peak, atStep };
}

/** Returns the bytes that all steps read and write. A reshape does neither. */
export function traffic(
  plan: Plan,
  values: Readonly<Record<string, number>>,
): { readonly read: number; readonly written: number } {
  const number = numbersAt(plan.graph.builder.sizes, values);
  let [read, written] = [0, 0];
  for (const { value } of plan.steps) {
    if (madeBy(value, reshape)) continue;
    for (const input of value.inputs) read += bytesOf(input, number);
    written += bytesOf(value, number);
  }
  return { read, written };
}
