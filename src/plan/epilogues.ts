/** @file One rule: a bias or an activation that follows a convolution or a matrix product becomes part of it, if the profile can. */
import type { Size } from "../ir/size.ts";
import { binary } from "../primitives/binary.ts";
import { conv2d, depthwiseConv2d } from "../primitives/convolution.ts";
import { reshape } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import { unary } from "../primitives/unary.ts";
import type { PlanBuilder } from "./builder.ts";
import type { Profile } from "./profile.ts";
import { computationsOf, madeBy, type Computation, type PlanValue } from "./value.ts";

/** What stands for these values when all that can be absorbed is. */
export function absorbEpilogues(
  results: readonly PlanValue[],
  builder: PlanBuilder,
  profile: Profile,
): readonly PlanValue[] {
  const live = computationsOf(results);
  const uses = countUses(live, results);
  const alone = (value: PlanValue | undefined) => value !== undefined && uses.get(value) === 1;
  const replaced = new Map<PlanValue, PlanValue>();
  const now = (value: PlanValue) => replaced.get(value) ?? value;
  for (const step of live) {
    const note = (builder.note = builder.noteOf(step));
    const inputs = step.inputs.map(now);
    const value =
      withBias(step, inputs, alone, builder, profile) ??
      withActivation(step, inputs, alone, builder, profile) ??
      builder.emit(step.primitive, inputs, step.attributes);
    if (value !== step) builder.annotate(value, note);
    replaced.set(step, value);
  }
  return results.map(now);
}

/** How often each value is used, as an input or as a result. */
function countUses(steps: readonly Computation[], results: readonly PlanValue[]): ReadonlyMap<PlanValue, number> {
  const uses = new Map<PlanValue, number>();
  for (const value of [...steps.flatMap((step) => step.inputs), ...results])
    uses.set(value, (uses.get(value) ?? 0) + 1);
  return uses;
}

/** relu(conv(x)) -> conv(x, activation: relu), and with a reshape between them, which comes after both. */
function withActivation(
  step: Computation,
  [x]: readonly PlanValue[],
  alone: (value: PlanValue | undefined) => boolean,
  builder: PlanBuilder,
  profile: Profile,
): PlanValue | undefined {
  if (!madeBy(step, unary) || x === undefined || !alone(step.inputs[0])) return undefined;
  const activation = [...profile.epilogues].find((name) => name === step.attributes.function);
  if (activation === undefined || activation === "bias") return undefined;
  const absorb = (of: PlanValue | undefined): PlanValue | undefined => {
    if (of?.kind !== "computation") return undefined;
    const attributes = of.primitive.absorb?.(of.attributes, activation, of.inputs);
    return attributes === undefined ? undefined : builder.emit(of.primitive, of.inputs, attributes);
  };
  if (!madeBy(x, reshape)) return absorb(x);
  const [before] = step.inputs;
  const inner = before && madeBy(before, reshape) && alone(before.inputs[0]) ? absorb(x.inputs[0]) : undefined;
  return inner && builder.emit(reshape, [inner], x.attributes);
}

/** conv(x) + b -> conv(x, bias: b), for a prepared vector over the channels. */
function withBias(
  step: Computation,
  inputs: readonly PlanValue[],
  alone: (value: PlanValue | undefined) => boolean,
  builder: PlanBuilder,
  profile: Profile,
): PlanValue | undefined {
  if (!profile.epilogues.has("bias") || !madeBy(step, binary) || step.attributes.function !== "add") return undefined;
  for (const index of [0, 1]) {
    const [x, vector] = [inputs[index]!, inputs[1 - index]!];
    if (!alone(step.inputs[index]) || x.kind !== "computation" || vector.kind !== "prepared") continue;
    const channel = x.inputs.length === 2 ? channelOf(x, profile) : undefined;
    if (channel === undefined || !isVectorOver(channel, vector.shape, x.shape, builder)) continue;
    const bias = builder.emit(reshape, [vector], { shape: [x.shape[channel]!] });
    return builder.emit(x.primitive, [...x.inputs, bias], x.attributes);
  }
  return undefined;
}

/** The position of the channels where a bias could be added; undefined if it cannot. */
function channelOf(x: Computation, profile: Profile): number | undefined {
  if (madeBy(x, conv2d) || madeBy(x, depthwiseConv2d)) {
    if (x.attributes.activation !== undefined) return undefined;
    return x.attributes.layout === "NHWC" ? 3 : 1;
  }
  if (madeBy(x, matmul)) {
    const { transposeA, activation } = x.attributes;
    const [a, b] = x.inputs;
    // Otherwise it is not one product of two matrices, and a fused bias would be wrong on wasm.
    const single = b!.shape.length === 2 && (a!.shape.length === 2 || !transposeA);
    const can = single || profile.variants.has("matmul.bias-with-batch");
    return can && activation === undefined ? x.shape.length - 1 : undefined;
  }
  return undefined;
}

/** Whether a shape broadcasts to another along one position only: `[c]` or `[1, 1, c]` along the last. */
function isVectorOver(
  position: number,
  shape: readonly Size[],
  whole: readonly Size[],
  { sizes }: PlanBuilder,
): boolean {
  const missing = whole.length - shape.length;
  const fits = (size: Size, at: number) => (at === position ? size === whole[at] : sizes.constant(size) === 1n);
  return missing >= 0 && missing <= position && shape.every((size, i) => fits(size, i + missing));
}
