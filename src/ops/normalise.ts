/** @file Normalisations, such as batchnorm and layernorm. */
import { attribute } from "../ir/attribute.ts";
import { operator, tensors, type ExpansionContext, type OperatorContext, type WeightSpec } from "../ir/operator.ts";
import type { Matrix } from "../ir/trait.ts";
import { axisNames, printType, type Axis, type Tensor, type TensorType } from "../ir/type.ts";
import { add, div, mul, pow, sub } from "./elementwise.ts";
import { abs, clamp, rsqrt, square } from "./functions.ts";
import { expand } from "./fusion.ts";
import { avgpool } from "./pooling.ts";
import { max, mean, sum } from "./reduce.ts";
import { reshape } from "./shape.ts";
import { product } from "./shared/axes.ts";
import { dtypeOf, floating, refuse, requireAxes, requireNumber } from "./shared/conditions.ts";
import { constantSpec } from "./shared/layers.ts";
import { onElements, over } from "./shared/traits.ts";
import { l1, l2 } from "./statistics.ts";

const eps = attribute("number", "added to the variance", { default: 1e-5 });

const affine = attribute("bool", "whether a learned scale and shift per channel follow", { default: true });
const elementwiseAffine = attribute("bool", "whether a learned scale per element of the axes follows", {
  default: true,
});

const bias = attribute("bool", "whether a learned shift follows the scale", { default: true });

/** Declares a constant over some axes. */
function constant(c: OperatorContext<unknown>, name: string, over: readonly Axis[], value: number): WeightSpec {
  const axes = over.map((axis) => [axis, c.size(0, axis)] as const);
  const count = product(
    c.sizes,
    axes.map(([, size]) => size),
  );
  return constantSpec(name, axes, value, count);
}

/** Declares `weight`, and `bias` if there is one, initialised to change nothing. */
function scaleAndShift(c: OperatorContext<{ readonly bias: boolean }>, over: readonly Axis[]): readonly WeightSpec[] {
  const scale = constant(c, "weight", over, 1);
  return c.attributes.bias ? [scale, constant(c, "bias", over, 0)] : [scale];
}

/** Declares the mean and the variance of each channel, as a network starts with them. */
function runningStatistics(c: OperatorContext<{ readonly axis: Axis }>): readonly WeightSpec[] {
  const { axis } = c.attributes;
  return [constant(c, "running_mean", [axis], 0), constant(c, "running_var", [axis], 1)];
}

/** Normalisation with running statistics as a scale and a shift, which depend on weights only, so they are computed once. */
function byRunningStatistics(g: ExpansionContext<{ readonly eps: number }>) {
  const { weight, bias, running_mean, running_var } = g.weights;
  const deviation = g.node(rsqrt, [g.node(add, [running_var!, g.scalar(g.attributes.eps)], {})], {});
  const scale = weight === undefined ? deviation : g.node(mul, [weight, deviation], {});
  const shift = g.node(sub, [bias ?? g.scalar(0), g.node(mul, [running_mean!, scale], {})], {});
  return { scale, shift };
}

function asMatrix(g: ExpansionContext<{ readonly eps: number }>): Matrix {
  return {
    from: [],
    to: [],
    get weight() {
      return byRunningStatistics(g).scale;
    },
    get bias() {
      return byRunningStatistics(g).shift;
    },
  };
}

/** Normalises with `running_mean` and `running_var`. */
function scaledAndShifted(g: ExpansionContext<{ readonly eps: number }>): Tensor {
  const { scale, shift } = byRunningStatistics(g);
  return g.node(add, [g.node(mul, [g.inputs[0]!, scale], {}), shift], {});
}

export const batchnorm = operator({
  name: "batchnorm",
  doc: "Batch normalisation with running statistics: one mean and variance per element of the axis, then a scale and a shift.",
  inputs: tensors("x"),
  attributes: {
    axis: attribute("axis", "axis whose elements are normalised separately", { default: "c" }),
    eps,
    affine,
    bias,
  },
  examples: [
    { code: "batchnorm(x)", inputs: "x: [n, c: 4, h, w]" },
    { code: "batchnorm(x, affine: false)", inputs: "x: [n, c: 4]" },
  ],
  type: (c) => {
    c.size(0, c.attributes.axis);
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  weights: (c) => [...(c.attributes.affine ? scaleAndShift(c, [c.attributes.axis]) : []), ...runningStatistics(c)],
  trait: (c) => ({ ...onElements({ is: "affine" }), along: [c.attributes.axis] }),
  matrix: asMatrix,
  expand: scaledAndShifted,
});

export const layernorm = operator({
  name: "layernorm",
  doc: "Layer normalisation: to mean 0 and variance 1 over the axes, then a scale and a shift per element of the axes.",
  inputs: tensors("x"),
  attributes: {
    axis: attribute("axes", "axes that are normalised together"),
    eps,
    elementwise_affine: elementwiseAffine,
    bias,
  },
  examples: [
    { code: "layernorm(x, axis: d)", inputs: "x: [n, t, d: 6]" },
    { code: "layernorm(x, axis: [h, w])", inputs: "x: [n, c, h: 3, w: 4]" },
    { code: "layernorm(x, axis: d, bias: false)", inputs: "x: [n, t, d: 6]" },
  ],
  type: (c) => {
    requireAxes(c, 0, c.attributes.axis, "axis");
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  weights: (c) => (c.attributes.elementwise_affine ? scaleAndShift(c, c.attributes.axis) : []),
  trait: (c) => over(c.attributes.axis, { is: "any" }),
  expand: (g) => {
    const { weight, bias } = g.weights;
    const along = { axis: g.attributes.axis, keepdims: false };
    const x = g.inputs[0]!;
    const centred = g.node(sub, [x, g.node(mean, [x], along)], {});
    const variance = g.node(mean, [g.node(square, [centred], {})], along);
    const deviation = g.node(rsqrt, [g.node(add, [variance, g.scalar(g.attributes.eps)], {})], {});
    const standard = g.node(mul, [centred, deviation], {});
    const scaled = weight === undefined ? standard : g.node(mul, [standard, weight], {});
    return bias === undefined ? scaled : g.node(add, [scaled, bias], {});
  },
});

export const rmsnorm = operator({
  name: "rmsnorm",
  doc: "Divides by the root of the mean square over the axes (Zhang, Sennrich 2019), then a scale per element of the axes.",
  inputs: tensors("x"),
  attributes: {
    axis: attribute("axes", "axes that are normalised together"),
    eps: attribute("number", "added to the mean square; by default, the distance from 1 to the next float32 number", {
      default: 1.1920929e-7,
    }),
    elementwise_affine: elementwiseAffine,
  },
  examples: [
    { code: "rmsnorm(x, axis: d)", inputs: "x: [n, t, d: 6]" },
    { code: "rmsnorm(x, axis: [h, w], eps: 1e-3)", inputs: "x: [n, c, h: 3, w: 4]" },
  ],
  type: (c) => {
    requireAxes(c, 0, c.attributes.axis, "axis");
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  weights: (c) => (c.attributes.elementwise_affine ? [constant(c, "weight", c.attributes.axis, 1)] : []),
  trait: (c) => over(c.attributes.axis, { is: "any" }),
  expand: (g) => {
    const x = g.inputs[0]!;
    const power = g.node(mean, [g.node(square, [x], {})], { axis: g.attributes.axis, keepdims: false });
    const factor = g.node(rsqrt, [g.node(add, [power, g.scalar(g.attributes.eps)], {})], {});
    const { weight } = g.weights;
    const scaled = g.node(mul, [x, factor], {});
    return weight === undefined ? scaled : g.node(mul, [scaled, weight], {});
  },
});

const spatial = attribute(
  "axes",
  "axes that are normalised together; by default, the tensor's spatial axes among `d`, `h` and `w`",
  {
    optional: true,
  },
);

/** Returns the axes to average over in addition to channels. Complains if they are missing or include the channels. */
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

/** Like `normalisedAxes`, after the check. */
function besideChannels(
  present: Iterable<Axis>,
  { axis, spatial }: { readonly axis: Axis; readonly spatial: readonly Axis[] | undefined },
): readonly Axis[] {
  const axes = [...present];
  return spatial ?? ["d", "h", "w"].filter((name) => name !== axis && axes.includes(name));
}

/** Gives a node the axes that it averages over by default. It does the same to an input with other axes, too. */
function withNormalisedAxes<A extends { readonly axis: Axis; readonly spatial: readonly Axis[] | undefined }>(
  attributes: A,
  input: TensorType,
): A {
  return { ...attributes, spatial: besideChannels(axisNames(input), attributes) };
}

/**
 * Normalises to mean 0 and variance 1 over the spatial axes, and over groups of channels if `together` averages these. All
 * channels have equally many elements, so the mean of a group is the mean of its channels' means.
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
  const scale = weight === undefined ? deviation : g.node(mul, [deviation, weight], {});
  const scaled = g.node(mul, [centred, scale], {});
  return bias === undefined ? scaled : g.node(add, [scaled, bias], {});
}

export const groupnorm = operator({
  name: "groupnorm",
  doc: "Group normalisation (Wu, He 2018): to mean 0 and variance 1 over groups of channels and the spatial axes, then a scale and a shift per channel.",
  inputs: tensors("x"),
  attributes: {
    groups: attribute("size", "number of equal groups of channels"),
    axis: attribute("axis", "the channels", { default: "c" }),
    spatial,
    eps,
    affine,
    bias,
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
  weights: (c) => (c.attributes.affine ? scaleAndShift(c, [c.attributes.axis]) : []),
  resolve: withNormalisedAxes,
  trait: (c) => over([c.attributes.axis, ...besideChannels(axisNames(c.input(0)), c.attributes)], { is: "any" }),
  expand: (g) =>
    standardised(g, (means) => {
      const { axis, groups } = g.attributes;
      const channels = means.type.axes.get(axis)!;
      // No axis of a program can have such a name.
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
  doc: "Instance normalisation (Ulyanov et al. 2016): every channel of every image to mean 0 and variance 1 over the spatial axes. With `track_running_stats`, the mean and variance of a channel are those of the weight file instead, as in PyTorch's `eval()`.",
  inputs: tensors("x"),
  attributes: {
    axis: attribute("axis", "the channels", { default: "c" }),
    spatial,
    eps,
    affine: { ...affine, default: false },
    bias,
    track_running_stats: attribute("bool", "whether to normalise with running statistics instead of the image's own", {
      default: false,
    }),
  },
  examples: [
    { code: "instancenorm(x)", inputs: "x: [n, c, h, w]" },
    { code: "instancenorm(x, axis: d, spatial: t, affine: true)", inputs: "x: [n, t, d: 6]" },
    { code: "instancenorm(x, affine: true, track_running_stats: true)", inputs: "x: [n, c: 4, h, w]" },
  ],
  type: (c) => {
    if (normalisedAxes(c).length === 0) {
      const type = printType(c.sizes, c.input(0));
      c.complain("missing-axis", { callee: c.callee, axis: "w", type }, { inputs: [0], axis: "w" });
    }
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  weights: (c) => [
    ...(c.attributes.affine ? scaleAndShift(c, [c.attributes.axis]) : []),
    ...(c.attributes.track_running_stats ? runningStatistics(c) : []),
  ],
  resolve: withNormalisedAxes,
  trait: (c) => {
    const { axis, affine, track_running_stats } = c.attributes;
    if (track_running_stats) return { ...onElements({ is: "affine" }), along: [axis] };
    const along = affine ? [axis] : [];
    return { ...over(besideChannels(axisNames(c.input(0)), c.attributes), { is: "any" }), along };
  },
  matrix: (g) => (g.attributes.track_running_stats ? asMatrix(g) : undefined),
  expand: (g) => (g.attributes.track_running_stats ? scaledAndShifted(g) : standardised(g, (means) => means)),
});

export const normalize = operator({
  name: "normalize",
  doc: "Divides by the p-norm over the axes, or by `eps` if the norm is smaller. Vectors get length 1.",
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
  trait: (c) => over(c.attributes.axis, { is: "any" }),
  expand: (g) => {
    const { eps } = g.attributes;
    const x = g.inputs[0]!;
    return g.node(div, [x, g.node(clamp, [norm(g, x)], { min: eps, max: undefined })], {});
  },
});

/** (Σ |x|^p)^(1/p), and the largest |x| for infinity. */
function norm(g: ExpansionContext<{ readonly axis: readonly Axis[]; readonly p: number }>, x: Tensor): Tensor {
  const { axis, p } = g.attributes;
  const along = { axis, keepdims: false };
  if (p === 1) return g.node(l1, [x], along);
  if (p === 2) return g.node(l2, [x], along);
  const magnitude = g.node(abs, [x], {});
  if (p === Infinity) return g.node(max, [magnitude], along);
  const total = g.node(sum, [g.node(pow, [magnitude, g.scalar(p)], {})], along);
  return g.node(pow, [total, g.scalar(1 / p)], {});
}

export const lrn = operator({
  name: "lrn",
  doc: "Local response normalisation (Krizhevsky et al. 2012): divides by a power of `k` plus `alpha` times the mean square of the channels nearby.",
  inputs: tensors("x"),
  attributes: {
    size: attribute("size", "number of channels in a mean; at the ends, missing ones count as 0"),
    alpha: attribute("number", "factor of the mean square", { default: 1e-4 }),
    beta: attribute("number", "exponent", { default: 0.75 }),
    k: attribute("number", "added to the mean square", { default: 1 }),
    axis: attribute("axis", "the channels", { default: "c" }),
  },
  alsoCalled: ["local_response_norm"],
  examples: [
    { code: "lrn(x, size: 5)", inputs: "x: [n, c, h, w]" },
    { code: "lrn(x, size: 2, alpha: 0.5, beta: 0.5, k: 2, axis: d)", inputs: "x: [n, t, d]" },
  ],
  type: (c) => {
    requireAxes(c, 0, [c.attributes.axis], "axis");
    return { dtype: dtypeOf(c, 0, floating), axes: c.input(0).axes };
  },
  trait: (c) => over([c.attributes.axis], { is: "any" }),
  expand: (g) => {
    const { size, alpha, beta, k, axis } = g.attributes;
    const x = g.inputs[0]!;
    const [one, two] = [g.sizes.int(1), g.sizes.int(2)];
    const pad = [[g.sizes.floor(size, two), g.sizes.floor(g.sizes.sub(size, one), two)]] as const;
    const window = {
      kernel: [size],
      stride: [one],
      dilation: [one],
      pad,
      axis: [axis],
      ceil_mode: false,
      count_include_pad: true,
    };
    const means = g.node(avgpool, [g.node(square, [x], {})], window);
    const base = g.node(add, [g.node(mul, [means, g.scalar(alpha)], {}), g.scalar(k)], {});
    return g.node(div, [x, g.node(pow, [base, g.scalar(beta)], {})], {});
  },
});
