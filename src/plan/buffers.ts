/** @file The memory of a value: which computation owns it, and how many bytes it has; before a run, with estimates of its sizes. */
import { typedArrays } from "../contract/ndarray.ts";
import type { Positional } from "../ir/lowering.ts";
import { reshape } from "../primitives/layout.ts";
import type { Size, SizeVar } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import { madeBy, type Computation, type PlanValue } from "./value.ts";

export function bytesOf({ dtype, shape }: Positional, number: (size: Size) => number): number {
  return shape.reduce((product, size) => product * number(size), typedArrays[dtype].BYTES_PER_ELEMENT);
}

/** Returns the computation that owns a value's memory; a reshape has none of its own. Undefined for inputs and prepared tensors. */
export function bufferOf(value: PlanValue): Computation | undefined {
  let owner = value;
  while (madeBy(owner, reshape)) owner = owner.inputs[0]!;
  return owner.kind === "computation" ? owner : undefined;
}

/** What a run-time size counts as: as given or, if nothing is known about it, 1 for `n` and 64 otherwise. */
export function sizeIn(at: Readonly<Record<string, number>>, name: string): number {
  const given = Object.hasOwn(at, name) ? at[name] : undefined;
  return given ?? (name === "n" ? 1 : 64);
}

/** Estimates sizes for choices that should not depend on the run: `n` counts as 1 and every other run-time size as 64, unless given. */
export function nominalNumbers(sizes: Sizes, at: Readonly<Record<string, number>> = {}): (size: Size) => number {
  const algebra = {
    int: Number,
    variable: ({ name }: SizeVar) => sizeIn(at, name),
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
    if (number === undefined) {
      const constant = sizes.constant(size);
      number = Math.max(1, constant === undefined ? sizes.fold(size, algebra) : Number(constant));
      known.set(size, number);
    }
    return number;
  };
}
