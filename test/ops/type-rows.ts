/** @file Calls of operators over symbolic sizes, with their types, obligations, weights and MACs. */
import type { Written } from "../support/operators.ts";

interface More {
  readonly attributes?: Written;
  /** The operator's obligations, except that plain sizes are at least 1. */
  readonly asks?: readonly string[];
  /** In storage order. Axes that may be merged are in one pair of brackets. */
  readonly weights?: Readonly<Record<string, string>>;
  readonly macs?: string;
}
/** Operator, inputs, and the types of the results. */
export type TypeRow = readonly [string, string | readonly string[], string | readonly string[], More?];

const image = "[n, c, h, w]";

export const typeRows: readonly TypeRow[] = [
  // Elementwise: the result has the axes of both operands, the first operand's first.
  ["add", [image, "[n, c]"], image],
  ["add", ["[n, c]", "[n, h, w, c]"], "[n, c, h, w]"],
  ["mul", [image, "[]"], image],
  ["add", ["i32[n]", "i32[]"], "i32[n]"],
  ["sub", ["[n, h: ceil]", "[n, h: k]"], "[n, h: ceil]", { asks: ["ceil == k"] }],
  ["add", ["[n, h: a]", "[h: b]"], "[n, h: a]", { asks: ["a == b"] }],
  ["add", ["[h: b]", "[n, h: a]"], "[h: b, n]", { asks: ["b == a"] }],
  ["less", [image, "[c]"], "bool[n, c, h, w]"],
  ["equal", ["i32[t]", "i32[]"], "bool[t]"],
  ["logical_and", ["bool[t, s]", "bool[s]"], "bool[t, s]"],
  ["logical_not", ["bool[t]"], "bool[t]"],
  ["where", ["bool[h, w]", image, "[]"], "[h, w, n, c]"],
  ["where", ["bool[n]", "i32[n, t]", "i32[n, t]"], "i32[n, t]"],
  ["relu", image, image],
  ["isnan", "[n]", "bool[n]"],
  ["clamp", "i32[n]", "i32[n]", { attributes: { min: 0 } }],
  ["softmax", image, image, { attributes: { axis: ["h", "w"] } }],

  // Fusion
  ["concat", ["[n, c: ca, h]", "[h, n, c: cb]"], "[n, c: ca + cb, h]", { attributes: { axis: "c" } }],
  ["concat", ["[c: a]", "[c: b]", "[c: a]"], "[c: 2*a + b]", { attributes: { axis: "c" } }],
  ["concat", ["[c, h: a]", "[c, h: b]"], "[c: 2*c, h: a]", { attributes: { axis: "c" }, asks: ["a == b"] }],
  ["stack", ["[n, h]", "[h, n]", "[n, h]"], "[n, h, c: 3]", { attributes: { axis: "c" } }],
  [
    "split",
    "[n, c, h]",
    ["[n, c: s, h]", "[n, c: c - s, h]"],
    { attributes: { keyed: { c: ["s", "c - s"] } }, asks: ["c - s >= 1"] },
  ],
  ["split", "[n, c]", ["[n, c: 2]", "[n, c: 3]"], { attributes: { keyed: { c: [2, 3] } }, asks: ["c == 5"] }],
  ["split", "[n, j: 3*d]", ["[n, j: d]", "[n, j: d]", "[n, j: d]"], { attributes: { axis: "j", parts: 3 } }],
  ["split", "[n, c]", ["[n, c: c/2]", "[n, c: c/2]"], { attributes: { axis: "c", parts: 2 }, asks: ["2 | c"] }],
  ["expand", "[n, c]", "[n, c, h, w]", { attributes: { like: "[n, h, w, c]" } }],
  ["expand", "[n, c]", "[n, c, h: 7]", { attributes: { keyed: { h: 7 } } }],
  ["expand", "[h]", "[h, n]", { attributes: { like: "[n, h: k]" }, asks: ["h == k"] }],

  // Reduction
  ["mean", image, "[n, c]", { attributes: { axis: ["h", "w"] } }],
  ["max", image, "[n, c: 1, h, w]", { attributes: { axis: "c", keepdims: true } }],
  ["sum", "i32[n, c]", "i32[]", { attributes: { axis: ["c", "n"] } }],
  ["any", "bool[n, c]", "bool[n]", { attributes: { axis: "c" } }],
  ["all", "bool[n, c]", "bool[n: 1, c: 1]", { attributes: { axis: ["c", "n"], keepdims: true } }],
  ["argmax", image, "i32[n, c]", { attributes: { axis: ["h", "w"] } }],
  ["argmin", "i32[n, c]", "i32[n, c: 1]", { attributes: { axis: "c", keepdims: true } }],
  ["argmax", "[n, c]", "i32[]", { attributes: { axis: ["n", "c"] } }],
  ["l1", image, "[n, h, w]", { attributes: { axis: "c" } }],
  ["l2", image, "[]", { attributes: { axis: ["n", "c", "h", "w"] } }],
  ["logsumexp", image, "[n, c: 1, h, w]", { attributes: { axis: "c", keepdims: true } }],
  ["var", image, "[n, c]", { attributes: { axis: ["h", "w"] }, asks: ["h*w >= 2"] }],
  ["std", image, "[n, c, h: 1, w]", { attributes: { axis: "h", keepdims: true, correction: 0 } }],
  ["std", "[n, c: 3]", "[n]", { attributes: { axis: "c", correction: 3 }, asks: ["3 >= 4"] }],

  // Windows: PyTorch's size, which keeps h at stride 1 and is ceil(h/s) at stride s.
  [
    "conv",
    image,
    "[n, c: 64, h, w]",
    {
      attributes: { c: 64, kernel: 3 },
      weights: { weight: "[c: 64] [c': c] [h: 3] [w: 3]", bias: "[c: 64]" },
      macs: "576*n*c*h*w",
    },
  ],
  [
    "conv",
    image,
    "[n, c: k, h: ceil(h/s), w: ceil(w/s)]",
    { attributes: { c: "k", stride: "s", bias: false }, weights: { weight: "[c: k] [c': c] [h: 1] [w: 1]" } },
  ],
  [
    "conv",
    image,
    "[n, c, h: ceil(h/2), w: ceil(w/3)]",
    { attributes: { c: "c", kernel: [3, 5], stride: [2, 3], bias: false } },
  ],
  [
    "conv",
    image,
    "[n, c, h: ceil(h/s), w: ceil(w/s)]",
    { attributes: { c: "c", kernel: "k", dilation: "d", stride: "s", bias: false }, asks: ["2 | k*d - d"] },
  ],
  ["conv", image, "[n, c, h, w]", { attributes: { c: "c", kernel: 2, bias: false }, asks: ["2 | 1"] }],
  ["conv", image, "[n, c, h, w]", { attributes: { c: "c", kernel: 2, dilation: 2, bias: false } }],
  [
    "conv",
    image,
    "[n, c, h: h - 2, w: w - 2]",
    { attributes: { c: "c", kernel: 3, pad: 0, bias: false }, asks: ["h - 2 >= 1", "w - 2 >= 1"] },
  ],
  [
    "conv",
    image,
    "[n, c, h: h + 1 - k, w: w + 1 - k]",
    { attributes: { c: "c", kernel: "k", pad: 0, bias: false }, asks: ["h + 1 - k >= 1", "w + 1 - k >= 1"] },
  ],
  [
    "conv",
    image,
    "[n, c, h: h + 1, w]",
    {
      attributes: {
        c: "c",
        kernel: 3,
        pad: [
          [1, 2],
          [0, 2],
        ],
        bias: false,
      },
    },
  ],
  [
    "conv",
    image,
    "[n, c, h: ceil(h/2), w: ceil(w/2)]",
    { attributes: { c: "c", kernel: 4, stride: 2, pad: "same_tf", bias: false } },
  ],
  [
    "conv",
    "[n, c, h: 2*k, w: 2*l]",
    "[n, c, h: k, w: l]",
    { attributes: { c: "c", kernel: 3, stride: 2, bias: false } },
  ],
  [
    "conv",
    image,
    "[n, c: o, h, w]",
    {
      attributes: { c: "o", kernel: 3, groups: "g" },
      asks: ["g | c", "g | o"],
      weights: { weight: "[c: o] [c': c/g] [h: 3] [w: 3]", bias: "[c: o]" },
      macs: "9*n*c*h*w*o/g",
    },
  ],
  [
    "conv",
    image,
    image,
    {
      attributes: { c: "c", kernel: 3, groups: "c", bias: false },
      weights: { weight: "[c] [c': 1] [h: 3] [w: 3]" },
      macs: "9*n*c*h*w",
    },
  ],
  [
    "conv",
    "[n, t, c]",
    "[n, t: ceil(t/2), c: 4]",
    {
      attributes: { c: 4, kernel: 3, stride: 2, axis: "t" },
      weights: { weight: "[c: 4] [c': c] [t: 3]", bias: "[c: 4]" },
    },
  ],
  [
    "conv",
    "[c, w]",
    "[c: 4, w]",
    { attributes: { c: 4 }, weights: { weight: "[c: 4] [c': c] [w: 1]", bias: "[c: 4]" } },
  ],
  [
    "conv_transpose",
    image,
    "[n, c: 3, h: 2*h, w: 2*w]",
    {
      attributes: { c: 3, kernel: 2, stride: 2 },
      weights: { weight: "[c': c] [c: 3] [h: 2] [w: 2]", bias: "[c: 3]" },
      macs: "12*n*c*h*w",
    },
  ],
  [
    "conv_transpose",
    image,
    "[n, c: 3, h: 2*h, w: 2*w]",
    {
      attributes: { c: 3, kernel: 4, stride: 2, pad: 1, bias: false },
      weights: { weight: "[c': c] [c: 3] [h: 4] [w: 4]" },
    },
  ],
  [
    "conv_transpose",
    image,
    "[n, c: o, h: 2*h, w: 2*w]",
    {
      attributes: { c: "o", kernel: 3, stride: 2, pad: 1, output_padding: 1, groups: 2, bias: false },
      asks: ["2 | c", "2 | o"],
      weights: { weight: "[c': c] [c: o/2] [h: 3] [w: 3]" },
    },
  ],
  [
    "conv_transpose",
    image,
    "[n, c: 1, h: h*s + k*d + 1 - s - d, w: w*s + k*d + 1 - s - d]",
    { attributes: { c: 1, kernel: "k", stride: "s", dilation: "d", bias: false } },
  ],
  [
    "conv_transpose",
    image,
    "[n, c: 1, h: h + 2, w: w + 2]",
    { attributes: { c: 1, kernel: 2, output_padding: 1, bias: false }, asks: ["1 >= 2"] },
  ],
  [
    "maxpool",
    image,
    "[n, c, h: floor(h/2), w: floor(w/2)]",
    { attributes: { kernel: 2 }, asks: ["floor(h/2) >= 1", "floor(w/2) >= 1"] },
  ],
  ["maxpool", image, "[n, c, h: ceil(h/2), w: ceil(w/2)]", { attributes: { kernel: 3, stride: 2, pad: 1 } }],
  ["maxpool", image, "[n, c, h: ceil(h/2), w: ceil(w/2)]", { attributes: { kernel: 3, stride: 2, pad: "same" } }],
  ["maxpool", image, "[n, c, h: h + 4, w: w + 4]", { attributes: { kernel: 3, stride: 1, pad: 3 }, asks: ["3 >= 4"] }],
  [
    "avgpool",
    image,
    "[n, c, h: h - 8, w: w - 8]",
    { attributes: { kernel: 9, stride: 1 }, asks: ["h - 8 >= 1", "w - 8 >= 1"] },
  ],
  ["avgpool", image, "[n, c, h: ceil(h/2), w: ceil(w/2)]", { attributes: { kernel: 2, pad: "same_tf" } }],
  ["maxpool", "[n, c, h: 6, w: 7]", "[n, c, h: 3, w: 3]", { attributes: { kernel: 3, stride: 2, ceil_mode: true } }],
  // The last window would begin beyond the input: 6 + 2*1 in steps of 3.
  [
    "maxpool",
    "[n, c, h: 6, w: 9]",
    "[n, c, h: 3, w: 4]",
    { attributes: { kernel: 2, stride: 3, pad: 1, ceil_mode: true } },
  ],
  ["maxpool", image, "[n, c, h: ceil(h/2), w: ceil(w/2)]", { attributes: { kernel: 2, ceil_mode: true } }],
  ["lppool", image, "[n, c, h: ceil(h/2), w: ceil(w/2)]", { attributes: { kernel: 3, stride: 2, pad: 1 } }],
  [
    "maxpool",
    image,
    ["[n, c, h: ceil(h/2), w: ceil(w/2)]", "i32[n, c, h: ceil(h/2), w: ceil(w/2)]"],
    { attributes: { kernel: 3, stride: 2, pad: 1, indices: true } },
  ],
  ["maxpool", image, image, { attributes: { kernel: 3, stride: 1, pad: "same", dilation: 2 } }],
  // If a window is wider than its input, it may consist of padding only.
  [
    "maxpool",
    "[n, w]",
    "[n, w: w + 1]",
    { attributes: { kernel: 2, stride: 1, pad: 2, dilation: 3 }, asks: ["w >= 3"] },
  ],
  ["maxpool", "[n, w]", "[n, w]", { attributes: { kernel: 2, stride: 1, pad: "same", dilation: 2 }, asks: ["w >= 2"] }],
  [
    "maxpool",
    "[n, w]",
    "[n, w: floor(w/2)]",
    { attributes: { kernel: 2, stride: 2, dilation: 2, ceil_mode: true }, asks: ["floor(w/2) >= 1"] },
  ],
  ["adaptive_avgpool", image, "[n, c, h: 7, w: k]", { attributes: { keyed: { w: "k", h: 7 } } }],
  ["adaptive_avgpool", image, "[n, c, h: 2, w]", { attributes: { keyed: { h: 2 } } }],
  ["adaptive_maxpool", "[n, t, d]", "[n, t: 4, d]", { attributes: { keyed: { t: 4 } } }],
  [
    "adaptive_maxpool",
    image,
    ["[n, c, h: 3, w: 2]", "i32[n, c, h: 3, w: 2]"],
    { attributes: { keyed: { h: 3, w: 2 }, indices: true } },
  ],
  [
    "maxpool",
    image,
    "[n, c, h: floor(h/2) + 1, w: floor(w/2) + 1]",
    { attributes: { kernel: 2, pad: 1, ceil_mode: true } },
  ],

  // Linear maps
  [
    "linear",
    image,
    "[n, c: 8, h, w]",
    { attributes: { keyed: { c: 8 } }, weights: { weight: "[c: 8] [c': c]", bias: "[c: 8]" }, macs: "8*n*c*h*w" },
  ],
  [
    "linear",
    "[n, c]",
    "[n, k: 10]",
    {
      attributes: { maps: [[["c"], [["k", 10]]]], bias: false },
      weights: { weight: "[k: 10] [c': c]" },
      macs: "10*n*c",
    },
  ],
  [
    "linear",
    "[n, t, d]",
    "[n, t, head: k, e: d/k]",
    {
      attributes: {
        maps: [
          [
            ["d"],
            [
              ["head", "k"],
              ["e", "d/k"],
            ],
          ],
        ],
      },
      weights: { weight: "[head: k, e: d/k] [d': d]", bias: "[head: k, e: d/k]" },
      macs: "n*t*d*d",
    },
  ],
  [
    "linear",
    "[n, head, t, e]",
    "[n, t, d]",
    {
      attributes: { maps: [[["head", "e"], [["d", "d"]]]] },
      weights: { weight: "[d] [head': head, e': e]", bias: "[d]" },
    },
  ],
  [
    "linear",
    "[n, c, h]",
    "[n, c: 4]",
    { attributes: { maps: [[["h", "c"], [["c", 4]]]] }, weights: { weight: "[c: 4] [h': h, c': c]", bias: "[c: 4]" } },
  ],
  [
    "dot",
    ["[m, head, e]", "[n, t, head, e]"],
    "[m, head, n, t]",
    { attributes: { contract: "e", batch: "head" }, macs: "m*head*e*n*t" },
  ],
  [
    "dot",
    ["[m, head, n, t]", "[n, t, head, e]"],
    "[m, head, n, e]",
    { attributes: { contract: "t", batch: ["n", "head"] } },
  ],
  ["dot", ["[n, c: a]", "[k, c: b]"], "[n, k]", { attributes: { contract: "c" }, asks: ["a == b"], macs: "n*a*k" }],
  ["dot", ["[a]", "[a]"], "[]", { attributes: { contract: "a" } }],

  // Windows as large as the second input.
  [
    "correlate",
    [image, "[o, c, h: 3, w: 5]"],
    "[n, h: ceil(h/2), w: ceil(w/2), o]",
    {
      attributes: { over: ["h", "w"], contract: "c", stride: 2, pad: "same" },
      macs: "15*n*c*o*ceil(h/2)*ceil(w/2)",
    },
  ],
  [
    "correlate",
    [image, "[n, c, h: p, w: q]"],
    "[n, h: h + 1 - p, w: w + 1 - q]",
    {
      attributes: { over: ["h", "w"], contract: "c", batch: "n" },
      asks: ["h + 1 - p >= 1", "w + 1 - q >= 1"],
    },
  ],
  ["correlate", ["[t]", "[t: k]"], "[t]", { attributes: { over: "t", pad: "same" }, asks: ["2 | k - 1"] }],
  [
    "correlate",
    ["[t]", "[t: k]"],
    "[t: ceil(t/3)]",
    { attributes: { over: "t", pad: "same_tf", stride: 3, dilation: 2 }, asks: ["2*k - 1 >= 3"] },
  ],
  ["correlate", ["[t]", "[t: 1]"], "[t: ceil(t/3)]", { attributes: { over: "t", pad: "same_tf", stride: 3 } }],
  [
    "correlate",
    ["[n: a, t]", "[n: b, t: 1]"],
    "[n: a, t]",
    { attributes: { over: "t", batch: "n" }, asks: ["a == b"] },
  ],

  // Normalisation
  ["batchnorm", image, image, { weights: { weight: "[c]", bias: "[c]", running_mean: "[c]", running_var: "[c]" } }],
  ["layernorm", image, image, { attributes: { axis: ["h", "w"] }, weights: { weight: "[h, w]", bias: "[h, w]" } }],
  ["rmsnorm", image, image, { attributes: { axis: ["h", "w"] }, weights: { weight: "[h, w]" } }],
  [
    "groupnorm",
    image,
    image,
    { attributes: { groups: "g" }, asks: ["g | c"], weights: { weight: "[c]", bias: "[c]" } },
  ],
  [
    "groupnorm",
    "[n, c: 2*g]",
    "[n, c: 2*g]",
    { attributes: { groups: 2 }, weights: { weight: "[c: 2*g]", bias: "[c: 2*g]" } },
  ],
  ["instancenorm", image, image, { weights: {} }],
  [
    "instancenorm",
    "[n, t, e]",
    "[n, t, e]",
    { attributes: { axis: "e", spatial: "t", affine: true }, weights: { weight: "[e]", bias: "[e]" } },
  ],
  ["normalize", image, image, { attributes: { axis: ["c", "h"], p: 1 } }],
  ["prelu", image, image, { weights: { weight: "[]" } }],
  ["prelu", image, image, { attributes: { axis: "c" }, weights: { weight: "[c]" } }],

  // Resizing
  ["resize", image, "[n, c, h: 7, w]", { attributes: { keyed: { h: 7 } } }],
  ["resize", image, "[n, c, h: a, w: b]", { attributes: { like: "[k, h: a, w: b]", mode: "bilinear" } }],
  ["resize", "[n, t, d]", "[n, t: 5, d]", { attributes: { keyed: { t: 5 } } }],
  ["upsample", image, "[n, c, h: 2*h, w: 2*w]", { attributes: { scale: 2 } }],
  ["upsample", image, "[n, c, h: h*r, w: 3*w]", { attributes: { scale: ["r", 3] } }],
  ["upsample", "[n, c, t]", "[n, c, t: 2*t]", { attributes: { scale: 2, axis: "t" } }],
  ["upsample", "[n, c, d, h, w]", "[n, c, d: 2*d, h: 2*h, w: 2*w]", { attributes: { scale: 2 } }],
  [
    "upsample",
    image,
    "[n, c, h: h + floor(h/2), w: floor(4*w/5)]",
    { attributes: { scale: ["3/2", "4/5"] }, asks: ["floor(4*w/5) >= 1"] },
  ],
  ["upsample", "[n, h: 2*k, w: 5]", "[n, h: 3*k, w: 7]", { attributes: { scale: "3/2" } }],
  ["resize", "[n, d, h, w]", "[n, d: 2, h: 3, w: k]", { attributes: { keyed: { h: 3, w: "k", d: 2 } } }],
  ["adaptive_avgpool", "[c, d, h, w]", "[c, d: 2, h: 3, w: k]", { attributes: { keyed: { h: 3, w: "k", d: 2 } } }],
  ["pixel_shuffle", "[c: 8*k, d, h, w]", "[c: k, d: 2*d, h: 2*h, w: 2*w]", { attributes: { factor: 2 } }],

  // Shape
  ["reshape", image, "[n, c, t: h*w]", { attributes: { maps: [[["h", "w"], [["t", "h*w"]]]] } }],
  ["reshape", image, "[n, d: c*h*w]", { attributes: { maps: [[["c", "h", "w"], [["d", null]]]] } }],
  [
    "reshape",
    "[n, t, d]",
    "[n, t, head: k, e: d/k]",
    {
      attributes: {
        maps: [
          [
            ["d"],
            [
              ["head", "k"],
              ["e", null],
            ],
          ],
        ],
      },
      asks: ["k | d"],
    },
  ],
  [
    "reshape",
    "[n, t]",
    "[n, h: a, w: b]",
    {
      attributes: {
        maps: [
          [
            ["t"],
            [
              ["h", "a"],
              ["w", "b"],
            ],
          ],
        ],
      },
      asks: ["t == a*b"],
    },
  ],
  ["reshape", "[p, n, c]", "[n: p*n, c]", { attributes: { maps: [[["p", "n"], [["n", "p*n"]]]] } }],
  [
    "reshape",
    "[a, b]",
    "[a: b, b: a]",
    {
      attributes: {
        maps: [
          [["a"], [["b", "a"]]],
          [["b"], [["a", "b"]]],
        ],
      },
    },
  ],
  ["rename", "[n, t, d]", "[n, s: t, d]", { attributes: { maps: [[["t"], [["s", null]]]] } }],
  [
    "rename",
    "i32[a, b]",
    "i32[b: a, a: b]",
    {
      attributes: {
        maps: [
          [["a"], [["b", "k"]]],
          [["b"], [["a", null]]],
        ],
      },
      asks: ["a == k"],
    },
  ],
  ["squeeze", "[n, c: 1, h]", "[n, h]", { attributes: { axis: "c" } }],
  ["squeeze", image, "[n, h, w]", { attributes: { axis: "c" }, asks: ["c == 1"] }],
  ["unsqueeze", "[n, h]", "[n, h, c: 1]", { attributes: { axis: "c" } }],
  ["slice", "[n, t]", "[n, t: 3]", { attributes: { keyed: { t: [1, 4] } }, asks: ["t >= 4"] }],
  ["slice", "[n, h]", "[n, h: ceil(h/2)]", { attributes: { keyed: { h: [0, "h", 2] } }, asks: ["h >= h"] }],
  ["slice", "[n, t]", "[n, t: t - a]", { attributes: { keyed: { t: ["a", "t"] } }, asks: ["t >= t", "t - a >= 1"] }],
  ["pad", image, "[n, c, h: h + 3, w: w + 2]", { attributes: { keyed: { h: [1, 2], w: 1 } } }],
  ["pad", "[t]", "[t: t + 4]", { attributes: { keyed: { t: [3, 1] }, mode: "reflect" }, asks: ["t >= 4", "t >= 2"] }],
  ["cast", "[n]", "i32[n]", { attributes: { dtype: "i32" } }],
  ["iota", [], "i32[t: 2*k]", { attributes: { keyed: { t: "2*k" } } }],
  ["dropout", image, image],

  // Elements elsewhere
  ["resize", image, "[n, c, h: 7, w: 2*w]", { attributes: { keyed: { h: 7, w: "2*w" }, mode: "bicubic" } }],
  ["pad", "[t]", "[t: t + 7]", { attributes: { keyed: { t: [7, 0] }, mode: "replicate" } }],
  ["pad", "[t]", "[t: t + 4]", { attributes: { keyed: { t: [3, 1] }, mode: "circular" }, asks: ["t >= 3"] }],
  [
    "scatter_add",
    ["[n, t: a, d: b]", "i32[n: e, t: k]", "[d: f, n, t: k]"],
    "[n, t: a, d: b]",
    { attributes: { axis: "t" }, asks: ["n == e", "b == f"] },
  ],
  [
    "grid_sample",
    ["[n: a, c, h, w]", "[n: b, h: p, k: 2, s]"],
    "[n: a, c, h: p, s]",
    { attributes: { coordinates: "k" }, asks: ["a == b"] },
  ],
  ["unfold", image, "[n, c: 9*c, h, w]", { attributes: { kernel: 3, pad: 1 } }],
  [
    "fold",
    "[n, c, h: a, w: b]",
    "[n, c: c/4, h: 8, w: 6]",
    { attributes: { kernel: 2, stride: 2, keyed: { h: 8, w: 6 } }, asks: ["a == 4", "b == 3", "4 | c"] },
  ],
  ["sort", "i32[n, t]", ["i32[n, t]", "i32[n, t]"], { attributes: { axis: "t", indices: true } }],
  ["argsort", "[n, t]", "i32[n, t]", { attributes: { axis: "t" } }],
  ["topk", "[n, t]", "[n, t: k]", { attributes: { k: "k", axis: "t" }, asks: ["t >= k"] }],
  ["roll", "bool[n, t]", "bool[n, t]", { attributes: { keyed: { t: -3 } } }],
  ["tril", "i32[n, t, s]", "i32[n, t, s]", { attributes: { axis: ["t", "s"] } }],
  ["masked_fill", [image, "bool[w, c]"], image, { attributes: { value: 1 } }],
  ["masked_fill", ["[t: a]", "bool[t: b]"], "[t: a]", { attributes: { value: 1 }, asks: ["a == b"] }],
  ["one_hot", "i32[n, t]", "i32[n, t, c: 5]", { attributes: { keyed: { c: 5 } } }],
  ["lrn", image, image, { attributes: { size: 5 } }],
  ["flip", "i32[n, t]", "i32[n, t]", { attributes: { axis: ["t", "n"] } }],
  ["tile", "[n, h]", "[n: n*k, h: 3*h]", { attributes: { keyed: { h: 3, n: "k" } } }],
  ["cumsum", "i32[n, t]", "i32[n, t]", { attributes: { axis: "t" } }],
  ["cumprod", "[n, t]", "[n, t]", { attributes: { axis: "n", reverse: true } }],
  ["unstack", "[n, k: 2, h]", ["[n, h]", "[n, h]"], { attributes: { axis: "k", parts: 2 } }],
  ["unstack", "bool[k: 3]", ["bool[]", "bool[]", "bool[]"], { attributes: { axis: "k", parts: 3 } }],
  ["unstack", "[n, k]", ["[n]", "[n]"], { attributes: { axis: "k", parts: 2 }, asks: ["k == 2"] }],
  ["pixel_shuffle", "[n, c: 4*k, h, w]", "[n, c: k, h: 2*h, w: 2*w]", { attributes: { factor: 2 } }],
  ["pixel_shuffle", image, "[n, c: c/(r*r), h: h*r, w: w*r]", { attributes: { factor: "r" }, asks: ["r*r | c"] }],
  ["pixel_shuffle", "i32[c, t]", "i32[c: c/3, t: 3*t]", { attributes: { factor: 3, axis: "t" }, asks: ["3 | c"] }],
  ["pixel_unshuffle", "[n, c, h: 2*a, w: 2*b]", "[n, c: 4*c, h: a, w: b]", { attributes: { factor: 2 } }],
  ["pixel_unshuffle", image, "[n, c: 9*c, h: h/3, w: w/3]", { attributes: { factor: 3 }, asks: ["3 | h", "3 | w"] }],
  ["channel_shuffle", image, image, { attributes: { groups: 4 }, asks: ["4 | c"] }],
  ["gather", ["[n, t, d]", "i32[k]"], "[n, d, k]", { attributes: { axis: "t" } }],
  ["gather", ["bool[n, t, d]", "i32[n: m, t: q]"], "bool[n, t: q, d]", { attributes: { axis: "t" }, asks: ["n == m"] }],
  ["gather", ["[t]", "i32[]"], "[]", { attributes: { axis: "t" } }],
  [
    "embedding",
    "i32[n, t]",
    "[n, t, d: 64]",
    { attributes: { num_embeddings: "v", keyed: { d: 64 } }, weights: { weight: "[num_embeddings: v] [d: 64]" } },
  ],

  // Volumes
  [
    "conv",
    "[n, c, d, h, w]",
    "[n, c: 8, d, h: ceil(h/2), w: ceil(w/2)]",
    {
      attributes: { c: 8, kernel: 3, stride: [1, 2, 2] },
      weights: { weight: "[c: 8] [c': c] [d: 3] [h: 3] [w: 3]", bias: "[c: 8]" },
      macs: "216*n*c*d*ceil(h/2)*ceil(w/2)",
    },
  ],
  [
    "conv",
    "[n, c, d, h, w]",
    "[n, c: 8, d: ceil(d/3), h: ceil(h/3), w: ceil(w/3)]",
    {
      attributes: { c: 8, kernel: 2, stride: 3, pad: "same_tf", bias: false },
      weights: { weight: "[c: 8] [c': c] [d: 2] [h: 2] [w: 2]" },
    },
  ],
  [
    "conv_transpose",
    "[n, c, d, h, w]",
    "[n, c: 8, d: 2*d, h: 2*h, w: 2*w]",
    {
      attributes: { c: 8, kernel: 2, stride: 2, bias: false },
      weights: { weight: "[c': c] [c: 8] [d: 2] [h: 2] [w: 2]" },
      macs: "64*n*c*d*h*w",
    },
  ],
];
