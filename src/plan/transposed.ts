/** @file Which computations a transpose can move before: what such a computation is, in terms of its transposed inputs. */
import { conv2d } from "../primitives/convolution.ts";
import { noPads } from "../primitives/image.ts";
import { concat, pad, reshape, slice } from "../primitives/layout.ts";
import { matmul } from "../primitives/matmul.ts";
import { reverse, scan } from "../primitives/scan.ts";
import { softmax } from "../primitives/softmax.ts";
import type { Size } from "../sizes/size.ts";
import type { Sizes } from "../sizes/sizes.ts";
import type { PlanBuilder } from "./builder.ts";
import { isElementwise } from "./elementwise.ts";
import type { Profile } from "./profile.ts";
import { madeBy, type Computation, type PlanValue } from "./value.ts";

/** A transposed value as a computation of transposed inputs. */
export interface Passage {
  readonly inputs: readonly { readonly value: PlanValue; readonly permutation: readonly number[] }[];
  /** How many times the runtime moves the elements of the value by itself: more than before, or fewer. */
  readonly hidden: number;
  /** Whether moving is better even if as many bytes move then. */
  readonly preferred?: boolean;
  /** Makes the transposed value. Takes the transposed inputs. */
  readonly make: (inputs: readonly PlanValue[]) => PlanValue;
}

/**
 * ONNX Runtime transposes twice for a softmax that is not over the last axis: 8x784x784 takes 17.6 instead of 9.3 ms. A
 * little less than two, because a softmax that stays where it is takes fewer steps.
 */
const softmaxMoves = 1.9;

/** Returns how a transpose moves before `value`, if it can. `alone` tells whether a value has one use only. */
export function passage(
  value: PlanValue,
  permutation: readonly number[],
  builder: PlanBuilder,
  profile: Profile,
  alone: (value: PlanValue) => boolean,
): Passage | undefined {
  if (value.kind !== "computation") return undefined;
  const { primitive, inputs } = value;
  const moved = (attributes: unknown): Passage => ({
    inputs: inputs.map((input) => ({ value: input, permutation })),
    hidden: 0,
    make: (of) => builder.emit(primitive, of, attributes),
  });
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
    const before = value.attributes.axis ?? last;
    const axis = at(before);
    if (axis !== last && !profile.variants.has("softmax.any-axis")) return undefined;
    const hidden = softmaxMoves * (Number(axis !== last) - Number(before !== last));
    return { ...moved(axis === last ? {} : { axis }), hidden };
  }
  if (madeBy(value, matmul)) {
    // The transpose of a product is the product of the transposed factors, in reverse order.
    const { transposeA, transposeB, activation } = value.attributes;
    const isPlain = !transposeA && !transposeB && activation === undefined && inputs.length === 2;
    const isBatched = inputs.every(({ shape }) => shape.length === permutation.length) && last > 1;
    const exchanges = permutation.every((from, to) => from === (to < last - 1 ? to : 2 * last - 1 - to));
    if (isPlain && isBatched && exchanges) {
      const { inputs: factors, ...rest } = moved(value.attributes);
      return { ...rest, inputs: factors.toReversed() };
    }
  }
  return mapped(value, permutation, builder, profile, alone) ?? reshaped(value, permutation, builder);
}

/** A linear map of one axis of `x`, the channels, to adjacent axes of the result, by a matrix [from, to]. */
interface LinearMap {
  readonly x: PlanValue;
  readonly matrix: PlanValue;
  readonly bias: readonly PlanValue[];
  /** The position of the channels in `x`, and of the first of `count` axes of the result. */
  readonly position: number;
  readonly count: number;
}

/** A linear map of channels maps them wherever they are: a product of rows if they are last, else a 1x1 convolution. */
function mapped(
  value: Computation,
  permutation: readonly number[],
  builder: PlanBuilder,
  profile: Profile,
  alone: (value: PlanValue) => boolean,
): Passage | undefined {
  const map = linearMap(value, builder, alone);
  if (map === undefined) return undefined;
  const { x, matrix, bias, position, count } = map;
  const isMade = (axis: number) => axis >= position && axis < position + count;
  const place = permutation.indexOf(position);
  if (range(position, position + count).some((from, i) => permutation[place + i] !== from)) return undefined;
  const isLast = place + count === permutation.length;
  if (!isLast && profile.layout !== "NCHW") return undefined;
  const ofX = permutation.flatMap((from) => {
    if (isMade(from)) return from === position ? [position] : [];
    return [from < position ? from : from - count + 1];
  });
  const shape = permutation.map((from) => value.shape[from]!);
  return {
    inputs: [{ value: x, permutation: ofX }],
    hidden: 0,
    // Fewer reshapes remain, and several maps of one value share its transpose.
    preferred: count === 1,
    make: ([turned]) => {
      const product = isLast ? ofRows(turned!, matrix, bias, builder) : ofPixels(turned!, place, matrix, bias, builder);
      return builder.emit(reshape, [product], { shape });
    },
  };
}

function ofRows(x: PlanValue, matrix: PlanValue, bias: readonly PlanValue[], builder: PlanBuilder): PlanValue {
  const rows = builder.emit(reshape, [x], { shape: [product(builder.sizes, x.shape.slice(0, -1)), x.shape.at(-1)!] });
  return builder.emit(matmul, [rows, matrix, ...bias], { transposeA: false, transposeB: false });
}

function ofPixels(
  x: PlanValue,
  position: number,
  matrix: PlanValue,
  bias: readonly PlanValue[],
  builder: PlanBuilder,
): PlanValue {
  const { sizes } = builder;
  const [before, after] = [x.shape.slice(0, position), x.shape.slice(position + 1)];
  const height = after.length === 1 ? 1 : after.length - 1;
  const [h, w] = [product(sizes, after.slice(0, height)), product(sizes, after.slice(height))];
  const image = builder.emit(reshape, [x], { shape: [product(sizes, before), x.shape[position]!, h, w] });
  const one = sizes.int(1);
  const filter = builder.emit(reshape, [matrix], { shape: [one, one, ...matrix.shape] });
  const geometry = { strides: [1, 1], dilations: [1, 1], pads: noPads, layout: "NCHW", groups: 1 } as const;
  return builder.emit(conv2d, [image, filter, ...bias], geometry);
}

/** Recognises a linear map in a product of rows or a 1x1 convolution, and in what a reshape makes of its result. */
function linearMap(
  value: Computation,
  builder: PlanBuilder,
  alone: (value: PlanValue) => boolean,
): LinearMap | undefined {
  const { sizes } = builder;
  const { shape } = value;
  const [inner] = value.inputs;
  const made = madeBy(value, reshape) && inner!.kind === "computation" && alone(inner!) ? inner! : value;
  const [source, matrix, ...bias] = made.inputs;
  const as = (before: readonly Size[], channels: Size, after: readonly Size[]) =>
    builder.emit(reshape, [source!], { shape: [...before, channels, ...after] });
  if (madeBy(made, matmul)) {
    const { transposeA, transposeB, activation } = made.attributes;
    if (transposeA || transposeB || activation !== undefined || matrix!.shape.length !== 2) return undefined;
    const [k, n] = matrix!.shape;
    const position = shape.findLastIndex((_, i) => product(sizes, shape.slice(i)) === n);
    if (position < 0) return undefined;
    return { x: as(shape.slice(0, position), k!, []), matrix: matrix!, bias, position, count: shape.length - position };
  }
  if (madeBy(made, conv2d)) {
    const { strides, pads, layout, groups, activation } = made.attributes;
    const [height, width, k, n] = matrix!.shape;
    const one = sizes.int(1);
    const isPointwise = height === one && width === one && strides.every((stride) => stride === 1) && groups === 1;
    const isUnpadded = pads === "same_tf" || pads.flat().every((pad) => pad === 0);
    if (!isPointwise || !isUnpadded || layout !== "NCHW" || activation !== undefined) return undefined;
    const position = shape.findLastIndex((_, i) => product(sizes, shape.slice(0, i)) === made.shape[0]);
    const count =
      shape.slice(position).findIndex((_, i) => product(sizes, shape.slice(position, position + i + 1)) === n) + 1;
    if (position < 0 || count === 0) return undefined;
    const filter = builder.emit(reshape, [matrix!], { shape: [k!, n!] });
    const x = as(shape.slice(0, position), k!, shape.slice(position + count));
    return { x, matrix: filter, bias, position, count };
  }
  return undefined;
}

/** A transpose before a reshape moves the axes that it merges together, or the one that it splits. */
function reshaped(value: Computation, permutation: readonly number[], builder: PlanBuilder): Passage | undefined {
  if (!madeBy(value, reshape)) return undefined;
  const [input] = value.inputs;
  const groups = correspondence(input!.shape, value.shape, builder.sizes);
  if (groups === undefined) return undefined;
  const order: number[] = [];
  for (let i = 0; i < permutation.length;) {
    const group = groups.find(({ after }) => after[0] === permutation[i]);
    // The axes that come from one axis must stay together.
    if (group === undefined || !group.after.every((axis, k) => permutation[i + k] === axis)) return undefined;
    order.push(...group.before);
    i += group.after.length;
  }
  const shape = permutation.map((from) => value.shape[from]!);
  return {
    inputs: [{ value: input!, permutation: order }],
    hidden: 0,
    make: ([turned]) => builder.emit(reshape, [turned!], { shape }),
  };
}

/** Adjacent axes before and after a reshape with the same elements: several become one, or one becomes several. */
interface Group {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

function correspondence(before: readonly Size[], after: readonly Size[], sizes: Sizes): readonly Group[] | undefined {
  const groups: Group[] = [];
  let [i, k] = [0, 0];
  const run = (shape: readonly Size[], start: number, whole: Size): number[] | undefined => {
    const end = shape.findIndex((_, at) => at >= start && product(sizes, shape.slice(start, at + 1)) === whole);
    return end < 0 ? undefined : Array.from({ length: end - start + 1 }, (_, at) => start + at);
  };
  while (i < before.length && k < after.length) {
    const [merged, split] = [run(before, i, after[k]!), run(after, k, before[i]!)];
    if (merged !== undefined) groups.push({ before: merged, after: [k] });
    else if (split !== undefined) groups.push({ before: [i], after: split });
    else return undefined;
    const { before: taken, after: made } = groups.at(-1)!;
    [i, k] = [i + taken.length, k + made.length];
  }
  // Axes of size 1 at the end go with the last group.
  const rest = { before: range(i, before.length), after: range(k, after.length) };
  const final = groups.pop();
  if (final === undefined) return undefined;
  const joined = { before: [...final.before, ...rest.before], after: [...final.after, ...rest.after] };
  return joined.before.length === 1 || joined.after.length === 1 ? [...groups, joined] : undefined;
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function product(sizes: Sizes, factors: readonly Size[]): Size {
  return factors.reduce((a, b) => sizes.mul(a, b), sizes.int(1));
}
