/** @file A sum of a product of two tensors as one `dot`, which need not write the product. */
import type { Value } from "../ir/graph.ts";
import { axisNames, type Axis } from "../ir/type.ts";
import { div, mul } from "../ops/elementwise.ts";
import { mean, sum } from "../ops/reduce.ts";
import { unsqueeze } from "../ops/shape.ts";
import type { Algebra } from "./algebra.ts";

/**
 * Sum over A of x g = dot(x, g, contract: A), and the mean is that divided by how many elements A has. Undefined if both have the same
 * axes: then it would be a product of single rows, for which engines have no fast code.
 */
export function contracted(algebra: Algebra, value: Value): Value | undefined {
  if (value.kind !== "node" || value.type.dtype !== "f32") return undefined;
  const isMean = value.op.name === mean.name;
  const [product] = value.inputs;
  if ((!isMean && value.op.name !== sum.name) || product?.kind !== "node" || product.op.name !== mul.name)
    return undefined;
  const { axis, keepdims } = value.attributes as { readonly axis: readonly Axis[]; readonly keepdims: boolean };
  if (axis.length === 0) return undefined;
  const [x, g] = product.inputs.toSorted((a, b) => b.type.axes.size - a.type.axes.size);
  const shared = axisNames(g!.type);
  if (shared.length === x!.type.axes.size || !axis.every((name) => shared.includes(name))) return undefined;
  const batch = shared.filter((name) => !axis.includes(name));
  const total = algebra.dot(x!, g!, axis, batch);
  const { sizes } = algebra.builder;
  const count = axis.map((name) => x!.type.axes.get(name)!).reduce((a, b) => sizes.mul(a, b));
  const result = isMean ? algebra.node(div, [total, algebra.builder.scalar(count)], {}) : total;
  return keepdims ? algebra.node(unsqueeze, [result], { axis }) : result;
}
