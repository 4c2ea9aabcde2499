/** @file Reductions over axes. Global pooling is `mean` or `max` over the spatial axes, channel pooling over `c`. */
import type { DType } from "../contract/ndarray.ts";
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import type { Laid } from "../ir/lowering.ts";
import { operator, tensors, type LoweringContext, type OperatorContext } from "../ir/operator.ts";
import { spatialAxes, without, withAxes, type Axis, type TensorType } from "../ir/type.ts";
import type { ReduceName } from "../primitives/functions/reduce.ts";
import { pool } from "../primitives/pool.ts";
import { reduce } from "../primitives/reduce.ts";
import { fromImage, toImage } from "./lowering/images.ts";
import { longSum } from "./lowering/long-sums.ts";
import { made, rows } from "./reference/rows.ts";
import { except, reshaped, sizesOf } from "./shared/axes.ts";
import { dtypeOf, floating, logical, numeric, requireAxes } from "./shared/conditions.ts";
import { inReals, reducing, type Acts } from "./shared/traits.ts";

/** The attributes of every reduction. */
export const reduceAttributes = {
  axis: attribute("axes", "axes to reduce; the result does not have them", { unordered: true }),
  keepdims: attribute("bool", "whether to keep the axes, with size 1", { default: false }),
};
type Attributes = ValuesOf<typeof reduceAttributes>;

/** Returns the type without the reduced axes, or with size 1 for each. */
export function reducedType(c: OperatorContext<Attributes>, dtype: DType): TensorType {
  const { axis, keepdims } = c.attributes;
  requireAxes(c, 0, axis, "axis");
  const { axes } = keepdims
    ? withAxes(
        c.input(0),
        axis.map((name) => [name, c.sizes.int(1)]),
      )
    : without(c.input(0), axis);
  return { dtype, axes };
}

type Fold = (data: ArrayLike<number>, start: number, count: number) => number;

/** Defines a reduction. `fold` gets the elements `[start, start + count)` of `data`; `integers` is the fold of i32. */
function reduction(
  name: ReduceName,
  doc: string,
  dtypes: readonly DType[],
  acts: (input: TensorType) => Acts,
  fold: Fold,
  integers: Fold = fold,
) {
  const prefix = dtypes.includes("f32") ? "" : dtypes[0]!;
  return operator({
    name,
    doc,
    inputs: tensors("x"),
    attributes: reduceAttributes,
    examples: [
      { code: `${name}(x, axis: [h, w])`, inputs: `x: ${prefix}[n, c, h, w]` },
      { code: `${name}(x, axis: c, keepdims: true)`, inputs: `x: ${prefix}[n, c, h, w]` },
    ],
    type: (c) => reducedType(c, dtypeOf(c, 0, dtypes)),
    trait: (c) => reducing(c.attributes, acts(c.input(0))),
    reference: (c) => {
      const { axis, keepdims } = c.attributes;
      const x = rows(c.inputs[0]!, axis);
      const { dtype } = c.inputs[0]!;
      const of = dtype === "i32" ? integers : fold;
      const data = Float64Array.from({ length: x.count }, (_, row) => of(x.data, row * x.width, x.width));
      return made(data, keepdims ? [...x.axes, ...axis] : x.axes, c.results[0]!, dtype);
    },
    lower: (c) => (isGlobalPool(c, name) ? lowerToPool(c, name) : lowerToReduce(c, name)),
  });
}

/** Folds the elements from first to last. */
const folded = (first: number, combine: (a: number, b: number) => number): Fold =>
  function fold(data, start, count) {
    let result = first;
    for (let i = start; i < start + count; i++) result = combine(result, data[i]!);
    return result;
  };
const anyhow = (): Acts => ({ is: "any" });
const chosen = (): Acts => ({ is: "largest" });
const total = folded(0, (a, b) => a + b);

export const mean = reduction(
  "mean",
  "The mean over the axes.",
  floating,
  () => ({ is: "linear", unit: true }),
  (data, start, count) => total(data, start, count) / count,
);
export const sum = reduction(
  "sum",
  "The sum over the axes.",
  numeric,
  (input) => inReals(input, { is: "linear" }),
  total,
  folded(0, (a, b) => (a + b) | 0),
);
export const max = operator({
  ...reduction("max", "The largest element over the axes.", numeric, chosen, folded(-Infinity, Math.max)),
  exact: true,
});
export const min = operator({
  ...reduction("min", "The smallest element over the axes.", numeric, chosen, folded(Infinity, Math.min)),
  exact: true,
});
export const prod = reduction(
  "prod",
  "The product over the axes.",
  numeric,
  anyhow,
  folded(1, (a, b) => a * b),
  folded(1, Math.imul),
);

export const any = reduction("any", "Whether any element over the axes is true.", logical, anyhow, folded(0, Math.max));
export const all = reduction(
  "all",
  "Whether all elements over the axes are true.",
  logical,
  anyhow,
  folded(1, Math.min),
);

/** Whether a pool over the whole image computes it as fast. Axes that are last in memory are reduced without moving data. */
function isGlobalPool(c: LoweringContext<Attributes>, name: ReduceName): name is "mean" | "max" {
  const type = c.p.typeOf(c.inputs[0]!);
  const spatial = spatialAxes(type);
  if (!c.p.can("pool.global") || !(name === "mean" || name === "max") || type.dtype !== "f32") return false;
  if (spatial === undefined || spatial.length > 2 || spatial.length !== c.attributes.axis.length) return false;
  const last = c.p.loose(c.inputs[0]!).axes.slice(-spatial.length);
  const reduced = (axis: Axis) => c.attributes.axis.includes(axis);
  const isKnown = spatial.every((axis) => c.p.sizes.constant(type.axes.get(axis)!) !== undefined);
  if (!isKnown && !c.p.can("pool.symbolic-window")) return false;
  return spatial.every(reduced) && (c.p.layout === "NCHW" || !last.every(reduced));
}

function lowerToPool(c: LoweringContext<Attributes>, name: "mean" | "max"): Laid {
  const { p } = c;
  const image = toImage(p, c.inputs[0]!, spatialAxes(p.typeOf(c.inputs[0]!))!);
  const [height, width] = p.layout === "NHWC" ? image.value.shape.slice(1, 3) : image.value.shape.slice(2);
  const one = p.sizes.int(1);
  const attributes = {
    kind: name === "mean" ? ("avg" as const) : ("max" as const),
    kernel: [height!, width!] as const,
    strides: [one, one] as const,
    pads: [
      [0, 0],
      [0, 0],
    ] as const,
    layout: p.layout,
  };
  return fromImage(p, image, p.emit(pool, [image.value], attributes), c.results[0]!);
}

function lowerToReduce(c: LoweringContext<Attributes>, name: ReduceName): Laid {
  const { p } = c;
  const { axis, keepdims } = c.attributes;
  const x = p.any(c.inputs[0]!);
  const axes = axis.map((reduced) => x.axes.indexOf(reduced)).sort((a, b) => a - b);
  const kept = keepdims ? x.axes : except(x.axes, axis);
  if ((name === "sum" || name === "mean") && x.value.dtype === "f32" && axes.length > 0 && !p.can("reduce.long"))
    return p.laid(reshaped(p, longSum(p, x.value, name, axes), sizesOf(c.results[0]!, kept)), kept);
  return p.laid(p.emit(reduce, [x.value], { function: name, axes, keepdims }), kept);
}
