/** @file How many bytes a plan holds and moves. Inputs and prepared tensors are there before and after and do not count as held. */
import { reshape } from "../primitives/layout.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { InternalError } from "../source/internal-error.ts";
import { bufferOf, bytesOf } from "./buffers.ts";
import type { Plan } from "./plan.ts";
import { madeBy, type Computation, type PlanValue } from "./value.ts";

/** Reads sizes under the values that a guard found. */
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

/** The most bytes that are alive at once, results included, and the step that is carried out then. */
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

/** Bytes that all steps read and write; a reshape does neither. */
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
