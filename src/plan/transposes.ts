/** @file One rule: a transpose moves before what acts on elements, or joins, if then fewer are left: transpose(a + transpose(b)). */
import { binary, select } from "../primitives/binary.ts";
import { concat, reshape, transpose } from "../primitives/layout.ts";
import { unary } from "../primitives/unary.ts";
import type { PlanBuilder } from "./builder.ts";
import { computationsOf, countUses, madeBy, type Computation, type PlanValue } from "./value.ts";

/** A value transposed: how many transposes more that takes than the value itself, and how it is made. */
interface Moved {
  readonly more: number;
  readonly make: () => PlanValue;
}

/** How far a transpose moves; chains may be long. */
const maxDepth = 32;

/** What stands for these values when every transpose is where it costs least. */
export function moveTransposes(results: readonly PlanValue[], builder: PlanBuilder): readonly PlanValue[] {
  const live = computationsOf(results);
  const made = new Set<PlanValue>(live);
  const uses = countUses(live, results);
  const replaced = new Map<PlanValue, PlanValue>();
  const now = (value: PlanValue) => replaced.get(value) ?? value;

  const moved = (value: PlanValue, permutation: readonly number[], depth: number): Moved => {
    if (value.shape.length === 0) return { more: 0, make: () => now(value) };
    const rank = permutation.length;
    const ones = Array.from({ length: rank - value.shape.length }, () => builder.sizes.int(1));
    const turn = (x: PlanValue) =>
      builder.emit(transpose, [builder.emit(reshape, [x], { shape: [...ones, ...x.shape] })], { permutation });
    const turned = turn(value);
    const alone = uses.get(value) === 1;
    // What is there anyway costs nothing; where it begins, that is the transpose itself.
    const stays = madeBy(turned, transpose) && (depth === 0 || !made.has(turned)) ? 1 : 0;
    const whole: Moved = {
      more: stays - (alone && madeBy(value, transpose) ? 1 : 0),
      make: () => turn(now(value)),
    };
    if (whole.more <= 0 || !alone || depth === maxDepth) return whole;
    const parts = through(value, permutation);
    if (parts === undefined || ones.length > 0) return whole;
    const inputs = parts.computation.inputs.map((input) => moved(input, permutation, depth + 1));
    const more = inputs.reduce((sum, input) => sum + input.more, 0);
    if (more >= whole.more) return whole;
    const { primitive } = parts.computation;
    return {
      more,
      make: () =>
        builder.emit(
          primitive,
          inputs.map((input) => input.make()),
          parts.attributes,
        ),
    };
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

/** What a transpose can move through, with the attributes that it has then. */
function through(
  value: PlanValue,
  permutation: readonly number[],
): { readonly computation: Computation; readonly attributes: unknown } | undefined {
  if (madeBy(value, concat))
    return { computation: value, attributes: { axis: permutation.indexOf(value.attributes.axis) } };
  if (madeBy(value, unary) || madeBy(value, binary) || madeBy(value, select))
    return { computation: value, attributes: value.attributes };
  return undefined;
}
