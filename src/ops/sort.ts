/** @file Elements in order: sort, argsort and topk. */
import type { DType, NamedArray } from "../contract/ndarray.ts";
import { attribute } from "../ir/attribute.ts";
import type { Laid, Lowering, Positional } from "../ir/lowering.ts";
import { operator, tensors, type LoweringContext, type ReferenceContext } from "../ir/operator.ts";
import { withAxes, type Axis } from "../ir/type.ts";
import { binary, select } from "../primitives/binary.ts";
import { topPlaces } from "../primitives/top.ts";
import { cast, unary } from "../primitives/unary.ts";
import type { Size } from "../sizes/size.ts";
import { byRow } from "./lowering/by-row.ts";
import { made, rows, sizeOf } from "./reference/rows.ts";
import { except, product, reshaped, sizesOf } from "./shared/axes.ts";
import { dtypeOf, numeric, requireAxes } from "./shared/conditions.ts";
import { over } from "./shared/traits.ts";

/** What of a sorted axis an operator returns. */
interface Order {
  readonly axis: Axis;
  readonly descending: boolean;
  readonly results: readonly ("values" | "places")[];
}

/** Compares two elements. As in PyTorch, NaN is larger than any number. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : Number(a > b);
}

/** The reference: sorts the places in every row, and keeps as many as the result has. */
function sortedArrays(c: ReferenceContext<unknown>, { axis, descending, results }: Order): readonly NamedArray[] {
  const x = rows(c.inputs[0]!, [axis]);
  const count = sizeOf(c.results[0]!, axis);
  const sign = descending ? -1 : 1;
  const sorted = Array.from({ length: x.count }, (_, row) => {
    const places = Array.from({ length: x.width }, (_, i) => row * x.width + i);
    return places.sort((a, b) => sign * compare(x.data[a]!, x.data[b]!)).slice(0, count);
  }).flat();
  return results.map((what, i) => {
    const data = Float64Array.from(sorted, (at) => (what === "values" ? x.data[at]! : at % x.width));
    const dtype: DType = what === "values" ? c.inputs[0]!.dtype : "i32";
    return made(data, [...x.axes, axis], c.results[i]!, dtype);
  });
}

function lowerSorted(c: LoweringContext<unknown>, { axis, descending, results }: Order): readonly Laid[] {
  const { p, inputs } = c;
  const order = [...except(p.loose(inputs[0]!).axes, [axis]), axis];
  const type = p.typeOf(inputs[0]!);
  const count = product(p.sizes, sizesOf(type, order.slice(0, -1)));
  const x = reshaped(p, p.ordered(inputs[0]!, order), [count, ...sizesOf(type, [axis])]);
  const places = placesOf(p, x, descending, sizesOf(c.results[0]!, [axis])[0]!);
  return results.map((what, i) => {
    const value = what === "values" ? byRow(p, x, places) : places;
    return p.laid(reshaped(p, value, sizesOf(c.results[i]!, order)), order);
  });
}

/** Returns the places of the first `count` elements of every row. */
function placesOf(p: Lowering, x: Positional, descending: boolean, count: Size): Positional {
  if (x.dtype === "i32") {
    // -1 - x is as small as x is large, and never too large for an i32.
    const key = descending ? x : p.emit(binary, [p.scalar(-1, "i32"), x], { function: "sub" });
    return p.emit(topPlaces, [key], { count });
  }
  // Engines order numbers only. Sorting is stable, so a second pass moves infinities and NaN to their places.
  const negated = (value: Positional) => (descending ? value : p.emit(unary, [value], { function: "neg" }));
  const kinds = negated(kindOf(p, x));
  const isNumber = p.emit(binary, [kinds, p.scalar(0)], { function: "equal" });
  const numbers = p.emit(select, [isNumber, x, p.scalar(0)], {});
  const ordered = p.emit(topPlaces, [negated(numbers)], { count: x.shape[1]! });
  return byRow(p, ordered, p.emit(topPlaces, [byRow(p, kinds, ordered)], { count }));
}

/** Returns 0 for finite numbers, -1 and 1 for infinities, and 2 for NaN. */
function kindOf(p: Lowering, x: Positional): Positional {
  const is = (name: "isnan" | "isinf"): Positional =>
    p.emit(cast, [p.emit(unary, [x], { function: name })], { dtype: "f32" });
  const isPositive = p.emit(binary, [x, p.scalar(0)], { function: "greater" });
  const sign = p.emit(select, [isPositive, p.scalar(1), p.scalar(-1)], {});
  const infinite = p.emit(binary, [is("isinf"), sign], { function: "mul" });
  return p.emit(binary, [infinite, p.emit(binary, [is("isnan"), p.scalar(2)], { function: "mul" })], {
    function: "add",
  });
}

const order = "Of equal elements, the first one comes first. NaN is larger than any number, as in PyTorch.";

const axis = attribute("axis", "axis to sort along");
const descending = attribute("bool", "whether the largest comes first", { default: false });
const indices = attribute("bool", "whether to return a second result, i32: the index of each element in `x`", {
  default: false,
});

/** Returns the results of an operator that returns places only if they are asked for. */
const withIndices = (indices: boolean) => (indices ? (["values", "places"] as const) : (["values"] as const));

export const sort = operator({
  name: "sort",
  doc: `The elements along an axis, the smallest first. ${order}`,
  inputs: tensors("x"),
  attributes: { axis, descending, indices },
  exact: true,
  examples: [
    { code: "sort(x, axis: t)", inputs: "x: [n, t, d]" },
    { code: "sort(x, axis: t, descending: true, indices: true)", inputs: "x: i32[n, t]" },
  ],
  type: (c) => {
    const { axis, indices } = c.attributes;
    requireAxes(c, 0, [axis], "axis");
    const { axes } = c.input(0);
    const type = { dtype: dtypeOf(c, 0, numeric), axes };
    return indices ? [type, { dtype: "i32", axes }] : type;
  },
  trait: (c) => over([c.attributes.axis], { is: "any" }),
  reference: (c) => sortedArrays(c, { ...c.attributes, results: withIndices(c.attributes.indices) }),
  lower: (c) => lowerSorted(c, { ...c.attributes, results: withIndices(c.attributes.indices) }),
});

export const argsort = operator({
  name: "argsort",
  doc: `The indices, as i32, that sort the elements along an axis, the smallest first. ${order}`,
  inputs: tensors("x"),
  attributes: { axis, descending },
  exact: true,
  examples: [
    { code: "argsort(x, axis: t)", inputs: "x: [n, t, d]" },
    { code: "gather(x, argsort(x, axis: t, descending: true), axis: t)", inputs: "x: i32[n, t]" },
  ],
  type: (c) => {
    requireAxes(c, 0, [c.attributes.axis], "axis");
    dtypeOf(c, 0, numeric);
    return { dtype: "i32", axes: c.input(0).axes };
  },
  trait: (c) => over([c.attributes.axis], { is: "any" }),
  reference: (c) => sortedArrays(c, { ...c.attributes, results: ["places"] }),
  lower: (c) => lowerSorted(c, { ...c.attributes, results: ["places"] }),
});

export const topk = operator({
  name: "topk",
  doc: `The \`k\` largest elements along an axis, the largest first. ${order}`,
  inputs: tensors("x"),
  attributes: {
    k: attribute("size", "how many elements", { open: true }),
    axis: attribute("axis", "axis to choose along"),
    largest: attribute("bool", "whether to choose the largest elements, or else the smallest", { default: true }),
    indices,
  },
  exact: true,
  examples: [
    { code: "topk(x, k: 2, axis: c)", inputs: "x: [n, c: c + 1, h, w]" },
    { code: "topk(x, k: t, axis: s, largest: false, indices: true)", inputs: "x: [t, s: t + 1]" },
  ],
  type: (c) => {
    const { k, axis, indices } = c.attributes;
    c.atLeast(c.size(0, axis), k, { inputs: [0], attribute: "k", axis, why: "`k` elements are chosen from the axis" });
    const { dtype, axes } = withAxes({ dtype: dtypeOf(c, 0, numeric), axes: c.input(0).axes }, [[axis, k]]);
    return indices
      ? [
          { dtype, axes },
          { dtype: "i32", axes },
        ]
      : { dtype, axes };
  },
  trait: (c) => over([c.attributes.axis], { is: "any" }),
  reference: (c) => sortedArrays(c, topOrder(c.attributes)),
  lower: (c) => lowerSorted(c, topOrder(c.attributes)),
});

function topOrder(of: { readonly axis: Axis; readonly largest: boolean; readonly indices: boolean }): Order {
  return { axis: of.axis, descending: of.largest, results: withIndices(of.indices) };
}
