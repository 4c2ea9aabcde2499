/** @file How many bytes a plan holds and moves. Inputs and prepared tensors are there before and after and do not count as held. */
import { typedArrays } from "../contract/ndarray.ts";
import type { Positional } from "../ir/lowering.ts";
import { reshape } from "../primitives/layout.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { InternalError } from "../source/internal-error.ts";
import type { Plan } from "./plan.ts";
import { madeBy, type Computation, type PlanValue } from "./value.ts";

export function bytesOf({ dtype, shape }: Positional, number: (size: Size) => number): number {
  return shape.reduce((product, size) => product * number(size), typedArrays[dtype].BYTES_PER_ELEMENT);
}

/** The computation whose memory a value is: a reshape has none of its own. Undefined if it is an input's or a prepared tensor's. */
export function bufferOf(value: PlanValue): Computation | undefined {
  let owner = value;
  while (madeBy(owner, reshape)) owner = owner.inputs[0]!;
  return owner.kind === "computation" ? owner : undefined;
}

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

/** What a run of unknown sizes could use, for choices that should not depend on them: every run-time size counts as 64. */
export function nominalNumbers(sizes: Sizes): (size: Size) => number {
  const algebra = {
    int: Number,
    variable: () => 64,
    add: (a: number, b: number) => a + b,
    sub: (a: number, b: number) => a - b,
    mul: (a: number, b: number) => a * b,
    divide: (a: number, b: number) => a / b,
    floor: (a: number, b: number) => Math.floor(a / b),
    ceil: (a: number, b: number) => Math.ceil(a / b),
  };
  const known = new Map<Size, number>();
  return (size) => {
    let number = known.get(size);
    if (number === undefined) known.set(size, (number = Math.max(1, sizes.fold(size, algebra))));
    return number;
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
