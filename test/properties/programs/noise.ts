/** @file How far rounding in float32 can move the results of a graph, measured with the interpreter. */
import type { NamedArray } from "../../../src/contract/ndarray.ts";
import type { Operator } from "../../../src/ir/operator.ts";
import type { Value } from "../../../src/ir/graph.ts";
import { evaluateGraph, type Environment } from "../../../src/reference/interpreter.ts";
import type { Chance } from "./chance.ts";
import { copier } from "./copy.ts";
import { ofElements } from "./of-elements.ts";

/** What occurs among the values of a run. Engines differ there, as the documentation says. */
export interface Peculiar {
  nan: boolean;
  infinite: boolean;
  /** An integer so large that another may be beyond 32 bits, where the interpreter wraps around and engines do not. */
  overflow: boolean;
}

/** Random steps, all up or all down: what one direction does not show, the other does. */
export interface Steps {
  readonly chance: Chance;
  readonly direction: 1 | -1;
}

/** Evaluates a graph with every result of an operator moved by a few units in the last place. */
export function evaluateRoughly(
  results: readonly Value[],
  env: Environment,
  steps: Steps,
  seen: Peculiar,
): NamedArray[] {
  const copy = copier(env.builder, { result: (array, op) => rounded(array, op, steps, seen) });
  return evaluateGraph(results.map(copy), env);
}

/** The relative error of an operator, a few units in the last place, and the absolute one of a function near 0. */
const [relative, absolute] = [2 ** -21, 2 ** -23];

function rounded(
  array: NamedArray,
  op: Operator,
  { chance: { random }, direction }: Steps,
  seen: Peculiar,
): NamedArray {
  for (const value of array.data) {
    if (Number.isNaN(value)) seen.nan = true;
    else if (!Number.isFinite(value)) seen.infinite = true;
    if (array.dtype === "i32" && Math.abs(value) >= 2 ** 26) seen.overflow = true;
  }
  if (op.exact === true || array.dtype !== "f32") return array;
  const step = (): number => direction * (random() < 0.5 ? -1 : 1) * (0.5 + random() / 2);
  // A mean is computed with a rounded 1/n, so even an integer is inexact; relu(-1) is 0 everywhere.
  const keepsIntegers = ofElements.has(op.name);
  const move = (value: number): number => {
    if ((keepsIntegers && Number.isInteger(value)) || !Number.isFinite(value)) return Math.fround(value);
    // Some engines flush the smallest numbers to 0.
    if (Math.abs(value) < 2 ** -125 && direction > 0) return 0;
    return Math.fround(value * (1 + step() * relative) + step() * absolute);
  };
  return { ...array, data: Float64Array.from(array.data, move) };
}
