/**
 * @file Maps by tensors made of others: one after the other, with an operator before or after it, parts of one, several joined, a
 * map without its constant.
 */
import type { Value } from "../ir/graph.ts";
import { axisNames, type Axis } from "../ir/type.ts";
import { add, mul } from "../ops/elementwise.ts";
import { inputAxis } from "../ops/shared/layers.ts";
import type { Size } from "../sizes/size.ts";
import { isOver, isSameAxes, type Algebra } from "./algebra.ts";
import { alongOf, isDiagonal, type MatrixMap, type Maps, type OperatorMap } from "./map.ts";

/**
 * Returns `outer` after `inner` as one map, whose tensors are computed when the model is loaded; undefined if that map would
 * vary along more axes than the larger of the two.
 */
export function compose(algebra: Algebra, outer: MatrixMap, inner: MatrixMap): MatrixMap | undefined {
  if (isDiagonal(outer)) return scaledAfter(algebra, outer, inner);
  return isDiagonal(inner) ? scaledBefore(algebra, outer, inner) : product(algebra, outer, inner);
}

/** A name that neither programs nor records give an axis. */
const hidden = (axis: Axis): Axis => `${axis}''`;

/** W x + b, then s and t: (s W) x + (s b + t). */
function scaledAfter(algebra: Algebra, outer: MatrixMap, inner: MatrixMap): MatrixMap | undefined {
  const known = [...inner.to, ...alongOf(inner)];
  const fits = isDiagonal(inner) || [outer.weight, outer.bias].every((value) => isOver(value, known));
  if (!fits) return undefined;
  const weight = combined(algebra, mul, inner.weight, outer.weight);
  const scaled = inner.bias && combined(algebra, mul, inner.bias, outer.weight);
  const bias = combined(algebra, add, scaled ?? undefined, outer.bias);
  return weight === null || scaled === null || bias === null ? undefined : changed(inner, { weight, bias });
}

/** s x + t, then W and b: (W s) x + (W t + b), where s and t are over the axes that W sums over. */
function scaledBefore(algebra: Algebra, outer: MatrixMap, inner: MatrixMap): MatrixMap | undefined {
  if (!isOver(inner.weight, outer.from) || !isOver(inner.bias, outer.from)) return undefined;
  const factor = inner.weight && algebra.rename(inner.weight, outer.from, outer.from.map(inputAxis));
  const weight = factor === undefined ? outer.weight! : algebra.product([outer.weight!, factor]);
  const bias = inner.bias === undefined ? outer.bias : shifted(algebra, outer, inner.bias);
  return bias === null ? undefined : changed(outer, { weight, bias });
}

/** W x + b, then V and d: (V W) x + (V b + d). */
function product(algebra: Algebra, outer: MatrixMap, inner: MatrixMap): MatrixMap | undefined {
  const [along, other] = [alongOf(outer), alongOf(inner)];
  if (!isSameAxes(outer.from, inner.to) || !isSameAxes(along, other)) return undefined;
  const middle = outer.from.map(hidden);
  const left = algebra.rename(outer.weight!, outer.from.map(inputAxis), middle);
  const right = algebra.rename(inner.weight!, outer.from, middle);
  if (!along.every((axis) => left.type.axes.has(axis) && right.type.axes.has(axis))) return undefined;
  const weight = algebra.dot(left, right, middle, along);
  const bias = inner.bias === undefined ? outer.bias : shifted(algebra, outer, inner.bias);
  if (bias === null) return undefined;
  const kept = isSameAxes(outer.from, inner.from) ? outer : isSameAxes(outer.to, inner.to) ? inner : undefined;
  return { kind: "matrix", from: inner.from, to: outer.to, weight, bias, with: kept?.with };
}

/**
 * Whether an operator is linear and acts only on axes that a map makes. It must be a view or drop axes, as a sum does: what else it
 * may be, a resize for example, could not be computed when a model is loaded.
 */
export function isOfMade({ trait: { from, to, along = [], is, view } }: OperatorMap, inner: MatrixMap): boolean {
  const isLinear = is === "linear" || is === "gather";
  const isPreparable = view === true || to.length < from.length;
  return isLinear && isPreparable && from.length > 0 && isWithin(from, inner.to) && isWithin(along, inner.to);
}

/** g(W x + b) = g(W) x + g(b), for a linear g on axes that W makes: whatever it does to rows of the result, it does to those of W. */
export function after(algebra: Algebra, maps: Maps, outer: OperatorMap, inner: MatrixMap): MatrixMap | undefined {
  const { node, input, trait } = outer;
  const isKnown = (other: Value, i: number) => i === input || other.kind === "constant" || algebra.isLoaded(other);
  if (!node.inputs.every(isKnown)) return undefined;
  const summed = inner.from.map(inputAxis);
  // Some operators give axes the names of `inputAxis` on their way.
  const rows = maps.on(outer, algebra.rename(inner.weight!, summed, inner.from.map(hidden)));
  const made = inner.to.map((axis) => [axis, inner.weight!.type.axes.get(axis)!] as const);
  const bias = inner.bias && maps.on(outer, algebra.expanded(inner.bias, made));
  if (rows === undefined || (inner.bias !== undefined && bias === undefined)) return undefined;
  const weight = algebra.rename(rows, inner.from.map(hidden), summed);
  if (!hasKnownSizes(algebra, weight)) return undefined;
  const to = [...inner.to.filter((axis) => !trait.from.includes(axis)), ...trait.to];
  const kept = isSameAxes(to, inner.to) ? inner.with : undefined;
  return { kind: "matrix", from: inner.from, to, weight, bias, with: kept };
}

/** Whether a map sums over all axes that a view makes. */
export function isOfView(outer: MatrixMap, { trait: { to, view } }: OperatorMap): boolean {
  return view === true && to.length > 0 && isWithin(to, outer.from);
}

/** W v(x) + b = (W v) x + b, for a view v: it sums over the axes of x, with the elements of W in their order. */
export function before(algebra: Algebra, outer: MatrixMap, view: OperatorMap, x: Value): MatrixMap | undefined {
  const { from, to } = view.trait;
  const taken = from.map((axis) => ({ axis: inputAxis(axis), size: x.type.axes.get(axis)! }));
  const weight = algebra.reshaped(outer.weight!, to.map(inputAxis), taken);
  if (!hasKnownSizes(algebra, weight)) return undefined;
  const summed = [...outer.from.filter((axis) => !to.includes(axis)), ...from];
  const kept = isSameAxes(summed, outer.from) ? outer.with : undefined;
  return { kind: "matrix", from: summed, to: outer.to, weight, bias: outer.bias, with: kept };
}

/** Whether a tensor can be computed when the model is loaded: of an axis with 64 elements, a view may make two of any sizes. */
const hasKnownSizes = ({ builder: { sizes } }: Algebra, { type }: Value): boolean =>
  [...type.axes.values()].every((size) => sizes.constant(size) !== undefined);

const isWithin = (axes: readonly Axis[], others: readonly Axis[]): boolean =>
  axes.every((axis) => others.includes(axis));

/** The constant of a map after a constant, which is over some of the axes that the map sums over. Null if it is over others. */
function shifted(algebra: Algebra, outer: MatrixMap, constant: Value): Value | undefined | null {
  if (!isOver(constant, outer.from)) return null;
  const axes = outer.from.map((axis) => [axis, outer.weight!.type.axes.get(inputAxis(axis))!] as const);
  const primed = outer.from.map(inputAxis);
  const whole = algebra.rename(algebra.expanded(constant, axes), outer.from, primed);
  return combined(algebra, add, algebra.dot(outer.weight!, whole, primed), outer.bias);
}

/** The sum or product of what there is; null if neither has all axes of the other. */
function combined(
  algebra: Algebra,
  op: typeof add,
  a: Value | undefined,
  b: Value | undefined,
): Value | undefined | null {
  return a === undefined || b === undefined ? (a ?? b) : (algebra.pair(op, a, b) ?? null);
}

/** The map of a part of an axis: the places from `start` up to `end`, of which it sums or along which it varies. */
export function partOf(algebra: Algebra, map: MatrixMap, axis: Axis, start: Size, end: Size): MatrixMap {
  const cut = (value: Value | undefined, name: Axis) => value && algebra.cut(value, name, start, end);
  if (map.from.includes(axis)) return changed(map, { weight: cut(map.weight, inputAxis(axis)), bias: undefined });
  if (map.to.includes(axis) || !alongOf(map).includes(axis)) return map;
  return changed(map, { weight: cut(map.weight, axis), bias: cut(map.bias, axis) });
}

/** The map of several tensors joined along an axis that all these maps sum over. Its constant is the sum of theirs. */
export function joinOf(algebra: Algebra, maps: readonly MatrixMap[], axis: Axis): MatrixMap {
  const weight = algebra.concat(
    maps.map((map) => map.weight!),
    inputAxis(axis),
  );
  const biases = maps.flatMap(({ bias }) => bias ?? []);
  return changed(maps[0]!, { weight, bias: biases.length === 0 ? undefined : algebra.sum(biases) });
}

export const linearPart = (map: MatrixMap): MatrixMap =>
  map.bias === undefined ? map : changed(map, { bias: undefined });

/** The map with other tensors, which is no longer the one that the author wrote. */
export const changed = (map: MatrixMap, tensors: Partial<Pick<MatrixMap, "weight" | "bias">>): MatrixMap => ({
  ...map,
  ...tensors,
  written: undefined,
});

/** Whether two maps take the same axes and make the same, with tensors over the same. */
export function isAlike(a: MatrixMap, b: MatrixMap): boolean {
  const over = ({ weight }: MatrixMap) => (weight === undefined ? [] : axisNames(weight.type));
  return isSameAxes(a.from, b.from) && isSameAxes(a.to, b.to) && isSameAxes(over(a), over(b));
}
