/** @file Activation functions: elementwise ones, and softmax over axes. */
import { attribute } from "../ir/attribute.ts";
import { operator, tensors, type ExpansionContext } from "../ir/operator.ts";
import type { Tensor } from "../ir/type.ts";
import { binary } from "../primitives/binary.ts";
import { softmax as softmaxPrimitive } from "../primitives/softmax.ts";
import { leaky_relu as leakyPrimitive, unary } from "../primitives/unary.ts";
import { add, div, minimum, mul, neg, sub } from "./elementwise.ts";
import { abs, clamp, elementFunction, erf, exp, log } from "./functions.ts";
import { max, sum } from "./reduce.ts";
import { made, rows } from "./reference/rows.ts";
import { except, product, reshaped, sizesOf } from "./shared/axes.ts";
import { elementwise, lowerUnary } from "./shared/broadcasting.ts";
import { dtypeOf, floating, requireAxes, requireNumber } from "./shared/conditions.ts";
import { constantSpec } from "./shared/layers.ts";
import { onElements, over } from "./shared/traits.ts";

const scale = 1.0507009873554805;
const alpha = 1.6732632423543772;

export const relu = elementFunction("relu", "The element if it is positive, else 0.", (x) => Math.max(x, 0));
export const relu6 = elementFunction("relu6", "The element, clamped to 0 … 6.", (x) => Math.min(Math.max(x, 0), 6));
export const sigmoid = elementFunction(
  "sigmoid",
  "The logistic function, 1 / (1 + exp(-x)).",
  (x) => 1 / (1 + Math.exp(-x)),
);
export const tanh = elementFunction("tanh", "The hyperbolic tangent.", Math.tanh);
export const softplus = elementFunction(
  "softplus",
  "The smooth form of relu, log(1 + exp(x)).",
  (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
);
export const selu = elementFunction(
  "selu",
  "The scaled exponential linear unit (Klambauer et al. 2017).",
  (x) => scale * (x > 0 ? x : alpha * Math.expm1(x)),
);

export const elu = operator({
  name: "elu",
  doc: "The exponential linear unit: x if it is positive, else alpha * (exp(x) - 1).",
  inputs: tensors("x"),
  attributes: { alpha: attribute("number", "factor of the negative part", { default: 1 }) },
  examples: [
    { code: "elu(x)", inputs: "x: [n, c]" },
    { code: "elu(x, alpha: 0.5)", inputs: "x: [n, c]" },
  ],
  type: (c) => ({ dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes }),
  trait: (c) => onElements({ is: "any", ...(c.attributes.alpha >= 0 && { rising: true }) }),
  reference: (c) => elementwise(c, "f32", (x) => (x > 0 ? x : c.attributes.alpha * Math.expm1(x))),
  lower: (c) =>
    lowerUnary(c, (p, x) => {
      if (c.attributes.alpha === 1) return p.emit(unary, [x], { function: "elu" });
      const negative = p.emit(binary, [x, p.scalar(0)], { function: "minimum" });
      const curved = p.emit(unary, [negative], { function: "elu" });
      const scaled = p.emit(binary, [curved, p.scalar(c.attributes.alpha)], { function: "mul" });
      return p.emit(binary, [p.emit(unary, [x], { function: "relu" }), scaled], { function: "add" });
    }),
});

export const leaky_relu = operator({
  name: "leaky_relu",
  doc: "The element if it is positive, else a small multiple of it.",
  inputs: tensors("x"),
  attributes: { negative_slope: attribute("number", "factor of negative elements", { default: 0.01 }) },
  examples: [{ code: "leaky_relu(x, negative_slope: 0.2)", inputs: "x: [n, c]" }],
  type: (c) => ({ dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes }),
  trait: (c) => onElements({ is: "any", ...(c.attributes.negative_slope >= 0 && { rising: true }) }),
  reference: (c) => elementwise(c, "f32", (x) => (x > 0 ? x : c.attributes.negative_slope * x)),
  lower: (c) => lowerUnary(c, (p, x) => p.emit(leakyPrimitive, [x], { slope: c.attributes.negative_slope })),
});

export const celu = operator({
  name: "celu",
  doc: "The continuously differentiable elu (Barron 2017): x if it is positive, else alpha * (exp(x / alpha) - 1).",
  inputs: tensors("x"),
  attributes: { alpha: attribute("number", "a positive number; results never go below -alpha", { default: 1 }) },
  examples: [
    { code: "celu(x)", inputs: "x: [n, c]" },
    { code: "celu(x, alpha: 0.5)", inputs: "x: [n, c]" },
  ],
  type: (c) => {
    requireNumber(c, "alpha", c.attributes.alpha, "a positive number", (alpha) => alpha > 0 && alpha < Infinity);
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  trait: () => onElements({ is: "any", rising: true }),
  expand: (g) => {
    const { alpha } = g.attributes;
    const x = g.inputs[0]!;
    if (alpha === 1) return g.node(elu, [x], { alpha });
    const negative = g.node(div, [g.node(minimum, [x, g.scalar(0)], {}), g.scalar(alpha)], {});
    const curved = g.node(mul, [g.node(elu, [negative], { alpha: 1 }), g.scalar(alpha)], {});
    return g.node(add, [g.node(relu, [x], {}), curved], {});
  },
});

export const prelu = operator({
  name: "prelu",
  doc: "The element if it is positive, else a learned multiple of it. There is one weight, or one per element of an axis.",
  inputs: tensors("x"),
  attributes: { axis: attribute("axis", "axis with one weight per element", { optional: true }) },
  examples: [
    { code: "prelu(x)", inputs: "x: [n, c]" },
    { code: "prelu(x, axis: c)", inputs: "x: [n, c: 4, h, w]" },
  ],
  type: (c) => {
    const { axis } = c.attributes;
    if (axis !== undefined) c.size(0, axis);
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  weights: (c) => {
    const { axis } = c.attributes;
    const one = c.sizes.int(1);
    return [constantSpec("weight", axis === undefined ? [] : [[axis, c.size(0, axis)]], 0.25, one)];
  },
  trait: ({ attributes: { axis } }) => ({ ...onElements({ is: "any" }), ...(axis !== undefined && { along: [axis] }) }),
  // Not a single kernel: tf.prelu turns infinity into NaN on the native backend. On wasm, relu is faster than minimum.
  expand: (g) => {
    const x = g.inputs[0]!;
    const negative = g.node(relu, [g.node(neg, [x], {})], {});
    return g.node(sub, [g.node(relu, [x], {}), g.node(mul, [negative, g.weights["weight"]!], {})], {});
  },
});

/** Defines an activation in terms of other operators. */
function composite(
  name: string,
  doc: string,
  expand: (g: ExpansionContext<object>, x: Tensor) => Tensor,
  trait = onElements({ is: "any" }),
) {
  return operator({
    name,
    doc,
    inputs: tensors("x"),
    attributes: {},
    examples: [{ code: `${name}(x)`, inputs: "x: [n, c, h, w]" }],
    type: (c) => ({ dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes }),
    trait: () => trait,
    expand: (g) => expand(g, g.inputs[0]!),
  });
}

const rising = onElements({ is: "any", rising: true });

export const hardsigmoid = composite(
  "hardsigmoid",
  "The piecewise linear sigmoid, relu6(x + 3) / 6.",
  (g, x) => g.node(div, [g.node(relu6, [g.node(add, [x, g.scalar(3)], {})], {}), g.scalar(6)], {}),
  rising,
);
export const hardswish = composite("hardswish", "The piecewise form of silu, x * relu6(x + 3) / 6.", (g, x) =>
  g.node(div, [g.node(mul, [x, g.node(relu6, [g.node(add, [x, g.scalar(3)], {})], {})], {}), g.scalar(6)], {}),
);
export const silu = operator({
  ...composite("silu", "The sigmoid linear unit or swish, x * sigmoid(x).", (g, x) =>
    g.node(mul, [x, g.node(sigmoid, [x], {})], {}),
  ),
  alsoCalled: ["swish"],
});

export const mish = composite("mish", "The self-regularised activation x * tanh(softplus(x)) (Misra 2019).", (g, x) =>
  g.node(mul, [x, g.node(tanh, [g.node(softplus, [x], {})], {})], {}),
);
export const log_sigmoid = composite(
  "log_sigmoid",
  "The logarithm of the sigmoid, computed without underflow.",
  (g, x) => g.node(neg, [g.node(softplus, [g.node(neg, [x], {})], {})], {}),
  rising,
);
export const hardtanh = composite(
  "hardtanh",
  "The element clamped to the interval from -1 to 1.",
  (g, x) => g.node(clamp, [x], { min: -1, max: 1 }),
  rising,
);
export const softsign = composite(
  "softsign",
  "The element divided by 1 plus its absolute value.",
  (g, x) => g.node(div, [x, g.node(add, [g.node(abs, [x], {}), g.scalar(1)], {})], {}),
  rising,
);

export const gelu = operator({
  name: "gelu",
  doc: "The Gaussian error linear unit: x times the cumulative normal distribution function of x; `tanh` is the usual approximation.",
  inputs: tensors("x"),
  attributes: {
    approximate: attribute("choice", "how to compute the distribution function", {
      choices: ["none", "tanh"],
      default: "none",
    }),
  },
  examples: [
    { code: "gelu(x)", inputs: "x: [n, c]" },
    { code: "gelu(x, approximate: tanh)", inputs: "x: [n, c]" },
  ],
  type: (c) => ({ dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes }),
  trait: () => onElements({ is: "any" }),
  expand: (g) => {
    const x = g.inputs[0]!;
    const times = (a: Tensor, b: number | Tensor) => g.node(mul, [a, typeof b === "number" ? g.scalar(b) : b], {});
    const plus = (a: Tensor, b: number | Tensor) => g.node(add, [a, typeof b === "number" ? g.scalar(b) : b], {});
    const cube = () => times(times(x, x), x);
    const inner =
      g.attributes.approximate === "none"
        ? g.node(erf, [times(x, Math.SQRT1_2)], {})
        : g.node(tanh, [times(plus(x, times(cube(), 0.044715)), Math.sqrt(2 / Math.PI))], {});
    return times(times(x, 0.5), plus(inner, 1));
  },
});

export const softmax = operator({
  name: "softmax",
  doc: "The exponentials divided by their sum over the axes. Several axes are normalised jointly.",
  inputs: tensors("x"),
  attributes: { axis: attribute("axes", "axes over which the result sums to 1", { unordered: true }) },
  examples: [
    { code: "softmax(x, axis: c)", inputs: "x: [n, c]" },
    { code: "softmax(x, axis: [h, w])", inputs: "x: [n, c, h, w]" },
  ],
  type: (c) => {
    requireAxes(c, 0, c.attributes.axis, "axis");
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  trait: (c) => over(c.attributes.axis, { is: "any" }),
  reference: (c) => {
    const { axis } = c.attributes;
    const x = rows(c.inputs[0]!, axis);
    const data = new Float64Array(x.data.length);
    for (let start = 0; start < data.length; start += x.width) {
      let largest = -Infinity;
      for (let i = 0; i < x.width; i++) largest = Math.max(largest, x.data[start + i]!);
      let total = 0;
      for (let i = 0; i < x.width; i++) total += data[start + i] = Math.exp(x.data[start + i]! - largest);
      for (let i = 0; i < x.width; i++) data[start + i]! /= total;
    }
    return made(data, [...x.axes, ...axis], c.results[0]!);
  },
  lower: (c) => {
    const { p } = c;
    const [x] = c.inputs;
    const current = p.loose(x!).axes;
    const over = current.filter((axis) => c.attributes.axis.includes(axis));
    const start = current.indexOf(over[0]!);
    const stays = p.can("softmax.any-axis") && over.every((axis, i) => current[start + i] === axis);
    const order = stays ? current : [...except(current, over), ...over];
    const before = order.slice(0, order.indexOf(over[0]!));
    const after = order.slice(before.length + over.length);
    const whole = p.ordered(x!, order);
    const type = p.typeOf(x!);
    const merged = [...sizesOf(type, before), product(p.sizes, sizesOf(type, over)), ...sizesOf(type, after)];
    const attributes = after.length === 0 ? {} : { axis: before.length };
    const result = p.emit(softmaxPrimitive, [reshaped(p, whole, merged)], attributes);
    return p.laid(reshaped(p, result, whole.shape), order);
  },
});

export const log_softmax = operator({
  name: "log_softmax",
  doc: "The logarithm of softmax, computed without underflow. Several axes are normalised jointly.",
  inputs: tensors("x"),
  attributes: {
    axis: attribute("axes", "axes over which the exponentials of the result sum to 1", { unordered: true }),
  },
  examples: [{ code: "log_softmax(x, axis: c)", inputs: "x: [n, c]" }],
  type: (c) => {
    requireAxes(c, 0, c.attributes.axis, "axis");
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  trait: (c) => over(c.attributes.axis, { is: "any" }),
  expand: (g) => {
    const along = { axis: g.attributes.axis, keepdims: false };
    const x = g.inputs[0]!;
    const shifted = g.node(sub, [x, g.node(max, [x], along)], {});
    return g.node(sub, [shifted, g.node(log, [g.node(sum, [g.node(exp, [shifted], {})], along)], {})], {});
  },
});
