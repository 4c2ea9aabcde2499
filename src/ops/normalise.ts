/** @file Normalisations. */
import { attribute } from "../ir/attribute.ts";
import { operator, tensors, type ExpansionContext, type OperatorContext, type WeightSpec } from "../ir/operator.ts";
import { printType, type Axis, type Tensor } from "../ir/type.ts";
import { add, div, mul, pow, sub } from "./elementwise.ts";
import { abs, clamp, rsqrt, square } from "./functions.ts";
import { expand } from "./fusion.ts";
import { max, mean, sum } from "./reduce.ts";
import { reshape } from "./shape.ts";
import { product } from "./shared/axes.ts";
import { dtypeOf, floating, refuse, requireAxes, requireNumber } from "./shared/conditions.ts";
import { constantSpec } from "./shared/layers.ts";
import { l1, l2 } from "./statistics.ts";

const eps = attribute("number", "added to the variance", { default: 1e-5 });

/** `weight` and `bias` over some axes, which change nothing at first. */
function scaleAndShift(c: OperatorContext<unknown>, over: readonly Axis[]): readonly WeightSpec[] {
  const axes = over.map((axis) => [axis, c.size(0, axis)] as const);
  const count = product(
    c.sizes,
    axes.map(([, size]) => size),
  );
  return [constantSpec("weight", axes, 1, count), constantSpec("bias", axes, 0, count)];
}

export const batchnorm = operator({
  name: "batchnorm",
  doc: "Batch normalisation with running statistics: one mean and variance for each element of the axis, then a scale and a shift.",
  inputs: tensors("x"),
  attributes: { axis: attribute("axis", "axis whose elements are normalised separately", { default: "c" }), eps },
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
  doc: "Layer normalisation: normalises to mean 0 and variance 1 over the axes, then a scale and a shift for each of their elements.",
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
  weights: (c) => scaleAndShift(c, c.attributes.axis),
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

export const rmsnorm = operator({
  name: "rmsnorm",
  doc: "Divides by the root of the mean square over the axes (Zhang, Sennrich 2019), then a scale for each of their elements.",
  inputs: tensors("x"),
  attributes: {
    axis: attribute("axes", "axes that are normalised together"),
    eps: attribute("number", "added to the mean square", { default: 1e-6 }),
  },
  examples: [
    { code: "rmsnorm(x, axis: d)", inputs: "x: [n, t, d: 6]" },
    { code: "rmsnorm(x, axis: [h, w], eps: 1e-3)", inputs: "x: [n, c, h: 3, w: 4]" },
  ],
  type: (c) => {
    requireAxes(c, 0, c.attributes.axis, "axis");
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  weights: (c) => scaleAndShift(c, c.attributes.axis).slice(0, 1),
  expand: (g) => {
    const x = g.inputs[0]!;
    const power = g.node(mean, [g.node(square, [x], {})], { axis: g.attributes.axis, keepdims: false });
    const factor = g.node(rsqrt, [g.node(add, [power, g.scalar(g.attributes.eps)], {})], {});
    return g.node(mul, [g.node(mul, [x, factor], {}), g.weights["weight"]!], {});
  },
});

const spatial = attribute(
  "axes",
  "axes that are normalised together; by default, those of `d`, `h`, `w` that the input has",
  {
    optional: true,
  },
);

/** The axes beside the channels over which a mean is taken; complains unless they are there and others than the channels. */
function normalisedAxes(
  c: OperatorContext<{ readonly axis: Axis; readonly spatial: readonly Axis[] | undefined }>,
): readonly Axis[] {
  const { axis, spatial } = c.attributes;
  c.size(0, axis);
  if (spatial === undefined) return besideChannels(c.input(0).axes.keys(), c.attributes);
  requireAxes(c, 0, spatial, "spatial");
  if (spatial.includes(axis)) refuse(c, "spatial", `axes without \`${axis}\``, `\`${axis}\``);
  return spatial;
}

/** The same, once it was checked. */
function besideChannels(
  present: Iterable<Axis>,
  { axis, spatial }: { readonly axis: Axis; readonly spatial: readonly Axis[] | undefined },
): readonly Axis[] {
  const axes = [...present];
  return spatial ?? ["d", "h", "w"].filter((name) => name !== axis && axes.includes(name));
}

/**
 * To mean 0 and variance 1 over the spatial axes and the channels that `together` averages, if it does: every channel has
 * as many elements, so that the mean of a group is the mean of its channels' means.
 */
function standardised(
  g: ExpansionContext<{ readonly axis: Axis; readonly spatial: readonly Axis[] | undefined; readonly eps: number }>,
  together: (means: Tensor) => Tensor,
): Tensor {
  const x = g.inputs[0]!;
  const axis = besideChannels(x.type.axes.keys(), g.attributes);
  const average = (value: Tensor) =>
    together(axis.length === 0 ? value : g.node(mean, [value], { axis, keepdims: false }));
  const centred = g.node(sub, [x, average(x)], {});
  const variance = average(g.node(square, [centred], {}));
  const deviation = g.node(rsqrt, [g.node(add, [variance, g.scalar(g.attributes.eps)], {})], {});
  const { weight, bias } = g.weights;
  if (weight === undefined || bias === undefined) return g.node(mul, [centred, deviation], {});
  return g.node(add, [g.node(mul, [centred, g.node(mul, [deviation, weight], {})], {}), bias], {});
}

export const groupnorm = operator({
  name: "groupnorm",
  doc: "Group normalisation (Wu, He 2018): normalises to mean 0 and variance 1 over groups of channels and space, then a scale and a shift for each channel.",
  inputs: tensors("x"),
  attributes: {
    groups: attribute("size", "number of equal groups of channels"),
    axis: attribute("axis", "the channels", { default: "c" }),
    spatial,
    eps,
  },
  examples: [
    { code: "groupnorm(x, groups: 2)", inputs: "x: [n, c: 4, h, w]" },
    { code: "groupnorm(x, groups: 3, axis: d, spatial: t, eps: 1e-3)", inputs: "x: [n, t, d: 6]" },
  ],
  type: (c) => {
    const { axis, groups } = c.attributes;
    normalisedAxes(c);
    c.divide(c.size(0, axis), groups, { inputs: [0], attribute: "groups", axis });
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  weights: (c) => scaleAndShift(c, [c.attributes.axis]),
  expand: (g) =>
    standardised(g, (means) => {
      const { axis, groups } = g.attributes;
      const channels = means.type.axes.get(axis)!;
      // No axis of a program is called so.
      const [group, member] = [`${axis}/`, `/${axis}`];
      const members = g.sizes.divide(channels, groups);
      const to = [
        { axis: group, size: groups },
        { axis: member, size: members },
      ];
      const apart = g.node(reshape, [means], { maps: [{ from: [axis], to }] });
      const average = g.node(mean, [apart], { axis: [member], keepdims: false });
      const spread = g.node(expand, [average], { like: undefined, keyed: new Map([[member, [members]]]) });
      return g.node(reshape, [spread], { maps: [{ from: [group, member], to: [{ axis, size: channels }] }] });
    }),
});

export const instancenorm = operator({
  name: "instancenorm",
  doc: "Instance normalisation (Ulyanov et al. 2016): normalises every channel of every image to mean 0 and variance 1 over space.",
  inputs: tensors("x"),
  attributes: {
    axis: attribute("axis", "the channels", { default: "c" }),
    spatial,
    eps,
    affine: attribute("bool", "whether to apply a learned scale and shift for each channel", { default: false }),
  },
  examples: [
    { code: "instancenorm(x)", inputs: "x: [n, c, h, w]" },
    { code: "instancenorm(x, axis: d, spatial: t, affine: true)", inputs: "x: [n, t, d: 6]" },
  ],
  type: (c) => {
    if (normalisedAxes(c).length === 0) {
      const type = printType(c.sizes, c.input(0));
      c.complain("missing-axis", { callee: c.callee, axis: "w", type }, { inputs: [0], axis: "w" });
    }
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  weights: (c) => (c.attributes.affine ? scaleAndShift(c, [c.attributes.axis]) : []),
  expand: (g) => standardised(g, (means) => means),
});

export const normalize = operator({
  name: "normalize",
  doc: "Divides by the p-norm over the axes, or by `eps` if the norm is smaller, so vectors get length 1.",
  inputs: tensors("x"),
  attributes: {
    axis: attribute("axes", "axes of the vectors", { unordered: true }),
    p: attribute("number", "exponent of the norm, positive or `inf`", { default: 2 }),
    eps: attribute("number", "the smallest divisor", { default: 1e-12 }),
  },
  examples: [
    { code: "normalize(x, axis: c)", inputs: "x: [n, c, h, w]" },
    { code: "normalize(x, axis: [h, w], p: 1)", inputs: "x: [n, c, h, w]" },
    { code: "normalize(x, axis: c, p: inf, eps: 1e-3)", inputs: "x: [n, c]" },
  ],
  type: (c) => {
    const { axis, p } = c.attributes;
    requireAxes(c, 0, axis, "axis");
    requireNumber(c, "p", p, "a positive number, or `inf`", (p) => p > 0);
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  expand: (g) => {
    const { eps } = g.attributes;
    const x = g.inputs[0]!;
    return g.node(div, [x, g.node(clamp, [norm(g, x)], { min: eps, max: undefined })], {});
  },
});

/** (Σ |x|^p)^(1/p), and the largest |x| for infinity. */
function norm(g: ExpansionContext<{ readonly axis: readonly Axis[]; readonly p: number }>, x: Tensor): Tensor {
  const { axis, p } = g.attributes;
  const over = { axis, keepdims: false };
  if (p === 1) return g.node(l1, [x], over);
  if (p === 2) return g.node(l2, [x], over);
  const magnitude = g.node(abs, [x], {});
  if (p === Infinity) return g.node(max, [magnitude], over);
  const total = g.node(sum, [g.node(pow, [magnitude, g.scalar(p)], {})], over);
  return g.node(pow, [total, g.scalar(1 / p)], {});
}
