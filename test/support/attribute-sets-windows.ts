/** @file Attribute sets of operators that slide windows over images or resize them: convolutions, pools, resize. */
import type { AttributeSet, AttributeSets } from "./attribute-sets.ts";

/** The attributes that all pools take. */
const pools = (name: string, x = "x"): AttributeSet[] => [
  { code: `${name}(${x}, kernel: [2, 3], stride: [3, 1], pad: [[1, 0], [0, 2]])`, inputs: "x: [n, h, w, c]" },
  { code: `${name}(${x}, kernel: 3, stride: 2, pad: same)`, inputs: "x: [u, n, c, t, h, w]" },
  { code: `${name}(${x}, kernel: 3, pad: 1, axis: t)`, inputs: "x: [t]" },
  { code: `${name}(${x}, kernel: [3, 1], pad: [1, 0])`, inputs: "x: [n, c, h, w]" },
  { code: `${name}(${x}, kernel: 4, stride: 3, pad: same_tf, axis: [t, c])`, inputs: "x: [n, t, c]" },
  {
    code: `${name}(${x}, kernel: 3, stride: 2, pad: [[1, 0], [0, 1], [1, 1]], ceil_mode: true)`,
    inputs: "x: [n, d, h, w, c]",
  },
  {
    code: `${name}(${x}, kernel: [2, 3], stride: 2, pad: [[0, 0], [1, 1]], ceil_mode: true)`,
    inputs: "x: [n, c, h, w]",
  },
  { code: `${name}(${x}, kernel: 2, stride: 3, ceil_mode: true)`, inputs: "x: [n, c, h: 9, w: 7]" },
  { code: `${name}(${x}, kernel: 2, stride: [3, 4], ceil_mode: true)`, inputs: "x: [n, c, h: h + 1, w: w + 1]" },
  { code: `${name}(${x}, kernel: 1, stride: 2)`, inputs: "x: [n, c, h, w]" },
];

/** Both alignments; `nearest` has one. */
const modes = [
  "nearest",
  "nearest_exact",
  "bilinear",
  "bilinear_tf",
  "bicubic",
  "area",
  "bilinear, align_corners: true",
  "bicubic, align_corners: true",
];
const antialiased = ["bilinear", "bicubic", "bilinear, align_corners: true", "bicubic, align_corners: true"].map(
  (mode) => `${mode}, antialias: true`,
);

export const windows: AttributeSets = {
  conv: [
    { code: "conv(x, c: 3, kernel: [2, 3], pad: [[1, 0], [0, 2]], stride: [2, 1])", inputs: "x: [n, h, w, c: 2]" },
    { code: "conv(x, c: 6, kernel: 3, groups: 3, dilation: [1, 2], init: kaiming())", inputs: "x: [n, c: 3, h, w]" },
    { code: "conv(x, c: 4, kernel: 3, groups: 2, stride: 2, bias: false)", inputs: "x: [u, n, c: 6, t, h, w]" },
    { code: "conv(x, c: 1, kernel: 4, stride: 3, pad: same_tf)", inputs: "x: [n, c: 1, h, w]" },
    { code: "conv(x, c: 5, init: normal(0.1))", inputs: "x: [n, h, w, c: 3]" },
    { code: "conv(x, c: 2, kernel: 3, pad: 0, axis: [w, t])", inputs: "x: [t, n, w, c: 3]" },
    { code: "conv(x, c: 2, kernel: 2, pad: [[1, 0]], axis: t)", inputs: "x: [c: 2, t]" },
    {
      code: "conv(x, c: 4, kernel: [2, 3, 1], dilation: [2, 1, 1], pad: [[1, 2], [1, 1], [0, 1]], groups: 2)",
      inputs: "x: [n, c: 2, d, h, w]",
    },
    { code: "conv(x, c: 2, kernel: 3, dilation: 2, pad: same_tf)", inputs: "x: [n, c: 2, h, w]" },
    {
      code: "conv(x, c: 2, kernel: [2, 3], pad: [[1, 0], [0, 2]], stride: 2, padding_mode: reflect)",
      inputs: "x: [n, h: h + 1, w: w + 2, c: 3]",
    },
    { code: "conv(x, c: 4, kernel: 3, dilation: 2, padding_mode: replicate, groups: 2)", inputs: "x: [n, c: 2, h, w]" },
    { code: "conv(x, c: 2, kernel: 3, padding_mode: circular, axis: t)", inputs: "x: [t, c: 2]" },
    {
      code: "conv(x, c: 2, kernel: [3, 1, 2], pad: [[1, 1], [0, 0], [0, 1]], padding_mode: circular)",
      inputs: "x: [n, d, h, w, c: 2]",
    },
  ],
  conv_transpose: [
    {
      code: "conv_transpose(x, c: 3, kernel: [2, 3], stride: [1, 2], pad: [[1, 0], [0, 2]])",
      inputs: "x: [n, h: h + 1, w: w + 1, c: 2]",
    },
    { code: "conv_transpose(x, c: 4, kernel: 3, dilation: 2, groups: 2, bias: false)", inputs: "x: [n, c: 2, h, w]" },
    {
      code: "conv_transpose(x, c: 2, kernel: 2, stride: 3, output_padding: [1, 2])",
      inputs: "x: [u, n, c: 3, t, h, w]",
    },
    { code: "conv_transpose(x, c: 2, kernel: 4, stride: 2, pad: 1, axis: t, init: glorot())", inputs: "x: [t, c: 3]" },
    { code: "conv_transpose(x, c: 3, kernel: 1, axis: [w, t])", inputs: "x: [t, n, w, c: 1]" },
    {
      code: "conv_transpose(x, c: 2, kernel: [2, 3, 2], stride: [2, 1, 1], dilation: [1, 1, 2], groups: 2)",
      inputs: "x: [n, d, h, w, c: 2]",
    },
    {
      code: "conv_transpose(x, c: 3, kernel: 3, stride: 2, pad: 1, output_padding: 1, groups: 3)",
      inputs: "x: [n, c: 3, h, w]",
    },
  ],
  correlate: [
    // no batch: one convolution, over one, two and three axes
    {
      code: "correlate(x, k, over: t, contract: [c, d], dilation: 2, pad: [[1, 2]])",
      inputs: "x: [d: 2, n, t: t + 4, c: 3], k: [c: 3, t: 3, d: 2, o, u]",
    },
    {
      code: "correlate(x, k, over: [w, h], contract: c, stride: [2, 1], pad: [[1, 0], [0, 2]])",
      inputs: "x: [u, h: h + 1, n, w: w + 2, c], k: [h: 2, w: 3, c, o: 4]",
    },
    {
      code: "correlate(x, k, over: [d, h, w], contract: c, stride: 2, dilation: [1, 2, 1], pad: [[1, 1], [2, 2], [0, 1]])",
      inputs: "x: [n, c: 2, d: d + 1, h: h + 1, w: w + 1], k: [o: 3, c: 2, d: 2, h: 3, w: 2]",
    },
    {
      code: "correlate(x, k, over: [h, w], stride: 2, dilation: 2)",
      inputs: "x: [h: h + 4, w: w + 4], k: [h: 3, w: 3]",
    },
    {
      code: "correlate(x, k, over: [h, w], pad: same_tf, stride: 3, contract: c)",
      inputs: "x: [n, c, h, w], k: [c, h: 2, w: 4]",
    },
    // groups that are known, with one and with several channels
    {
      code: "correlate(x, k, over: [h, w], batch: c, pad: same, dilation: [1, 2])",
      inputs: "x: [n, h, w, c: 3], k: [c: 3, h: 3, w: 5, o: 2]",
    },
    {
      code: "correlate(x, k, over: [d, h, w], batch: [g, e], contract: c, pad: 1, stride: [1, 2, 1])",
      inputs: "x: [g: 2, n, d, h, w, c: 2, e: 2], k: [e: 2, g: 2, o, c: 2, d: 3, h: 2, w: 1]",
    },
    // a kernel for each sample
    {
      code: "correlate(x, k, over: [h, w], contract: c, batch: n, stride: 2, pad: 1)",
      inputs: "x: [n, c, h, w], k: [n, o: 3, c, h: 3, w: 3]",
    },
    {
      code: "correlate(x, k, over: t, batch: n, pad: same_tf, stride: 2, dilation: 3)",
      inputs: "x: [u, n, t], k: [n, t: 3]",
    },
    {
      code: "correlate(x, k, over: [d, h, w], contract: c, batch: n)",
      inputs: "x: [n, d: d + 1, h: h + 2, w, c], k: [n, c, d: 2, h: 3, w: 1]",
    },
    // windows of a run-time size
    {
      code: "correlate(x, k, over: [h, w], contract: c, pad: [[1, 0], [2, 1]], dilation: [2, 1], stride: [1, 2])",
      inputs: "x: [n, c, h: 2*p + h, w: w + q], k: [o: 2, c, h: p, w: q]",
    },
    { code: "correlate(x, k, over: t, batch: [n, c], pad: same_tf)", inputs: "x: [n, c, t], k: [n, c, t: p]" },
    { code: "correlate(x, k, over: t, contract: t_, pad: same)", inputs: "x: [t, t_], k: [t: 2*p + 1, t_]" },
    {
      code: "correlate(x, k, over: [d, h, w], contract: c, batch: n)",
      inputs: "x: [n, c, d: d + p, h: h + q, w: w + r], k: [n, c, d: p, h: q, w: r]",
    },
    // more elements than slices
    { code: "correlate(x, k, over: t, batch: n, dilation: 2)", inputs: "x: [n, t: t + 70], k: [n, t: 35, o]" },
  ],
  avgpool: [
    ...pools("avgpool"),
    {
      code: "avgpool(x, kernel: 3, stride: 2, pad: [[1, 0], [0, 1]], ceil_mode: true, count_include_pad: false)",
      inputs: "x: [n, c, h, w]",
    },
    { code: "avgpool(x, kernel: 3, pad: same, stride: 1, count_include_pad: false)", inputs: "x: [n, c, d, h, w]" },
    {
      code: "avgpool(x, kernel: [2, 3], stride: 2, dilation: [3, 1], pad: [[1, 0], [0, 1]], count_include_pad: false)",
      inputs: "x: [n, h: h + 2, w, c]",
    },
    {
      code: "avgpool(x, kernel: 3, stride: 2, dilation: 2, pad: 1, ceil_mode: true)",
      inputs: "x: [n, c, h: h + 1, w: w + 1]",
    },
    { code: "avgpool(x, kernel: 2, stride: [1, 2, 1], dilation: [2, 1, 3])", inputs: "x: [n, c, d, h, w]" },
  ],
  lppool: [
    ...pools("lppool"),
    { code: "lppool(abs(x), kernel: 2, norm_type: 3)", inputs: "x: [n, h, w, c]" },
    { code: "lppool(x, kernel: 3, stride: 1, norm_type: 1)", inputs: "x: [n, c, d, h, w]" },
    { code: "lppool(x, kernel: 2, stride: 1, dilation: 2, axis: t)", inputs: "x: [n, t, e]" },
  ],
  maxpool: [
    ...pools("maxpool"),
    {
      code: "maxpool(x, kernel: [2, 3], stride: 2, dilation: [3, 1], pad: [[1, 0], [0, 1]])",
      inputs: "x: [n, h, w, c]",
    },
    { code: "maxpool(x, kernel: 2, stride: 1, dilation: 2, axis: t)", inputs: "x: [n, t, e]" },
    { code: "maxpool(x, kernel: 2, stride: [1, 2, 1], dilation: [2, 1, 3])", inputs: "x: [n, c, d, h, w]" },
    { code: "maxpool(x, kernel: 3, stride: 2, pad: 1, dilation: 2, indices: true)", inputs: "x: [n, h, w, c]" },
    { code: "maxpool(x, kernel: 2, stride: 4, dilation: 2, ceil_mode: true)", inputs: "x: [n, h: h + 2, w: w + 2, c]" },
    { code: "maxpool(x, kernel: 3, pad: 1, ceil_mode: true, indices: true)", inputs: "x: [n, c, h, w]" },
    {
      code: "maxpool(x, kernel: [3, 2], stride: [1, 2], pad: [[1, 1], [0, 1]], indices: true)",
      inputs: "x: [u, n, c, t, h, w]",
    },
  ],
  adaptive_avgpool: [
    // An infinity stays in its windows.
    { code: "adaptive_avgpool(x, h: 3, w: 2)", inputs: "x: [n, c, h, w]", values: [1, -2, 0.5, 3, -1, Infinity] },
    { code: "adaptive_avgpool(x, w: 3, h: 5)", inputs: "x: [n, h, w, c]" },
    { code: "adaptive_avgpool(x, h: 1, w: 1)", inputs: "x: [u, n, c, t, h, w]" },
    { code: "adaptive_avgpool(x, h: h, w: 2)", inputs: "x: [n, c, h, w]" },
    { code: "adaptive_avgpool(x, d: 3, h: 2, w: 1)", inputs: "x: [n, d, h, w, c]" },
    { code: "adaptive_avgpool(x, t: k)", inputs: "x: [t: 3*k]" },
  ],
  adaptive_maxpool: [
    { code: "adaptive_maxpool(x, w: 3, h: 5)", inputs: "x: [n, h, w, c]" },
    { code: "adaptive_maxpool(x, h: 1, w: 1, indices: true)", inputs: "x: [u, n, c, t, h, w]" },
    { code: "adaptive_maxpool(x, h: h, w: 2, indices: true)", inputs: "x: [n, h, w, c]" },
    { code: "adaptive_maxpool(x, d: 3, h: h, w: 1)", inputs: "x: [n, c, d, h, w]" },
    { code: "adaptive_maxpool(x, t: k)", inputs: "x: [t: 3*k]" },
  ],
  unfold: [
    { code: "unfold(x, kernel: 2)", inputs: "x: i32[n, c, h: h + 1, w: w + 1]" },
    { code: "unfold(x, kernel: 2, pad: 1)", inputs: "x: bool[n, c, h, w]" },
    { code: "unfold(x, kernel: [3, 1], stride: [2, 3], pad: [[1, 2], [0, 0]])", inputs: "x: [n, h, w, c]" },
    { code: "unfold(x, kernel: 3, pad: same, dilation: 2)", inputs: "x: [u, n, c, t, h, w]" },
    { code: "unfold(x, kernel: 2, stride: 2)", inputs: "x: [n, c, d: d + 1, h: h + 1, w: w + 1]" },
    { code: "unfold(x, kernel: 3, stride: 2, pad: same_tf)", inputs: "x: [n, h, w, c]" },
    { code: "unfold(x, kernel: 1, axis: t)", inputs: "x: [t, c]" },
  ],
  fold: [
    { code: "fold(x, h: h + 1, w: w + 1, kernel: 2)", inputs: "x: i32[n, c: 4*k, h, w]" },
    {
      code: "fold(x, w: 3*w, h: h, kernel: [3, 1], stride: [1, 3], pad: [[1, 1], [0, 0]])",
      inputs: "x: [n, h, w, c: 3]",
    },
    { code: "fold(x, h: h, w: w, kernel: 3, pad: same, dilation: 2)", inputs: "x: [u, n, c: 9*k, t, h, w]" },
    { code: "fold(x, d: 2*d, h: h + 1, w: w, kernel: [2, 2, 1], stride: [2, 1, 1])", inputs: "x: [n, d, h, w, c: 4]" },
    { code: "fold(x, t: 2*t, kernel: 3, stride: 2, pad: same_tf)", inputs: "x: [t, c: 3*k]" },
    { code: "fold(x, t: 2*t + 3, kernel: 2, stride: 2, pad: [[0, 1]])", inputs: "x: [n, t: t + 2, c: 2]" },
  ],
  resize: [
    ...[...modes, ...antialiased].flatMap((mode) => [
      { code: `resize(x, w: 5, h: 8, mode: ${mode})`, inputs: "x: [n, h, w, c]" },
      { code: `resize(x, like: y, mode: ${mode})`, inputs: "x: [n, c, h, w], y: [h: p, w: q]" },
    ]),
    { code: "resize(x, like: y, axis: [t, e], mode: bilinear)", inputs: "x: [u, n, t, c, e, w], y: [t: p, e: q]" },
    { code: "resize(x, h: 5, w: 3, d: 4, mode: bilinear, align_corners: true)", inputs: "x: [n, d, h, w, c]" },
    { code: "resize(x, like: y, mode: bilinear)", inputs: "x: [n, c, d, h, w], y: [d: p, h: q, w: r]" },
    { code: "resize(x, d: 2*d, h: 3, w: 2, mode: nearest_exact)", inputs: "x: [n, d, h, w, c]" },
    { code: "resize(x, t: 1, mode: bicubic)", inputs: "x: [t]" },
    { code: "resize(x, t: 1, mode: bicubic, align_corners: true, antialias: true)", inputs: "x: [t]" },
    { code: "resize(x, t: 2*t)", inputs: "x: [n, t]" },
  ],
  grid_sample: [
    ...["bilinear", "nearest", "bicubic"].flatMap((mode) =>
      ["zeros", "border", "reflection"].map((padding) => ({
        code: `grid_sample(x, grid, coordinates: xy, mode: ${mode}, padding_mode: ${padding})`,
        inputs: "x: [n, h, w, c], grid: [n, h: p, w: q, xy: 2]",
      })),
    ),
    {
      code: "grid_sample(x, grid, coordinates: k, padding_mode: reflection, align_corners: true)",
      inputs: "x: [c, h, w], grid: [u, k: 2, t]",
    },
    {
      code: "grid_sample(x, grid, coordinates: k, mode: bicubic, padding_mode: reflection, align_corners: true)",
      inputs: "x: [n, c, h, w], grid: [n, c, k: 2]",
    },
    {
      code: "grid_sample(x, grid, coordinates: k, axis: t)",
      inputs: "x: [u, n, c, d, e, t], grid: [n, k: 1, t: q]",
      values: [0, 0.5, NaN, Infinity, -Infinity, -1],
    },
  ],
  upsample: [
    ...modes.flatMap((mode) => [
      { code: `upsample(x, [3, 2], mode: ${mode})`, inputs: "x: [n, h, w, c]" },
      { code: `upsample(x, 2, mode: ${mode}, axis: [t, c])`, inputs: "x: [n, t, c]" },
    ]),
    ...modes.flatMap((mode) => [
      { code: `upsample(x, 1.5, mode: ${mode})`, inputs: "x: [n, c, h, w]" },
      { code: `upsample(x, [7/3, 0.7], mode: ${mode})`, inputs: "x: [n, h: h + 1, w: w + 1, c]" },
    ]),
    { code: "upsample(x, [1.5, 2, 0.5])", inputs: "x: [n, d, h, w: w + 1, c]" },
    { code: "upsample(x, [2.5, 1, 4/3], mode: bilinear)", inputs: "x: [n, c, d, h, w]" },
    { code: "upsample(x, 1)", inputs: "x: [u, n, c, t, h, w]" },
    { code: "upsample(x, 4, axis: t, mode: bilinear)", inputs: "x: [t]" },
  ],
};
