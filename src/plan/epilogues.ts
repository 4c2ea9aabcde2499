/**
 * @file One rule: fuses epilogues into convolutions and matrix products. A scale and a bias over the channels go into the
 * weights when the model is loaded; an activation is fused into the call.
 */
import { binary } from "../primitives/binary.ts";
import { conv2d, depthwiseConv2d } from "../primitives/convolution.ts";
import { reshape } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import { unary } from "../primitives/unary.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { PlanBuilder } from "./builder.ts";
import type { Profile } from "./profile.ts";
import { computationsOf, countUses, madeBy, type Computation, type PlanValue, type Prepared } from "./value.ts";

/** A convolution or matrix product without an activation, possibly with a bias `[channels]`, and the shape of the result. */
interface Product {
  /** The original computation. Its operands may have changed since. */
  readonly of: Computation;
  readonly x: PlanValue;
  readonly weight: PlanValue;
  readonly bias: PlanValue | undefined;
  /** Position of the channels in the computation's own shape. */
  readonly position: number;
  readonly channels: Size;
  readonly shape: readonly Size[];
  /** Position of the channels in `shape`; undefined if `shape` has no such position. */
  readonly channel: number | undefined;
}

/** Returns the values after every scale, bias and activation that can be fused has been. */
export function absorbEpilogues(
  results: readonly PlanValue[],
  builder: PlanBuilder,
  profile: Profile,
): readonly PlanValue[] {
  const absorption = new Absorption(results, builder, profile);
  return results.map((value) => absorption.now(value));
}

class Absorption {
  readonly #builder: PlanBuilder;
  readonly #profile: Profile;
  readonly #uses: ReadonlyMap<PlanValue, number>;
  readonly #replaced = new Map<PlanValue, PlanValue>();
  /** The products, by their original values. */
  readonly #products = new Map<PlanValue, Product>();

  constructor(results: readonly PlanValue[], builder: PlanBuilder, profile: Profile) {
    this.#builder = builder;
    this.#profile = profile;
    const live = computationsOf(results);
    this.#uses = countUses(live, results);
    for (const step of live) {
      const note = (builder.note = builder.noteOf(step));
      const product = this.#product(step);
      if (product !== undefined) this.#products.set(step, product);
      const value =
        (product && this.#carryOut(product)) ??
        this.#activated(step) ??
        builder.emit(
          step.primitive,
          step.inputs.map((input) => this.now(input)),
          step.attributes,
        );
      if (value !== step) builder.annotate(value, note);
      this.#replaced.set(step, value);
    }
  }

  now(value: PlanValue): PlanValue {
    return this.#replaced.get(value) ?? value;
  }

  /** Returns the product that a value is, if the value has no other use. */
  #absorbable(value: PlanValue | undefined): Product | undefined {
    return value !== undefined && this.#uses.get(value) === 1 ? this.#products.get(value) : undefined;
  }

  #product(step: Computation): Product | undefined {
    if (madeBy(step, binary)) return this.#adjusted(step, step.attributes.function);
    if (!madeBy(step, reshape)) return this.#begun(step);
    const inner = this.#absorbable(step.inputs[0]);
    if (inner === undefined) return undefined;
    return { ...inner, shape: step.shape, channel: channelAfter(inner, step.shape) };
  }

  #begun(step: Computation): Product | undefined {
    const position = channelOf(step, this.#profile);
    if (position === undefined) return undefined;
    const [x, weight, bias] = step.inputs.map((input) => this.now(input));
    const { shape } = step;
    return { of: step, x: x!, weight: weight!, bias, position, channels: shape[position]!, shape, channel: position };
  }

  /** product + b and product * s, for a prepared vector over the channels or a number. */
  #adjusted({ inputs }: Computation, name: string): Product | undefined {
    if (name !== "add" && name !== "mul" && name !== "div") return undefined;
    for (const index of name === "div" ? [0] : [0, 1]) {
      const product = this.#absorbable(inputs[index]);
      const operand = product && this.#overChannels(inputs[1 - index]!, product);
      if (product === undefined || operand === undefined) continue;
      if (name !== "add" && !isHarmless(operand, name)) continue;
      const { weight, bias } = product;
      const apply = (of: PlanValue, by: PlanValue = operand) => this.#prepared(name, of, by);
      if (name === "add") {
        // A number has no channels yet, so it cannot be the bias.
        const sum = bias === undefined ? operand.shape.length > 0 && operand : apply(bias);
        if (sum) return { ...product, bias: sum };
        continue;
      }
      // The filter of a depthwise convolution is [h, w, channels, multiplier]; all others have the channels last.
      const perChannel = madeBy(product.of, depthwiseConv2d) && operand.shape.length > 0;
      const scale = perChannel ? this.#builder.emit(reshape, [operand], { shape: weight.shape.slice(2) }) : operand;
      const scaled = apply(weight, scale);
      const scaledBias = bias && apply(bias);
      if (scaled !== undefined && (scaledBias !== undefined) === (bias !== undefined))
        return { ...product, weight: scaled, bias: scaledBias };
    }
    return undefined;
  }

  /** Emits a computation on weights only; undefined if it cannot be done when the model is loaded. */
  #prepared(name: "add" | "mul" | "div", a: PlanValue, b: PlanValue): Prepared | undefined {
    if (a.kind !== "prepared" || b.kind !== "prepared") return undefined;
    const value = this.#builder.emit(binary, [a, b], { function: name });
    return value.kind === "prepared" ? value : undefined;
  }

  /** Returns the operand as `[channels]`, or as a number if it is one. */
  #overChannels(operand: PlanValue, { shape, channel, channels }: Product): PlanValue | undefined {
    const { sizes } = this.#builder;
    if (operand.kind !== "prepared" || operand.shape.length > shape.length) return undefined;
    if (operand.shape.every((size) => sizes.constant(size) === 1n))
      return this.#builder.emit(reshape, [operand], { shape: [] });
    if (channel === undefined || !isVectorOver(channel, operand.shape, shape, sizes)) return undefined;
    return this.#builder.emit(reshape, [operand], { shape: [channels] });
  }

  #carryOut({ of, x, weight, bias, position, channels, shape }: Product): PlanValue {
    const builder = this.#builder;
    const inputs = [x, weight];
    const fused = this.#profile.epilogues.has("bias");
    let value = builder.emit(of.primitive, bias !== undefined && fused ? [...inputs, bias] : inputs, of.attributes);
    if (bias !== undefined && !fused) {
      const ones = of.shape.slice(position + 1).map(() => builder.sizes.int(1));
      const aligned = builder.emit(reshape, [bias], { shape: [channels, ...ones] });
      value = builder.emit(binary, [value, aligned], { function: "add" });
    }
    return builder.emit(reshape, [value], { shape });
  }

  /** relu(product) -> the product, activation: relu. */
  #activated(step: Computation): PlanValue | undefined {
    if (!madeBy(step, unary)) return undefined;
    const product = this.#absorbable(step.inputs[0]);
    const activation = [...this.#profile.epilogues].find((name) => name === step.attributes.function);
    if (product === undefined || activation === undefined || activation === "bias") return undefined;
    const { of } = product;
    const attributes = of.primitive.absorb?.(of.attributes, activation, of.inputs);
    return attributes === undefined ? undefined : this.#carryOut({ ...product, of: { ...of, attributes } });
  }
}

/**
 * Whether weights can be scaled by it: if the program writes its numbers, all are finite, and none is a divisor of 0. A weight that
 * becomes infinite makes NaN of a product in which the scale makes infinity.
 */
function isHarmless(scale: PlanValue, name: "mul" | "div"): boolean {
  let source = scale;
  while (source.kind === "prepared" && source.of.length === 1) source = source.of[0]!;
  if (source.kind !== "prepared" || source.op.op !== "constant") return true;
  return source.op.data.every((number) => Number.isFinite(name === "div" ? 1 / number : number));
}

/** Returns the position of the channels if a bias could be added; else undefined. */
function channelOf(x: Computation, profile: Profile): number | undefined {
  if (madeBy(x, conv2d) || madeBy(x, depthwiseConv2d)) {
    if (x.attributes.activation !== undefined) return undefined;
    return x.attributes.layout === "NHWC" ? 3 : 1;
  }
  if (madeBy(x, matmul)) {
    const { transposeA, activation } = x.attributes;
    const [a, b] = x.inputs;
    // Unless this is a single product of two matrices, a fused bias would be wrong on wasm.
    const single = b!.shape.length === 2 && (a!.shape.length === 2 || !transposeA);
    const can = single || profile.variants.has("matmul.bias-with-batch");
    return can && activation === undefined ? x.shape.length - 1 : undefined;
  }
  return undefined;
}

/** Returns the position of the channels after a reshape that keeps them last, or keeps every size up to them. */
function channelAfter({ shape, channel, channels }: Product, to: readonly Size[]): number | undefined {
  if (channel === undefined) return undefined;
  if (channel === shape.length - 1 && to.at(-1) === channels) return to.length - 1;
  return shape.slice(0, channel + 1).every((size, i) => size === to[i]) ? channel : undefined;
}

/** Whether a shape broadcasts to another along one position only: `[c]` or `[1, 1, c]` along the last. */
function isVectorOver(position: number, shape: readonly Size[], whole: readonly Size[], sizes: Sizes): boolean {
  const missing = whole.length - shape.length;
  const fits = (size: Size, at: number) => (at === position ? size === whole[at] : sizes.constant(size) === 1n);
  return missing >= 0 && missing <= position && shape.every((size, i) => fits(size, i + missing));
}
