/** @file One rule: moves a transpose before elementwise operations and the like if fewer remain: transpose(a + transpose(b)). */
import { binary, select } from "../primitives/binary.ts";
import { concat, pad, reshape, slice, transpose } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import type { Primitive } from "../primitives/primitive.ts";
import { reverse, scan } from "../primitives/scan.ts";
import { softmax } from "../primitives/softmax.ts";
import { clamp, leaky_relu, unary } from "../primitives/unary.ts";
import type { PlanBuilder } from "./builder.ts";
import type { Profile } from "./profile.ts";
import { computationsOf, countUses, madeBy, type Computation, type PlanValue } from "./value.ts";

/** A transposed value: how many more transposes it takes than the value itself, and how to make it. */
interface Moved {
  readonly more: number;
  readonly make: () => PlanValue;
}

/** The most operations that a transpose moves past, because chains may be long. */
const maxDepth = 32;

/** Returns the values with every transpose where it costs least. */
export function moveTransposes(
  results: readonly PlanValue[],
  builder: PlanBuilder,
  profile: Profile,
): readonly PlanValue[] {
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
    // A transpose that exists anyway costs nothing, except at depth 0, where it is the one to move.
    const stays = madeBy(turned, transpose) && (depth === 0 || !made.has(turned)) ? 1 : 0;
    const whole: Moved = {
      more: stays - (alone && madeBy(value, transpose) ? 1 : 0),
      make: () => turn(now(value)),
    };
    if (whole.more <= 0 || !alone || depth === maxDepth) return whole;
    const parts = through(value, permutation, profile);
    if (parts === undefined || ones.length > 0) return whole;
    const inputs = parts.inputs.map((input) => moved(input, permutation, depth + 1));
    const more = inputs.reduce((sum, input) => sum + input.more, 0);
    if (more >= whole.more) return whole;
    const { primitive } = parts;
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

/** Returns the computation to apply to transposed inputs, with its attributes, if a transpose can move through `value`. */
function through(
  value: PlanValue,
  permutation: readonly number[],
  { variants }: Profile,
): Pick<Computation, "primitive" | "inputs" | "attributes"> | undefined {
  if (value.kind !== "computation") return undefined;
  const { primitive, inputs } = value;
  const moved = (attributes: unknown) => ({ primitive, inputs, attributes });
  const at = (axis: number) => permutation.indexOf(axis);
  const permuted = <T>(list: readonly T[]) => permutation.map((from) => list[from]!);
  if (isElementwise(value)) return moved(value.attributes);
  if (madeBy(value, concat)) return moved({ axis: at(value.attributes.axis) });
  if (madeBy(value, scan)) return moved({ ...value.attributes, axis: at(value.attributes.axis) });
  if (madeBy(value, reverse)) return moved({ axes: value.attributes.axes.map(at) });
  if (madeBy(value, pad)) return moved({ ...value.attributes, pads: permuted(value.attributes.pads) });
  if (madeBy(value, slice)) {
    const { begin, size } = value.attributes;
    return moved({ begin: permuted(begin), size: permuted(size) });
  }
  const last = permutation.length - 1;
  if (madeBy(value, softmax)) {
    const axis = at(value.attributes.axis ?? last);
    if (axis === last) return moved({});
    return variants.has("softmax.any-axis") ? moved({ axis }) : undefined;
  }
  if (madeBy(value, matmul)) {
    // The transpose of a product is the product of the transposed factors, in reverse order.
    const { transposeA, transposeB, activation } = value.attributes;
    const isPlain = !transposeA && !transposeB && activation === undefined && inputs.length === 2;
    const isBatched = inputs.every(({ shape }) => shape.length === permutation.length) && last > 1;
    const exchanges = permutation.every((from, to) => from === (to < last - 1 ? to : 2 * last - 1 - to));
    if (isPlain && isBatched && exchanges) return { ...moved(value.attributes), inputs: inputs.toReversed() };
  }
  return undefined;
}

function isElementwise(value: Computation): boolean {
  return [unary, leaky_relu, clamp, binary, select].some((primitive) => madeBy(value, primitive as Primitive));
}
