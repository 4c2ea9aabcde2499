/** @file One rule: moves a transpose before operations on its operand if fewer bytes move then: transpose(a + transpose(b)). */
import { reshape, transpose } from "../primitives/layout.ts";
import { bytesOf, nominalNumbers } from "./buffers.ts";
import type { PlanBuilder } from "./builder.ts";
import type { Profile } from "./profile.ts";
import { passage } from "./transposed.ts";
import { computationsOf, madeBy, type Computation, type PlanValue } from "./value.ts";

/** A transposed value: how many more bytes move for it than for the value itself, and how to make it. */
interface Moved {
  readonly more: number;
  readonly make: () => PlanValue;
}

/** The most operations that a transpose moves past, because chains may be long. */
const maxDepth = 32;

/** Returns the values with every transpose where it costs least. Repeats, because what has moved may meet others. */
export function moveTransposes(
  results: readonly PlanValue[],
  builder: PlanBuilder,
  profile: Profile,
): readonly PlanValue[] {
  const number = nominalNumbers(builder.sizes);
  const bytes = (values: readonly PlanValue[]) =>
    computationsOf(values).reduce((sum, step) => sum + (madeBy(step, transpose) ? bytesOf(step, number) : 0), 0);
  const moved = movedOnce(results, builder, profile);
  return bytes(moved) < bytes(results) ? moveTransposes(moved, builder, profile) : moved;
}

function movedOnce(results: readonly PlanValue[], builder: PlanBuilder, profile: Profile): readonly PlanValue[] {
  const live = computationsOf(results);
  const made = new Set<PlanValue>(live);
  const uses = countReaders(live, results);
  const number = nominalNumbers(builder.sizes);
  const replaced = new Map<PlanValue, PlanValue>();
  /** Whether a reshape was only made to ask what moving would cost. */
  const isTrial = (value: PlanValue): value is Computation => madeBy(value, reshape) && !made.has(value);
  const now = (value: PlanValue): PlanValue =>
    isTrial(value)
      ? builder.emit(value.primitive, value.inputs.map(now), value.attributes)
      : (replaced.get(value) ?? value);
  const alone = (value: PlanValue): boolean => (isTrial(value) ? alone(value.inputs[0]!) : uses.get(value) === 1);

  const moved = (value: PlanValue, permutation: readonly number[], depth: number): Moved => {
    if (value.shape.length === 0) return { more: 0, make: () => now(value) };
    const rank = permutation.length;
    const ones = Array.from({ length: rank - value.shape.length }, () => builder.sizes.int(1));
    const turn = (x: PlanValue) =>
      builder.emit(transpose, [builder.emit(reshape, [x], { shape: [...ones, ...x.shape] })], { permutation });
    const turned = turn(value);
    const bytes = bytesOf(value, number);
    // A transpose that exists anyway costs nothing, except at depth 0, where it is the one to move.
    const stays = madeBy(turned, transpose) && (depth === 0 || !made.has(turned)) ? bytes : 0;
    const whole: Moved = {
      more: stays - (alone(value) && madeBy(value, transpose) ? bytes : 0),
      make: () => turn(now(value)),
    };
    if (whole.more <= 0 || !alone(value) || depth === maxDepth || ones.length > 0) return whole;
    const through = passage(value, permutation, builder, profile, alone);
    if (through === undefined) return whole;
    const inputs = through.inputs.map((input) => moved(input.value, input.permutation, depth + 1));
    const more = inputs.reduce((sum, input) => sum + input.more, through.hidden * bytes);
    const moves = more < whole.more || (through.preferred === true && more === whole.more);
    return moves ? { more, make: () => through.make(inputs.map((input) => input.make())) } : whole;
  };

  for (const step of live) {
    const note = (builder.note = builder.noteOf(step));
    const value = madeBy(step, transpose)
      ? moved(step.inputs[0]!, step.attributes.permutation, 0).make()
      : builder.emit(step.primitive, step.inputs.map(now), step.attributes);
    if (value !== step) builder.annotate(value, { ...note, purpose: builder.noteOf(value).purpose });
    replaced.set(step, value);
  }
  return results.map(now);
}

/** Counts what reads each value, directly or through reshapes. */
function countReaders(live: readonly Computation[], results: readonly PlanValue[]): ReadonlyMap<PlanValue, number> {
  const readers = new Map<PlanValue, number>();
  const add = (value: PlanValue, count: number) => readers.set(value, (readers.get(value) ?? 0) + count);
  for (const result of results) add(result, 1);
  for (const step of live.toReversed())
    for (const input of step.inputs) add(input, madeBy(step, reshape) ? readers.get(step)! : 1);
  return readers;
}
