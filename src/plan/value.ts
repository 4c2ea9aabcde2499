/** @file The values of a plan: positional tensors that are inputs, prepared when a model is loaded, or computed in a run. */
import type { PrepareOp } from "../contract/prepare.ts";
import type { Origin } from "../ir/graph.ts";
import type { Positional } from "../ir/lowering.ts";
import type { Axis } from "../ir/type.ts";
import type { Primitive } from "../primitives/primitive.ts";

/** An input tensor. `axes` name its positions. The caller frees it. */
export interface PlanInput extends Positional {
  readonly kind: "input";
  readonly id: number;
  readonly name: string;
  readonly axes: readonly Axis[];
}

/** A tensor that is computed once from weights and constants, when the model is loaded. Its sizes are numbers. */
export interface Prepared extends Positional {
  readonly kind: "prepared";
  /** Larger than those of what it is made of. */
  readonly id: number;
  readonly op: PrepareOp;
  readonly of: readonly Prepared[];
  /** The path of the first stored tensor that it is made of; undefined if it is made of constants alone. */
  readonly path: string | undefined;
}

/** An application of a primitive. Equal ones are the same object. */
export interface Computation extends Positional {
  readonly kind: "computation";
  /** Larger than the ids of its inputs. */
  readonly id: number;
  readonly primitive: Primitive;
  readonly inputs: readonly PlanValue[];
  readonly attributes: unknown;
}

export type PlanValue = PlanInput | Prepared | Computation;

/** Information about a value for people. Never part of its identity. */
export interface Note {
  /** The author's name for it. */
  readonly name: string | undefined;
  /** What it is: an operator's result, a primitive on the way to one, a weight. */
  readonly purpose: string;
  readonly origin: Origin | undefined;
}

/** Whether a value is made by this primitive. Narrows the type of its attributes. */
export function madeBy<A>(
  value: PlanValue,
  primitive: Primitive<A>,
): value is Computation & { readonly attributes: A } {
  return value.kind === "computation" && value.primitive === primitive;
}

/** Returns all computations that these values need, including themselves, inputs before users. No recursion: chains may be long. */
export function computationsOf(values: readonly PlanValue[]): Computation[] {
  const found = new Set<Computation>();
  const open = [...values];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (value.kind !== "computation" || found.has(value)) continue;
    found.add(value);
    open.push(...value.inputs);
  }
  return [...found].sort((a, b) => a.id - b.id);
}

/** Counts the uses of each value, as an input or as a result. */
export function countUses(
  steps: readonly Computation[],
  results: readonly PlanValue[],
): ReadonlyMap<PlanValue, number> {
  const uses = new Map<PlanValue, number>();
  for (const value of [...steps.flatMap((step) => step.inputs), ...results])
    uses.set(value, (uses.get(value) ?? 0) + 1);
  return uses;
}
