/** @file Reductions in terms of others: norms, logsumexp, variance and standard deviation. */
import { attribute, type ValuesOf } from "../ir/attribute.ts";
import { operator, tensors, type ExpansionContext } from "../ir/operator.ts";
import type { Tensor } from "../ir/type.ts";
import { add, div, sub } from "./elementwise.ts";
import { abs, clamp, exp, log, sqrt, square } from "./functions.ts";
import { max, mean, reduceAttributes, reducedType, sum } from "./reduce.ts";
import { squeeze } from "./shape.ts";
import { product, sizesOf } from "./shared/axes.ts";
import { dtypeOf, floating } from "./shared/conditions.ts";
import { reducing } from "./shared/traits.ts";

type Attributes = ValuesOf<typeof reduceAttributes>;

const examples = (name: string) => [
  { code: `${name}(x, axis: c)`, inputs: "x: [n, c, h, w]" },
  { code: `${name}(x, axis: [w, h], keepdims: true)`, inputs: "x: [n, c, h, w]" },
];

function composite(name: string, doc: string, expand: (g: ExpansionContext<Attributes>, x: Tensor) => Tensor) {
  return operator({
    name,
    doc,
    inputs: tensors("x"),
    attributes: reduceAttributes,
    examples: examples(name),
    type: (c) => reducedType(c, dtypeOf(c, 0, floating)),
    trait: (c) => reducing(c.attributes, { is: "any" }),
    expand: (g) => expand(g, g.inputs[0]!),
  });
}

export const l1 = composite("l1", "The sum of the absolute values over the axes.", (g, x) =>
  g.node(sum, [g.node(abs, [x], {})], g.attributes),
);

export const l2 = composite(
  "l2",
  "The Euclidean norm: the square root of the sum of the squares over the axes.",
  (g, x) => g.node(sqrt, [g.node(sum, [g.node(square, [x], {})], g.attributes)], {}),
);

/** The largest float32 number. */
const largest = (2 - 2 ** -23) * 2 ** 127;

export const logsumexp = composite(
  "logsumexp",
  "The logarithm of the sum of the exponentials over the axes, computed without overflow.",
  (g, x) => {
    const { axis, keepdims } = g.attributes;
    // The shift is finite to avoid a difference of infinities if the largest element is infinite.
    const shift = g.node(clamp, [g.node(max, [x], { axis, keepdims: true })], { min: -largest, max: largest });
    const dropped = g.node(squeeze, [shift], { axis });
    const shifted = g.node(exp, [g.node(sub, [x, dropped], {})], {});
    return g.node(add, [g.node(log, [g.node(sum, [shifted], g.attributes)], {}), keepdims ? shift : dropped], {});
  },
);

const varianceAttributes = {
  ...reduceAttributes,
  correction: attribute("size", "subtracted from the number of elements, by which the sum of squares is divided", {
    default: 1,
    min: 0,
  }),
};

/** Accurate for large means, unlike the mean of the squares minus the square of the mean. */
function variance(g: ExpansionContext<ValuesOf<typeof varianceAttributes>>): Tensor {
  const { axis, keepdims, correction } = g.attributes;
  const x = g.inputs[0]!;
  const centred = g.node(sub, [x, g.node(mean, [x], { axis, keepdims: false })], {});
  const squares = g.node(square, [centred], {});
  if (g.sizes.constant(correction) === 0n) return g.node(mean, [squares], { axis, keepdims });
  const count = g.sizes.sub(product(g.sizes, sizesOf(x.type, axis)), correction);
  return g.node(div, [g.node(sum, [squares], { axis, keepdims }), g.scalar(count)], {});
}

function spreadMeasure(
  name: string,
  doc: string,
  expand: (g: ExpansionContext<ValuesOf<typeof varianceAttributes>>) => Tensor,
) {
  return operator({
    name,
    doc,
    inputs: tensors("x"),
    attributes: varianceAttributes,
    examples: [...examples(name), { code: `${name}(x, axis: c, correction: 0)`, inputs: "x: [n, c]" }],
    type: (c) => {
      const { axis, correction } = c.attributes;
      const type = reducedType(c, dtypeOf(c, 0, floating));
      // Otherwise the result is 0 / 0.
      const count = product(c.sizes, sizesOf(c.input(0), axis));
      c.atLeast(count, c.sizes.add(correction, c.sizes.int(1)), { inputs: [0], attribute: "axis", elements: true });
      return type;
    },
    trait: (c) => reducing(c.attributes, { is: "any" }),
    expand,
  });
}

// `var` is a reserved word in JavaScript.
export const variation = spreadMeasure(
  "var",
  "The variance over the axes, unbiased unless `correction` is 0.",
  variance,
);

export const std = spreadMeasure("std", "The standard deviation over the axes, the square root of the variance.", (g) =>
  g.node(sqrt, [variance(g)], {}),
);
