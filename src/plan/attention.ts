/** @file One rule: joins two products with a softmax between them, where a target computes them without storing all scores. */
import { attention } from "../primitives/attention.ts";
import { reshape } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import { softmax } from "../primitives/softmax.ts";
import type { PlanBuilder } from "./builder.ts";
import type { Profile } from "./profile.ts";
import { rewritten } from "./rewritten.ts";
import { computationsOf, countUses, madeBy, type PlanValue } from "./value.ts";

/** Returns the values with every softmax(q k) v as one step. */
export function joinAttention(
  results: readonly PlanValue[],
  builder: PlanBuilder,
  profile: Profile,
): readonly PlanValue[] {
  if (!profile.variants.has("attention")) return results;
  const uses = countUses(computationsOf(results), results);
  return rewritten(results, builder, (step, inputs) => {
    if (attentionIn(step, (value) => uses.get(value) === 1) === undefined) return undefined;
    const found = attentionIn(builder.emit(step.primitive, inputs, step.attributes), () => true);
    return found && builder.emit(attention, found.operands, found.attributes);
  });
}

/** Returns the operands of an attention that ends with a value; undefined if there is none. */
function attentionIn(value: PlanValue, isUsedOnce: (value: PlanValue) => boolean) {
  const second = productIn(value);
  if (second === undefined) return undefined;
  const weights = behindReshapes(second.a, isUsedOnce);
  if (weights === undefined || !madeBy(weights, softmax)) return undefined;
  const { axis = weights.shape.length - 1 } = weights.attributes;
  const scores = axis === weights.shape.length - 1 ? behindReshapes(weights.inputs[0]!, isUsedOnce) : undefined;
  const first = scores && productIn(scores);
  // A reshape that keeps the last axis keeps the rows.
  const shapes = [second.a, weights, scores];
  if (first === undefined || shapes.some((it) => it!.shape.at(-1) !== weights.shape.at(-1))) return undefined;
  // Rows that belong together must be multiplied by the same values.
  if (scores!.shape.length !== second.a.shape.length) return undefined;
  if (scores!.shape.some((size, i) => size !== second.a.shape[i])) return undefined;
  return {
    operands: [first.a, first.b, second.b],
    attributes: { transposeK: first.isTransposed, transposeV: second.isTransposed },
  };
}

/** Returns the operands of a product of matrices with a batch of their own each, without bias and activation. */
function productIn(value: PlanValue) {
  if (!madeBy(value, matmul) || value.inputs.length > 2) return undefined;
  const { transposeA, transposeB, activation } = value.attributes;
  const [a, b] = value.inputs;
  if (transposeA || activation !== undefined || a!.shape.length !== b!.shape.length) return undefined;
  return { a: a!, b: b!, isTransposed: transposeB };
}

/** Returns what is reshaped, if nothing else uses it on the way. */
function behindReshapes(value: PlanValue, isUsedOnce: (value: PlanValue) => boolean): PlanValue | undefined {
  let source = value;
  while (isUsedOnce(source)) {
    if (!madeBy(source, reshape)) return source;
    source = source.inputs[0]!;
  }
  return undefined;
}
