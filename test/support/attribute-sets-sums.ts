/** @file Attribute sets of operators that combine elements along axes: reductions, statistics, products, norms. */
import type { AttributeSet, AttributeSets } from "./attribute-sets.ts";

/** Every number of axes, spatial axes before and after the channels, and other dtypes. */
function reduction(name: string, prefix = "", others: readonly string[] = []): AttributeSet[] {
  return [
    { code: `${name}(x, axis: [c, u, w])`, inputs: `x: ${prefix}[u, n, c, d, h, w]` },
    { code: `${name}(x, axis: [n, d], keepdims: true)`, inputs: `x: ${prefix}[u, n, c, d, h, w]` },
    { code: `${name}(x, axis: [h, w], keepdims: true)`, inputs: `x: ${prefix}[n, h, w, c]` },
    { code: `${name}(x, axis: [d, h, w])`, inputs: `x: ${prefix}[n, c, d, h, w]` },
    { code: `${name}(x, axis: [n, c, h, w])`, inputs: `x: ${prefix}[n, c, h, w]` },
    { code: `${name}(x, axis: w)`, inputs: `x: ${prefix}[w]` },
    ...others.flatMap((dtype) => [
      { code: `${name}(x, axis: t)`, inputs: `x: ${dtype}[n, t, d]` },
      { code: `${name}(x, axis: [n, t], keepdims: true)`, inputs: `x: ${dtype}[n, t]` },
    ]),
  ];
}

const spread = (name: string): AttributeSet[] => [
  ...reduction(name),
  { code: `${name}(x, axis: [h, w], correction: 0)`, inputs: "x: [n, c, h, w]" },
  { code: `${name}(x, axis: [c, n], keepdims: true, correction: 2)`, inputs: "x: [n, c, t]" },
];

const joint = (name: string): AttributeSet[] => [
  { code: `${name}(x, axis: [d, n])`, inputs: "x: [u, n, c, d, h, w]" },
  { code: `${name}(x, axis: c)`, inputs: "x: [n, c, h, w]" },
  { code: `${name}(x, axis: [n, h, w, c])`, inputs: "x: [n, h, w, c]" },
  { code: `${name}(x, axis: t)`, inputs: "x: [t]" },
];

/** Products of many of these stay within float32. */
const factors = [-1.25, 0.8, 1, -1, 1.25, -0.8];

export const sums: AttributeSets = {
  all: reduction("all", "bool"),
  any: reduction("any", "bool"),
  argmax: reduction("argmax", "", ["i32"]),
  argmin: reduction("argmin", "", ["i32"]),
  l1: reduction("l1"),
  l2: reduction("l2"),
  logsumexp: reduction("logsumexp"),
  max: reduction("max", "", ["i32"]),
  mean: reduction("mean"),
  min: reduction("min", "", ["i32"]),
  prod: reduction("prod", "", ["i32"]).map((set) => ({ ...set, values: factors })),
  std: spread("std"),
  sum: reduction("sum", "", ["i32"]),
  var: spread("var"),

  dot: [
    { code: "dot(a, b, contract: [d, e], batch: [n, u])", inputs: "a: [u, n, c, d, e, f], b: [e, n, g, u, d]" },
    { code: "dot(a, b, contract: d)", inputs: "a: [d], b: [d]" },
    { code: "dot(a, b, contract: d, batch: [t, n])", inputs: "a: [n, d, t], b: [t, n, d]" },
    { code: "dot(a, b, contract: c)", inputs: "a: [n, c, h, w], b: [k, c]" },
    { code: "dot(a, rename(a, c -> k), contract: [h, w], batch: n)", inputs: "a: [n, c, h, w]" },
    { code: "dot(a, b, contract: [], batch: n)", inputs: "a: [n, t], b: [s, n]" },
    { code: "dot(a, b, contract: [h, w, n])", inputs: "a: [n, h, w], b: [w, n, h, k]" },
  ],
  linear: [
    { code: "linear(x, [c, h] -> [p: 2, q: 3])", inputs: "x: [u, n, c: 3, d, h: 2, w]" },
    { code: "linear(x, t: 4, init: glorot())", inputs: "x: [t: 5]" },
    { code: "linear(x, w: 2, h: 3, bias: false)", inputs: "x: [n, c, h: 4, w: 5]" },
    { code: "linear(x, [w, c, h] -> k: 7, init: 0.5)", inputs: "x: [n, h: 2, w: 3, c: 2]" },
    { code: "linear(x, c -> [c: 1, e: 2])", inputs: "x: [n, c: 1, h, w]" },
  ],

  batchnorm: [
    { code: "batchnorm(x, axis: d, eps: 0.01)", inputs: "x: [u, n, c, d: 3, h, w]" },
    { code: "batchnorm(x)", inputs: "x: [n, h, w, c: 5]" },
    { code: "batchnorm(x, axis: t)", inputs: "x: [t: 1]" },
    { code: "batchnorm(x, bias: false)", inputs: "x: [n, c: 3]" },
    { code: "batchnorm(x, affine: false)", inputs: "x: [n, c: 3, h, w]" },
  ],
  groupnorm: [
    { code: "groupnorm(x, groups: 2, eps: 0.01)", inputs: "x: [u, n, c: 6, d, h, w]" },
    { code: "groupnorm(x, groups: 1)", inputs: "x: [n, h, w, c: 3]" },
    { code: "groupnorm(x, groups: 4, axis: e, spatial: [t, s])", inputs: "x: [t, e: 4, n, s]" },
    { code: "groupnorm(x, groups: 2)", inputs: "x: [n, c: 4]" },
    { code: "groupnorm(x, groups: 2, bias: false)", inputs: "x: [n, c: 4]" },
    { code: "groupnorm(x, groups: 2, affine: false)", inputs: "x: [n, c: 4, h, w]" },
  ],
  instancenorm: [
    { code: "instancenorm(x, eps: 0.01, affine: true)", inputs: "x: [u, n, c: 3, d, h, w]" },
    { code: "instancenorm(x)", inputs: "x: [n, h, w, c]" },
    { code: "instancenorm(x, axis: e, spatial: [t, s], affine: false)", inputs: "x: [t, e, n, s]" },
    { code: "instancenorm(x, affine: true, bias: false)", inputs: "x: [n, c: 3, h, w]" },
    { code: "instancenorm(x, track_running_stats: true)", inputs: "x: [n, h, w, c: 3]" },
    {
      code: "instancenorm(x, axis: e, spatial: t, affine: true, track_running_stats: true)",
      inputs: "x: [t, e: 2, n]",
    },
  ],
  layernorm: [
    { code: "layernorm(x, axis: [d, n], eps: 0.01)", inputs: "x: [u, n: 3, c, d: 2, h, w]" },
    { code: "layernorm(x, axis: c)", inputs: "x: [n, c: 5, h, w]" },
    { code: "layernorm(x, axis: t)", inputs: "x: [t: 7]" },
    { code: "layernorm(x, axis: t, bias: false)", inputs: "x: [n, t: 7]" },
    { code: "layernorm(x, axis: t, elementwise_affine: false)", inputs: "x: [n, t]" },
  ],
  normalize: [
    ...joint("normalize"),
    { code: "normalize(x, axis: [c, w], p: 3, eps: 0.5)", inputs: "x: [n, c, h, w]" },
    { code: "normalize(x, axis: [w, h], p: inf)", inputs: "x: [n, h, w, c]" },
    { code: "normalize(x, axis: t, p: 0.5)", inputs: "x: [n, t, d]" },
  ],
  rmsnorm: [
    { code: "rmsnorm(x, axis: [d, n], eps: 0.01)", inputs: "x: [u, n: 3, c, d: 2, h, w]" },
    { code: "rmsnorm(x, axis: c)", inputs: "x: [n, c: 5, h, w]" },
    { code: "rmsnorm(x, axis: t)", inputs: "x: [t: 7]" },
    { code: "rmsnorm(x, axis: t, elementwise_affine: false)", inputs: "x: [n, t]" },
  ],
  log_softmax: joint("log_softmax"),
  softmax: joint("softmax"),
};
