/** @file One rule: what a target computes wrongly becomes other computations that it computes right. */
import type { BinaryName } from "../contract/prepare-functions.ts";
import { binary, select } from "../primitives/binary.ts";
import type { ArgName } from "../primitives/functions/reduce.ts";
import { gather } from "../primitives/gather.ts";
import { iota } from "../primitives/iota.ts";
import { reshape, transpose } from "../primitives/layout.ts";
import type { Primitive } from "../primitives/primitive.ts";
import { argReduce, reduce } from "../primitives/reduce.ts";
import { reverse, scan } from "../primitives/scan.ts";
import { unary } from "../primitives/unary.ts";
import type { Size } from "../sizes/size.ts";
import type { PlanBuilder } from "./builder.ts";
import { mergedTranspose } from "./few-axes.ts";
import type { Fault, Profile } from "./profile.ts";
import { rewritten } from "./rewritten.ts";
import { madeBy, type Computation, type PlanValue } from "./value.ts";

/** Returns the values without what the target computes wrongly. */
export function withSubstitutes(
  results: readonly PlanValue[],
  builder: PlanBuilder,
  { faults }: Profile,
): readonly PlanValue[] {
  if (faults === undefined || faults.size === 0) return results;
  const substitutes = new Substitutes(builder, faults);
  return rewritten(results, builder, (step, inputs) => substitutes.of(step, inputs));
}

class Substitutes {
  readonly #builder: PlanBuilder;
  readonly #faults: ReadonlySet<Fault>;

  constructor(builder: PlanBuilder, faults: ReadonlySet<Fault>) {
    this.#builder = builder;
    this.#faults = faults;
  }

  /** Returns what a computation becomes; undefined if the target computes it right. */
  of(step: Computation, inputs: readonly PlanValue[]): PlanValue | undefined {
    const [x] = inputs;
    if (x === undefined) return undefined;
    if (madeBy(step, transpose)) return this.#transposed(x, step.attributes.permutation);
    if (madeBy(step, reduce)) {
      const { axes, ...rest } = step.attributes;
      if (!this.#movesIntegers(x, axes)) return undefined;
      return this.#reshaped(this.#reduced(this.#withLast(x, axes), axes.length, rest), step.shape);
    }
    if (madeBy(step, scan)) return this.#scanned(x, step.attributes);
    if (madeBy(step, argReduce) && this.#faults.has("arg-ties"))
      return this.#firstPlace(x, step.attributes.function, step.attributes.axis);
    if (madeBy(step, unary) && step.attributes.function === "log1p" && this.#faults.has("log1p-below")) {
      const isInside = this.#binary("greater_equal", x, this.#builder.scalar(-1));
      const inside = this.#builder.emit(unary, [x], step.attributes);
      return this.#builder.emit(select, [isInside, inside, this.#builder.scalar(NaN)], {});
    }
    return undefined;
  }

  /** Whether the target transposes integers to work along some axes, which must be the last ones. */
  #movesIntegers({ shape, dtype }: PlanValue, axes: readonly number[]): boolean {
    if (dtype === "f32" || !this.#faults.has("integer-transposes")) return false;
    return axes.some((axis) => axis < shape.length - axes.length);
  }

  /** Puts some axes last, in their order. */
  #withLast(x: PlanValue, axes: readonly number[]): PlanValue {
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    return this.#transposed(x, [...kept, ...axes.toSorted((a, b) => a - b)]);
  }

  #transposed(x: PlanValue, permutation: readonly number[]): PlanValue {
    const plain = this.#builder.emit(transpose, [x], { permutation });
    if (!madeBy(plain, transpose) || x.dtype === "f32" || !this.#faults.has("integer-transposes")) return plain;
    const { runs, order } = mergedTranspose(permutation);
    const few = this.#reshaped(
      x,
      runs.map((axes) => this.#product(axes.map((axis) => x.shape[axis]!))),
    );
    // The kernel for matrices is right.
    const isMatrix = order.length === 2;
    const moved = isMatrix ? this.#builder.emit(transpose, [few], { permutation: order }) : this.#gathered(few, order);
    return this.#reshaped(moved, plain.shape);
  }

  /** Transposes by index. The axes from the first to the last that moves become one, and those around it stay. */
  #gathered(x: PlanValue, permutation: readonly number[]): PlanValue {
    const { sizes } = this.#builder;
    const start = permutation.findIndex((axis, i) => axis !== i);
    const end = permutation.findLastIndex((axis, i) => axis !== i) + 1;
    // The place of every element of the result: the sum of its index along each axis times the step of that axis.
    const [first, ...others] = permutation.slice(start, end).map((axis) => {
      const indices = this.#builder.emit(iota, [], { size: x.shape[axis]! });
      if (axis === end - 1) return indices;
      const step = this.#builder.scalar(this.#product(x.shape.slice(axis + 1, end)), "i32");
      return this.#binary("mul", indices, step);
    });
    const places = others.reduce((before, own) => {
      const column = this.#reshaped(before, [before.shape[0]!, sizes.int(1)]);
      const sum = this.#binary("add", column, this.#reshaped(own, [sizes.int(1), own.shape[0]!]));
      return this.#reshaped(sum, [this.#product(sum.shape)]);
    }, first!);
    const rows = this.#reshaped(
      x,
      [x.shape.slice(0, start), x.shape.slice(start, end), x.shape.slice(end)].map((part) => this.#product(part)),
    );
    return this.#builder.emit(gather, [rows, places], { axis: 1 });
  }

  /** Reduces the last axes. */
  #reduced(x: PlanValue, count: number, attributes: Omit<AttributesOf<typeof reduce>, "axes">): PlanValue {
    const rank = x.shape.length;
    const axes = Array.from({ length: count }, (_, i) => rank - count + i);
    return this.#builder.emit(reduce, [x], { ...attributes, axes });
  }

  #scanned(x: PlanValue, attributes: AttributesOf<typeof scan>): PlanValue | undefined {
    const { axis, reverse: isReverse } = attributes;
    if (isReverse && this.#faults.has("reverse-scans")) {
      const turned = (of: PlanValue) => this.#builder.emit(reverse, [of], { axes: [axis] });
      const forward = { ...attributes, reverse: false };
      const from = turned(x);
      return turned(this.#scanned(from, forward) ?? this.#builder.emit(scan, [from], forward));
    }
    if (!this.#movesIntegers(x, [axis])) return undefined;
    const last = x.shape.length - 1;
    const moved = this.#builder.emit(scan, [this.#withLast(x, [axis])], { ...attributes, axis: last });
    const back = x.shape.map((_, i) => (i === axis ? last : i < axis ? i : i - 1));
    return this.#transposed(moved, back);
  }

  /** Returns the smallest index of an element that is the largest, or the smallest, or NaN. */
  #firstPlace(x: PlanValue, name: ArgName, axis: number): PlanValue {
    const size = x.shape[axis]!;
    const rows = this.#withLast(x, [axis]);
    const best = this.#reduced(rows, 1, { function: name === "argmax" ? "max" : "min", keepdims: true });
    const isBest = this.#binary("equal", rows, best);
    const isNaN = x.dtype === "f32" ? this.#builder.emit(unary, [rows], { function: "isnan" }) : undefined;
    const isWanted = isNaN === undefined ? isBest : this.#binary("logical_or", isBest, isNaN);
    const indices = this.#builder.emit(iota, [], { size });
    const places = this.#builder.emit(select, [isWanted, indices, this.#builder.scalar(size, "i32")], {});
    return this.#reduced(places, 1, { function: "min", keepdims: false });
  }

  #binary(name: BinaryName, a: PlanValue, b: PlanValue): PlanValue {
    return this.#builder.emit(binary, [a, b], { function: name });
  }

  #reshaped(x: PlanValue, shape: readonly Size[]): PlanValue {
    return this.#builder.emit(reshape, [x], { shape });
  }

  #product(factors: readonly Size[]): Size {
    const { sizes } = this.#builder;
    return factors.reduce((a, b) => sizes.mul(a, b), sizes.int(1));
  }
}

/** The attributes of a primitive. */
type AttributesOf<P> = P extends Primitive<infer A> ? A : never;
