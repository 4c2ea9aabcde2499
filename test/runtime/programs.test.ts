/** @file Programs compiled and run on every backend, at several sizes, against the float64 interpreter. */
import { describeCases, graphOf, prepareCase } from "../support/compare.ts";

interface Program {
  readonly text: string;
  /** Shapes of the inputs, for several runs. */
  readonly runs: readonly Readonly<Record<string, readonly number[]>>[];
  readonly settings?: Readonly<Record<string, string>>;
}

const cases: Readonly<Record<string, Program>> = {
  "convolutions in NCHW": {
    text: `
      model M(x: [n, c: 4, h, w]) -> (y: [n, c: 6, h: ceil(h / 2), w: ceil(w / 2)], z: [n, c: 4, h, w]) where h >= 4, w >= 4 {
        a = x |> conv(c: 6, kernel: 3, stride: 2, bias: false) @a |> batchnorm @bn |> relu
        b = x |> conv(c: 6, kernel: [3, 5], stride: 2, groups: 2) @b |> relu6
        d = x |> conv(c: 4, kernel: 3, groups: 4, pad: same_tf) @d |> hardswish |> conv(c: 4, kernel: 3, dilation: 2) @e |> elu
        return a + b, d |> maxpool(kernel: 3, stride: 1, pad: 1)
      }`,
    runs: [{ x: [2, 4, 8, 6] }, { x: [1, 4, 5, 7] }],
  },
  "a gate over channels and one over positions": {
    text: `
      model M(x: [n, h, w, c: 8]) -> (y: [n, h, w, c: 8]) {
        a = x |> mean(axis: [h, w]) |> linear(c: 2) @fc1 |> relu |> linear(c: 8) @fc2 |> sigmoid
        g = x * a
        s = stack(mean(g, axis: c), max(g, axis: c), axis: c) |> conv(c: 1, kernel: 7) @conv |> squeeze(axis: c) |> sigmoid
        return g * s
      }`,
    runs: [{ x: [2, 5, 4, 8] }, { x: [1, 1, 9, 8] }],
  },
  "attention over tokens": {
    text: `
      model M(x: [n, t, d: 8]) -> (y: [n, m: 3, d: 8]) {
        weight query: [m: 3, d: 8] = normal(0.02)
        q = query |> linear(d -> [head: 2, e: 4]) @q
        k = x |> linear(d -> [head: 2, e: 4]) @k
        v = x |> linear(d -> [head: 2, e: 4]) @v
        s = dot(q, k, contract: e, batch: head) / sqrt(8 / 2)
        y = dot(softmax(s, axis: t), v, contract: t, batch: [n, head])
        return y |> linear([head, e] -> d: 8) @out |> layernorm(axis: d) @norm |> gelu
      }`,
    runs: [{ x: [2, 5, 8] }, { x: [1, 1, 8] }],
  },
  "a decoder": {
    text: `
      model M(low: [n, c: 4, h: a, w: b], skip: [n, c: 3, h, w]) -> (y: [n, c: 1, h: 2 * h, w: 2 * w]) {
        up = low |> resize(like: skip, mode: bilinear) |> conv(c: 3) @up
        f = concat(up, skip, axis: c) |> conv(c: 4, kernel: 3) @f |> leaky_relu
        return f |> conv_transpose(c: 1, kernel: 2, stride: 2) @t |> sigmoid
      }`,
    runs: [
      { low: [1, 4, 3, 4], skip: [1, 3, 7, 5] },
      { low: [2, 4, 2, 2], skip: [2, 3, 2, 2] },
    ],
  },
  "pools to sizes of another input, and names that mean something in JavaScript": {
    text: `
      model M(Array: [n, h: 2*size, w: i], count: [n, a: j, b: length]) -> (y: [n, h: j, w: length], k: i32[n, h: j, w: length], z: [n, h: size, w: ceil(i / 3)]) {
        y, k = adaptive_maxpool(Array, h: j, w: length, indices: true)
        before = maxpool(Array, kernel: 2, stride: [2, 3], dilation: [1, 1], pad: same_tf)
        return y + rename(count, a -> h, b -> w) + adaptive_avgpool(Array, h: j, w: length), k, before
      }`,
    runs: [
      { Array: [2, 6, 5], count: [2, 4, 3] },
      { Array: [1, 2, 3], count: [1, 2, 7] },
      { Array: [1, 4, 4], count: [1, 4, 4] },
    ],
  },
  "indices of windows at run-time sizes": {
    text: `
      model M(x: [n, h, w: 2*w, c]) -> (y: [n, h: ceil(h / 2), w: w, c], k: i32[n, h: ceil(h / 2), w: w, c], d: [n, h, w: 2*w, c]) where h >= 2 {
        y, k = maxpool(x, kernel: 3, stride: 2, pad: 1, indices: true)
        return y, k, maxpool(x, kernel: 3, stride: 1, dilation: 2, pad: same)
      }`,
    runs: [{ x: [2, 5, 6, 3] }, { x: [1, 2, 2, 1] }],
  },
  "sizes in arithmetic, expanded and reshaped values": {
    text: `
      model M(x: [n, t, c: 3], v: [n, c: 3]) -> (y: [n, t, c: 3], wide: [t, c: 3, n], flat: [n, d: 3 * t], count: []) {
        wide = expand(v, t: t)
        y = x / t + wide * 2 - mean(x, axis: t) * (t + 1)
        return y, wide, reshape(x, [t, c] -> d: 3 * t), sum(x, axis: [n, t, c]) / (n * t)
      }`,
    runs: [
      { x: [2, 4, 3], v: [2, 3] },
      { x: [1, 1, 3], v: [1, 3] },
    ],
  },
  "comparisons and choices": {
    text: `
      model M(x: [n, c: 5]) -> (y: [n, c: 5], m: bool[n, c: 5], same: [c: 5, n]) {
        m = x > 0 and not (x > 1)
        return where(m, x, clamp(x, min: -1, max: 0)), m, x
      }`,
    runs: [{ x: [3, 5] }],
  },
  "one axis, and pads": {
    text: `
      model M(x: [n, c: 3, w]) -> (y: [n, c: 2, w], z: [n, c: 3, w: w + 4]) where w >= 3 {
        return x |> conv(c: 4, kernel: 5) @a |> relu |> conv(c: 2) @b, x |> pad(w: [2, 2], mode: reflect) |> avgpool(kernel: 3, stride: 1, pad: 1)
      }`,
    runs: [{ x: [2, 3, 6] }, { x: [1, 3, 3] }],
  },
  "a resized image": {
    text: `
      model M(x: [n, h, w, c: 2]) -> (y: [n, h: 5, w: 7, c: 2], z: [n, h: 2 * h, w: 2 * w, c: 2]) {
        return resize(x, h: 5, w: 7, mode: bilinear, align_corners: true), upsample(x, 2)
      }`,
    runs: [{ x: [1, 3, 4, 2] }, { x: [2, 6, 9, 2] }],
  },
  "a cell that is called twice, with two tensors and two results": {
    text: `
      block Cell(h: [n, c, t], x: [n, d, t]) -> (h: [n, c, t], gate: [n, c, t]) {
        z = concat(h, rename(x, d -> c), axis: c) |> linear(c: c) @convz |> sigmoid
        return h * z, z
      }
      model M(h: [n, c: 4, t], x: [n, d: 3, t]) -> (y: [n, c: 4, t], gate: [n, c: 4, t]) {
        layer gru = Cell
        h1, _ = gru(h, x)
        return h1 |> gru(x)
      }`,
    runs: [
      { h: [2, 4, 3], x: [2, 3, 3] },
      { h: [1, 4, 1], x: [1, 3, 1] },
    ],
  },
  "words from choices, zeros in parameters, filled tensors": {
    text: `
      block Shift(x: [n, c, h, w], by: 0 | 3 = 3, times: int) -> [n, c, h, w] where times >= 0 {
        y = match by { 0 => x, 3 => x + 3 }
        return if times > 0 { y * times } else { y }
      }
      block Select(x: [n, c: k], k: 4 | 6 = 4) -> [n, c: k] {
        return match k { 4 => relu(x), 6 => -x }
      }
      model M(x: [n, c: 6, h, w], padding: same | same_tf | valid = valid, along: c | n = c, hidden: int = 6)
        -> (y: [n, c: 6], twos: [n, k: hidden]) where h >= 3, w >= 3 {
        y = x
          |> conv(c: 6, kernel: 3, stride: 2, pad: match padding { same | same_tf => padding, valid => 0 }) @conv
          |> Shift(by: 0, times: 0)
          |> mean(axis: [h, w])
        return softmax(y, axis: along) + Select(y), expand(2, n: n, k: hidden)
      }`,
    runs: [{ x: [2, 6, 5, 6] }, { x: [1, 6, 3, 4] }],
    settings: { padding: "same_tf", along: "n" },
  },
};

describeCases(
  Object.entries(cases).map(([name, { text, runs, settings }]) =>
    prepareCase(name, graphOf(`fuse 1\n${text}`, settings), runs, name.length),
  ),
);
