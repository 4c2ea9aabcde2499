/** @file Attribute sets of operators that move elements or work along an axis: fusion, shape, scans, gather. */
import type { AttributeSet, AttributeSets } from "./attribute-sets.ts";

/** The same call on inputs of every dtype. */
const ofEveryDtype = (code: string, ...inputs: readonly string[]): AttributeSet[] =>
  ["f32", "i32", "bool"].map((dtype) => ({
    code,
    inputs: inputs.map((input) => input.replace("[", `${dtype}[`)).join(", "),
  }));

const scan = (name: string): AttributeSet[] => [
  { code: `${name}(x, axis: c)`, inputs: "x: [u, n, c, d, h, w]" },
  { code: `${name}(x, axis: t, reverse: true)`, inputs: "x: [t]" },
  { code: `${name}(x, axis: h, exclusive: true)`, inputs: "x: [n, c, h, w]" },
  { code: `${name}(x, axis: n, reverse: true, exclusive: true)`, inputs: "x: [n, h, w, c]" },
  { code: `${name}(x, axis: t, reverse: true, exclusive: true)`, inputs: "x: i32[t, n]" },
];

export const axes: AttributeSets = {
  concat: [
    ...ofEveryDtype("concat(a, b, axis: t)", "a: [n, t: p]", "b: [n, t: q]"),
    { code: "concat(a, b, e, axis: c)", inputs: "a: [n, c: 3, h, w], b: [n, h, w, c: 1], e: [c: 2*k, n, w, h]" },
    { code: "concat(a, b, axis: n)", inputs: "a: [u, n: p, c, d, h, w], b: [u, n: q, c, d, h, w]" },
    { code: "concat(a, relu(a), a, b, axis: t)", inputs: "a: [t: p], b: [t: q]" },
  ],
  embedding: [
    { code: "embedding(i, num_embeddings: 4, d: 3)", inputs: "i: i32[u, n, c, h, w]" },
    { code: "embedding(i, num_embeddings: 1, d: 1)", inputs: "i: i32[n, t]" },
    { code: "embedding(i, num_embeddings: 3, d: 2, e: 3, init: uniform(0.1))", inputs: "i: i32[t]" },
    { code: "embedding(i, num_embeddings: 3, d: 5)", inputs: "i: i32[]" },
  ],
  expand: [
    ...ofEveryDtype("expand(x, h: 3, w: 2)", "x: [n, c]"),
    { code: "expand(x, like: y)", inputs: "x: [d, n], y: [u, n, c, d, h, w]" },
    { code: "expand(x, like: y)", inputs: "x: [w, n, d], y: [u, n, c, d, h, w]" },
    { code: "expand(x, like: y)", inputs: "x: [n, t], y: i32[t, n]" },
    { code: "expand(x, t: n)", inputs: "x: [n]" },
    { code: "expand(x, h: h, w: 2*w)", inputs: "x: [], y: [h, w]" },
  ],
  flip: [
    ...ofEveryDtype("flip(x, axis: t)", "x: [n, t]"),
    { code: "flip(x, axis: [w, u, c])", inputs: "x: [u, n, c, d, h, w]" },
    { code: "flip(x, axis: [n, c, h, w])", inputs: "x: [n, h, w, c]" },
    { code: "flip(x, axis: t)", inputs: "x: [t]" },
  ],
  gather: [
    ...ofEveryDtype("gather(x, i, axis: t)", "x: [n, t]").map(({ code, inputs }) => ({
      code,
      inputs: `${inputs}, i: i32[n, k]`,
    })),
    { code: "gather(x, i, axis: d)", inputs: "x: [u, n, c, d, h], i: i32[k, h, n, e]" },
    { code: "gather(x, i, axis: t)", inputs: "x: [t], i: i32[]" },
    { code: "gather(x, i, axis: c)", inputs: "x: [n, c, h, w], i: i32[c: q]" },
    { code: "gather(x, i, axis: w)", inputs: "x: [n, h, w, c], i: i32[c, n, h]" },
  ],
  scatter_add: [
    { code: "scatter_add(x, i, s, axis: d)", inputs: "x: [u, n, c, d, h, w], i: i32[h, n], s: [u, n, c, h, w]" },
    { code: "scatter_add(x, i, s, axis: d)", inputs: "x: [u, d, h], i: i32[k, h, d: q], s: [d: q, k, u, h]" },
    { code: "scatter_add(x, i, s, axis: t)", inputs: "x: [t], i: i32[], s: []" },
    { code: "scatter_add(x, i, s, axis: t)", inputs: "x: i32[n, t], i: i32[n, k], s: i32[n, k]" },
  ],
  pad: [
    { code: "pad(x, c: [1, 0], h: [0, 2], w: 1, value: 0.1)", inputs: "x: [u, n, c, d, h, w]" },
    { code: "pad(x, n: 1, h: [2, 1], mode: reflect)", inputs: "x: [n: p + 1, h: q + 2, w]" },
    { code: "pad(x, n: [0, 1], c: 2, w: [3, 0], mode: replicate)", inputs: "x: [n, h, w, c]" },
    { code: "pad(x, t: [t, n])", inputs: "x: [n, t]" },
    { code: "pad(x, n: [0, 1], c: 2, w: [p, p + 1], mode: circular)", inputs: "x: [u, n, h, e, w: p + 1, c: c + 1]" },
    { code: "pad(x, t: [t - 1, t], mode: circular)", inputs: "x: i32[n, t]" },
    { code: "pad(x, t: 0)", inputs: "x: [t]" },
    { code: "pad(x, n: [1, 0], h: 1, value: 2)", inputs: "x: [u, n, c, d, e, h, w]" },
    { code: "pad(x, n: [1, 0], h: 1, mode: reflect)", inputs: "x: [u, n: n + 1, c, d, h: h + 1, w]" },
    { code: "pad(x, t: [1, 2], value: 1)", inputs: "x: bool[n, t]" },
    { code: "pad(x, t: [1, 2], mode: replicate)", inputs: "x: bool[n, t]" },
    { code: "pad(x, t: [1, 2], value: 7)", inputs: "x: i32[t]" },
    { code: "pad(x, t: [3, 0], mode: reflect)", inputs: "x: i32[n, t: k + 3]" },
  ],
  sort: [
    { code: "sort(x, axis: c, indices: true)", inputs: "x: [u, n, c, d, h, w]" },
    { code: "sort(x, axis: t, descending: true)", inputs: "x: [t]", values: [NaN, Infinity, -Infinity, 1, 0, 1, -2] },
    { code: "sort(x, axis: t)", inputs: "x: [t, n]", values: [NaN, Infinity, -Infinity, 1, 0, 1, -2] },
    { code: "sort(x, axis: h, descending: true, indices: true)", inputs: "x: [n, h, w, c]", values: [1, 2] },
    { code: "sort(x, axis: t)", inputs: "x: i32[n, t]" },
  ],
  argsort: [
    { code: "argsort(x, axis: c)", inputs: "x: [u, n, c, d, h, w]", values: [NaN, Infinity, -Infinity, 1, 0, 1] },
    { code: "argsort(x, axis: t, descending: true)", inputs: "x: [t]", values: [NaN, Infinity, 1, 2] },
    { code: "argsort(x, axis: n)", inputs: "x: i32[n, t]" },
  ],
  topk: [
    { code: "topk(x, k: 1, axis: c, indices: true)", inputs: "x: [u, n, c, d, h, w]" },
    { code: "topk(x, k: t, axis: t, largest: false)", inputs: "x: [t]", values: [NaN, Infinity, -Infinity, 1, 0] },
    { code: "topk(x, k: 3, axis: t, indices: true)", inputs: "x: [n, t: t + 2]", values: [-Infinity, -Infinity, 1, 0] },
    { code: "topk(x, k: n, axis: t)", inputs: "x: i32[n, t: n + k]" },
    { code: "topk(x, k: 2, axis: t, largest: false, indices: true)", inputs: "x: i32[t: t + 1, n]" },
  ],
  roll: [
    ...ofEveryDtype("roll(x, t: 1)", "x: [n, t]"),
    { code: "roll(x, u: -1, c: 2, w: -5)", inputs: "x: [u, n, c, d, h, w]" },
    { code: "roll(x, t: k - 3)", inputs: "x: [t, k]" },
    { code: "roll(x, h: -floor(h / 2), w: w)", inputs: "x: [n, h, w, c]" },
    { code: "roll(x, t: 7)", inputs: "x: [t: 3]" },
  ],
  rename: [
    ...ofEveryDtype("rename(x, h -> w, w -> h)", "x: [n, h, w]"),
    { code: "rename(x, u -> n, n -> u, w -> t)", inputs: "x: [u, n, c, d, h, w]" },
  ],
  reshape: [
    ...ofEveryDtype("reshape(x, [h, w] -> t)", "x: [n, h, w]"),
    { code: "reshape(x, [u, c] -> e, [w, h, d] -> f)", inputs: "x: [u, n, c, d, h, w]" },
    { code: "reshape(x, t -> [h: 3, w, c: 2])", inputs: "x: [n, t: 6*k]" },
    { code: "reshape(x, [n, c, h, w] -> [h: h*w, w: n*c])", inputs: "x: [n, h, w, c]" },
    { code: "reshape(x, [n, c] -> [g: n, c])", inputs: "x: [n, c, h, w]" },
  ],
  slice: [
    ...ofEveryDtype("slice(x, t: [1, k + 1])", "x: [n, t: k + 1]"),
    { code: "slice(x, u: [0, 1], c: [1, k + 1, 2], w: [1, 3])", inputs: "x: [u, n, c: k + 1, d, h, w: l + 2]" },
    { code: "slice(x, h: [k, 2*k], w: [0, w, 3])", inputs: "x: [n, h: 2*k, w, c]" },
    { code: "slice(x, t: [2, k + 2, 4])", inputs: "x: [t: k + 3]" },
  ],
  split: [
    ...ofEveryDtype("split(x, t: [1, k])", "x: [n, t: k + 1]"),
    { code: "split(x, axis: c)", inputs: "x: [u, n, c: 2*k, d, h, w]" },
    { code: "split(x, h: [k, 3])", inputs: "x: [n, c, h: k + 3, w]" },
  ],
  squeeze: [
    ...ofEveryDtype("squeeze(x, axis: t)", "x: [n, t: 1]"),
    { code: "squeeze(x, axis: [w, u])", inputs: "x: [u: 1, n, c, d, h, w: 1]" },
    { code: "squeeze(x, axis: [c, h, w])", inputs: "x: [h: 1, w: 1, c: 1]" },
  ],
  stack: [
    ...ofEveryDtype("stack(a, b, a, axis: k)", "a: [n, t]", "b: [t, n]"),
    { code: "stack(a, b, axis: c)", inputs: "a: [u, n, d, h, w], b: [u, n, d, h, w]" },
    { code: "stack(a, b, axis: t)", inputs: "a: [], b: []" },
  ],
  tile: [
    ...ofEveryDtype("tile(x, t: 3)", "x: [n, t]"),
    { code: "tile(x, n: 2, w: 2)", inputs: "x: [n, h, w, c]" },
    { code: "tile(x, u: 2, d: 3)", inputs: "x: [u, n, c, d, h, w]" },
    { code: "tile(x, c: 2, w: 2, u: c)", inputs: "x: [u, n, c, d, h, w]" },
    { code: "tile(x, n: 2, d: 3)", inputs: "x: bool[u, n, c, d, h, w]" },
    { code: "tile(x, t: t)", inputs: "x: [t]" },
  ],
  unsqueeze: [
    ...ofEveryDtype("unsqueeze(x, axis: [c, h])", "x: [n, w]"),
    { code: "unsqueeze(x, axis: [n, t])", inputs: "x: [c, d, h, w]" },
    { code: "unsqueeze(x, axis: t)", inputs: "x: []" },
  ],
  unstack: [
    ...ofEveryDtype("unstack(x, axis: t)", "x: [n, t: 2]"),
    { code: "unstack(x, axis: d)", inputs: "x: [u, n, c, d: 2, h, w]" },
    { code: "unstack(x, axis: n)", inputs: "x: [n: 2, h, w, c]" },
  ],

  channel_shuffle: [
    ...ofEveryDtype("channel_shuffle(x, groups: 3)", "x: [n, c: 3*k, t]"),
    { code: "channel_shuffle(x, groups: 2)", inputs: "x: [u, n, c: 2*k, d, h, w]" },
    { code: "channel_shuffle(x, groups: 1)", inputs: "x: [n, h, w, c]" },
    { code: "channel_shuffle(x, groups: 4)", inputs: "x: [c: 4]" },
  ],
  pixel_shuffle: [
    ...ofEveryDtype("pixel_shuffle(x, 2)", "x: [n, c: 4*k, h, w]"),
    { code: "pixel_shuffle(x, 3)", inputs: "x: [n, h, w, c: 9*k]" },
    { code: "pixel_shuffle(x, 2, axis: [w, t])", inputs: "x: [u, w, n, t, c: 4, h]" },
    { code: "pixel_shuffle(x, 2)", inputs: "x: [n, d, h, w, c: 8*k]" },
    { code: "pixel_shuffle(x, 1)", inputs: "x: [c, h, w]" },
  ],
  pixel_unshuffle: [
    ...ofEveryDtype("pixel_unshuffle(x, 2)", "x: [n, c, h: 2*k, w: 2*l]"),
    { code: "pixel_unshuffle(x, 3)", inputs: "x: [n, h: 3*k, w: 3*l, c]" },
    { code: "pixel_unshuffle(x, 2, axis: [w, t])", inputs: "x: [u, w: 2*k, n, t: 2*l, c, h]" },
    { code: "pixel_unshuffle(x, 2)", inputs: "x: [n, c, d: 2*k, h: 2*l, w: 2*m]" },
    { code: "pixel_unshuffle(x, 1, axis: t)", inputs: "x: [t, c]" },
  ],

  cumprod: scan("cumprod"),
  cumsum: scan("cumsum"),
  dropout: [
    { code: "dropout(x)", inputs: "x: [u, n, c, d, h, w]" },
    { code: "dropout(x, p: 1)", inputs: "x: []" },
  ],
  identity: [...ofEveryDtype("identity(x)", "x: [n, t]"), { code: "identity(x)", inputs: "x: [u, n, c, d, h, w]" }],
  iota: [
    { code: "x + iota(t: t)", inputs: "x: i32[n, t]" },
    { code: "iota(t: n + 1)", inputs: "x: [n]" },
    { code: "iota(t: 5)", inputs: "x: [n, h, w]" },
  ],
};
