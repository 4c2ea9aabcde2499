/** @file The memory of a value: whose it is, and how many bytes. */
import { typedArrays } from "../contract/ndarray.ts";
import type { Positional } from "../ir/lowering.ts";
import { reshape } from "../primitives/layout.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
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
