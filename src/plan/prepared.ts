/** @file Prepared tensors as a list of steps, each of which is there once, and as arrays. */
import { typedArrays, type NdArray } from "../contract/ndarray.ts";
import { evaluate } from "../contract/prepare-evaluate.ts";
import type { PrepareStep } from "../contract/prepare.ts";
import { invariant } from "../source/internal-error.ts";
import type { Prepared } from "./value.ts";

/** The steps that make some tensors, and at which index each of these is made. */
export interface Preparation {
  readonly steps: readonly PrepareStep[];
  readonly places: ReadonlyMap<Prepared, number>;
}

/** What tensors share is one step. Does not recurse: chains may be long. */
export function preparationOf(values: Iterable<Prepared>): Preparation {
  const steps: PrepareStep[] = [];
  const places = new Map<Prepared, number>();
  const open = [...values].reverse();
  for (let value = open.at(-1); value !== undefined; value = open.at(-1)) {
    const waiting = value.of.filter((operand) => !places.has(operand));
    if (waiting.length > 0) open.push(...waiting.reverse());
    else {
      open.pop();
      if (places.has(value)) continue;
      places.set(value, steps.length);
      const of = value.of.map((operand) => places.get(operand)!);
      steps.push(of.length === 0 ? value.op : { ...value.op, of });
    }
  }
  return { steps, places };
}

/** The arrays of prepared tensors in float64, what they share computed once. `load` gives a weight in the shape of its manifest entry. */
export function* preparedArrays(
  values: Iterable<Prepared>,
  load: (path: string) => NdArray,
): Generator<readonly [Prepared, NdArray]> {
  const wanted = [...new Set(values)];
  const { steps, places } = preparationOf(wanted);
  const byPlace = new Map(wanted.map((value) => [places.get(value)!, value]));
  for (const [place, array] of evaluate(steps, new Set(byPlace.keys()), load)) {
    const value = byPlace.get(place)!;
    invariant(array.dtype === value.dtype, `step ${place} makes ${array.dtype} instead of ${value.dtype}`);
    yield [value, array];
  }
}

/** All of them, as they are stored. */
export function storedArrays(values: Iterable<Prepared>, load: (path: string) => NdArray): Map<Prepared, NdArray> {
  const arrays = new Map<Prepared, NdArray>();
  for (const [value, array] of preparedArrays(values, load))
    arrays.set(value, { ...array, data: typedArrays[array.dtype].from(array.data) });
  return arrays;
}

/** Counts the tensors that are computed, not only stored or literal ones in another layout. */
export function madeWeights(values: readonly Prepared[]): number {
  const isLayout = ({ op }: Prepared) => op.op === "transpose" || op.op === "reshape" || op.op === "broadcast";
  return values.filter((value) => {
    let source = value;
    while (isLayout(source)) source = source.of[0]!;
    return source.of.length > 0;
  }).length;
}
