/** @file Normalisations. */
import { attribute } from "../ir/attribute.ts";
import type { WeightSpec } from "../ir/operator.ts";
import { operator, tensors } from "../ir/operator.ts";
import type { Size } from "../ir/size.ts";
import type { Axis } from "../ir/type.ts";
import { dtypeOf, floating, requireAxes } from "./conditions.ts";
import { add, mul, sub } from "./elementwise.ts";
import { rsqrt, square } from "./functions.ts";
import { product } from "./positions.ts";
import { mean } from "./reduce.ts";

const eps = attribute("number", "added to the variance", { default: 1e-5 });

/** A weight that starts as a number everywhere. */
function constantSpec(name: string, axes: readonly (readonly [Axis, Size])[], value: number, count: Size): WeightSpec {
  return { name, groups: [axes], init: { kind: "constant", value }, fan: { in: count, out: count } };
}

export const batchnorm = operator({
  name: "batchnorm",
  doc: "Batch normalisation with running statistics: one mean and variance for each element of the axis, then a scale and a shift.",
  inputs: tensors("x"),
  attributes: { axis: attribute("axis", "axis whose elements are normalised each by itself", { default: "c" }), eps },
  examples: [{ code: "batchnorm(x)", inputs: "x: [n, c: 4, h, w]" }],
  type: (c) => {
    c.size(0, c.attributes.axis);
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  weights: (c) => {
    const { axis } = c.attributes;
    const size = c.size(0, axis);
    const starts = { weight: 1, bias: 0, running_mean: 0, running_var: 1 };
    return Object.entries(starts).map(([name, value]) => constantSpec(name, [[axis, size]], value, size));
  },
  // Scale and shift hold weights only, so that they are computed once.
  expand: (g) => {
    const { weight, bias, running_mean, running_var } = g.weights;
    const deviation = g.node(rsqrt, [g.node(add, [running_var!, g.scalar(g.attributes.eps)], {})], {});
    const scale = g.node(mul, [weight!, deviation], {});
    const shift = g.node(sub, [bias!, g.node(mul, [running_mean!, scale], {})], {});
    return g.node(add, [g.node(mul, [g.inputs[0]!, scale], {}), shift], {});
  },
});

export const layernorm = operator({
  name: "layernorm",
  doc: "Layer normalisation: to mean 0 and variance 1 over the axes, then a scale and a shift for each of their elements.",
  inputs: tensors("x"),
  attributes: { axis: attribute("axes", "axes that are normalised together"), eps },
  examples: [
    { code: "layernorm(x, axis: d)", inputs: "x: [n, t, d: 6]" },
    { code: "layernorm(x, axis: [h, w])", inputs: "x: [n, c, h: 3, w: 4]" },
  ],
  type: (c) => {
    requireAxes(c, 0, c.attributes.axis, "axis");
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  weights: (c) => {
    const axes = c.attributes.axis.map((axis) => [axis, c.size(0, axis)] as const);
    const count = product(
      c.sizes,
      axes.map(([, size]) => size),
    );
    return [constantSpec("weight", axes, 1, count), constantSpec("bias", axes, 0, count)];
  },
  expand: (g) => {
    const { weight, bias } = g.weights;
    const over = { axis: g.attributes.axis, keepdims: false };
    const x = g.inputs[0]!;
    const centred = g.node(sub, [x, g.node(mean, [x], over)], {});
    const variance = g.node(mean, [g.node(square, [centred], {})], over);
    const deviation = g.node(rsqrt, [g.node(add, [variance, g.scalar(g.attributes.eps)], {})], {});
    const scaled = g.node(mul, [g.node(mul, [centred, deviation], {}), weight!], {});
    return g.node(add, [scaled, bias!], {});
  },
});
