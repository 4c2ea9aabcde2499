/**
 * @file One rule: collects additions of tensors of one shape into sums, where a target adds several of them faster. A partial
 * sum that is not written saves a pass over memory.
 */
import { binary } from "../primitives/binary.ts";
import { sum } from "../primitives/sum.ts";
import type { PlanBuilder } from "./builder.ts";
import type { Profile } from "./profile.ts";
import { computationsOf, countUses, madeBy, type PlanValue } from "./value.ts";

/** The most terms of one sum. All of them are in memory at once, and TensorFlow adds no more than this in one pass. */
const maxTerms = 8;

/**
 * Returns the values with every chain or tree of additions as few sums. A chain keeps its order. A tree such as
 * (a + b) + (c + d) becomes one, which may round differently, as TensorFlow does anyway: it sorts the terms of a sum.
 */
export function collectSums(
  results: readonly PlanValue[],
  builder: PlanBuilder,
  profile: Profile,
): readonly PlanValue[] {
  if (!profile.variants.has("sum")) return results;
  const live = computationsOf(results);
  const uses = countUses(live, results);
  const parts = new Set(
    live
      .filter(isAddition)
      .flatMap(({ inputs }) => inputs)
      .filter((input) => uses.get(input) === 1 && isAddition(input)),
  );
  /** The terms of each part, which is not emitted itself. */
  const termsOf = new Map<PlanValue, readonly PlanValue[]>();
  const replaced = new Map<PlanValue, PlanValue>();
  const now = (value: PlanValue) => replaced.get(value) ?? value;
  const added = (terms: readonly PlanValue[]) => builder.emit(sum, terms, {});

  for (const step of live) {
    const note = (builder.note = builder.noteOf(step));
    const terms = isAddition(step) ? step.inputs.map((input) => termsOf.get(input) ?? [now(input)]) : undefined;
    // a + (b + c) is the chain b + c + a.
    const all = terms?.toSorted((a, b) => b.length - a.length).flat() ?? [];
    while (all.length > maxTerms) all.unshift(added(all.splice(0, maxTerms)));
    if (parts.has(step)) {
      termsOf.set(step, all);
      continue;
    }
    const value =
      terms === undefined ? builder.emit(step.primitive, step.inputs.map(now), step.attributes) : added(all);
    if (value !== step) builder.annotate(value, { ...note, purpose: builder.noteOf(value).purpose });
    replaced.set(step, value);
  }
  return results.map(now);
}

/** Whether a value adds two tensors of one shape. */
function isAddition(value: PlanValue): boolean {
  if (!madeBy(value, binary) || value.attributes.function !== "add") return false;
  return value.inputs.every(
    ({ shape }) => shape.length === value.shape.length && shape.every((size, i) => size === value.shape[i]),
  );
}
