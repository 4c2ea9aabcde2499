/** @file What a linear operator makes of a constant that it does not keep. */
import type { Value } from "../ir/graph.ts";
import { axisNames, type Axis } from "../ir/type.ts";
import { mul } from "../ops/elementwise.ts";
import { sum } from "../ops/reduce.ts";
import { inputAxis } from "../ops/shared/layers.ts";
import type { Algebra } from "./algebra.ts";
import type { Mapping } from "./map.ts";

/**
 * Returns what the linear part of a map makes of a constant that is the same along all axes that the map acts on: the constant times
 * what the map makes of ones. Undefined if no tensor says what that is.
 */
export function ofConstant(algebra: Algebra, map: Mapping, constant: Value): Value | undefined {
  const ofOnes = madeOfOnes(algebra, map);
  if (ofOnes === undefined) return undefined;
  const shared = axisNames(constant.type).filter((axis) => ofOnes.type.axes.has(axis));
  return algebra.pair(mul, constant, ofOnes) ?? algebra.dot(ofOnes, constant, [], shared);
}

/** What a map without its constant makes of ones: the sum of its weight over the axes that it takes. */
function madeOfOnes(algebra: Algebra, map: Mapping): Value | undefined {
  if (map.kind === "matrix") return map.weight && summed(algebra, map.weight, map.from);
  const { node, input, trait } = map;
  // A constant inside of an operator is not known apart from it.
  if (trait.is !== "linear") return undefined;
  if (node.op.name === sum.name) {
    const { sizes } = algebra.builder;
    const { axes } = node.inputs[input]!.type;
    const count = trait.from.reduce((product, axis) => sizes.mul(product, axes.get(axis)!), sizes.int(1));
    return algebra.builder.scalar(count);
  }
  const matrix = algebra.builder.matrix(node, input);
  if (matrix?.weight === undefined || matrix.bias !== undefined) return undefined;
  return summed(algebra, algebra.builder.own(matrix.weight), trait.from);
}

function summed(algebra: Algebra, weight: Value, from: readonly Axis[]): Value {
  const axis = from.map(inputAxis);
  return axis.length === 0 ? weight : algebra.node(sum, [weight], { axis, keepdims: false });
}
