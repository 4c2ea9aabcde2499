/**
 * @file The systems of examples/systems, written by hand in TensorFlow.js: the baselines for the generated modules.
 *
 * The rules: Inputs and results are the model's own, NCHW, at any size that it accepts, so tensors must be transposed for tfjs
 * convolutions here too. Before a run, weights are in tfjs layouts: kernels HWIO, matrices [in, out], batch normalisation
 * folded into the previous layer, the 1 / sqrt(e) of attention folded into the query weights. Bias and activation are fused
 * wherever tfjs can. Every tensor is disposed as soon as it is no longer needed. The same code runs on all backends. Formulas
 * are as in the papers, without algebraic shortcuts.
 */
import * as tf from "@tensorflow/tfjs-core";

const toNHWC = (x) => tf.transpose(x, [0, 2, 3, 1]);
const toNCHW = (x) => tf.transpose(x, [0, 3, 1, 2]);

/** Passes `x` through calls one after the other. Intermediate results are freed; `x` is not. */
export function pipe(x, ...calls) {
  return calls.reduce((value, call, index) => {
    const next = call(value);
    if (index > 0) value.dispose();
    return next;
  }, x);
}

/** Calls `call` with tensors and then frees them. */
export function using(tensors, call) {
  const result = call(...tensors);
  tf.dispose(tensors);
  return result;
}

/** Like `pipe`, but also frees `x`. */
export const consume = (x, first, ...calls) => {
  const value = using([x], first);
  return calls.length === 0 ? value : consume(value, ...calls);
};

/** Reads a `torch.nn.Linear` from a `state_dict`; `get` returns a tensor by name. */
export const linear = (get, path) => ({ weight: tf.transpose(get(`${path}.weight`)), bias: get(`${path}.bias`) });
export const convolution = (get, path) => ({
  weight: tf.transpose(get(`${path}.weight`), [2, 3, 1, 0]),
  bias: get(`${path}.bias`),
});

/** Folds the batch normalisation that follows a layer into it. */
export function normalised({ weight, bias }, get, path) {
  const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((name) =>
    get(`${path}.${name}`),
  );
  const scale = tf.div(gamma, tf.sqrt(tf.add(variance, 1e-5)));
  return { weight: tf.mul(weight, scale), bias: tf.add(tf.mul(tf.sub(bias, mean), scale), beta) };
}

export const dense =
  ({ weight, bias }, activation) =>
  (x) =>
    tf.fused.matMul({ a: x, b: weight, bias, activation });
export const conv =
  ({ weight, bias }, { pad = "valid", strides = 1, dilations = 1, activation } = {}) =>
  (x) =>
    tf.fused.conv2d({ x, filter: weight, bias, strides, pad, dilations, activation });
export const shape = (sizes) => (x) => tf.reshape(x, sizes);

/** Resizes `l` to the size of `h`, like PyTorch's bilinear interpolation without aligned corners. Returns NHWC. */
const resized = (l, h) => pipe(l, toNHWC, (x) => tf.image.resizeBilinear(x, h.shape.slice(2), false, true));
/** Like `resized`, but returns NCHW. */
const resizedNCHW = (l, h) => consume(resized(l, h), toNCHW);
/** Concatenates both along the channels. Returns NHWC. */
const joined = (h, l) => using([toNHWC(h), resized(l, h)], (a, b) => tf.concat([a, b], 3));

/** Returns the starts and ends of the windows of an adaptive pool, by PyTorch's rule. */
const windows = (size, count) =>
  Array.from({ length: count }, (_, i) => [Math.floor((i * size) / count), Math.ceil(((i + 1) * size) / count)]);

/** Returns the elements of each window, padded by repeating the last one: [count, longest]. */
function indices(size, count) {
  const all = windows(size, count);
  const longest = Math.max(...all.map(([start, end]) => end - start));
  return all.map(([start, end]) => Array.from({ length: longest }, (_, i) => Math.min(start + i, end - 1)));
}

/** Returns the share of each element in the mean of its window. Repetitions split the last element's share: [count, longest]. */
function shares(size, count) {
  return indices(size, count).map((row) =>
    row.map((index) => 1 / (row.at(-1) - row[0] + 1) / row.filter((other) => other === index).length),
  );
}

/** Gathers the elements of the windows along an axis, which becomes two axes. */
const taken = (x, count, axis) =>
  using([tf.tensor2d(indices(x.shape[axis], count), undefined, "int32")], (i) => tf.gather(x, i, axis));

/**
 * Gathers the elements of the windows, weights them and sums. Multiplying by a matrix of shares would take fewer calls, but
 * 0 * Infinity is NaN, so an infinity would spoil every window in its row. In PyTorch it affects only its own window.
 */
function adaptiveAverage(x, rows, columns) {
  const [, , h, w] = x.shape;
  const weighed = (shares) => (x) => using([shares], (shares) => tf.mul(x, shares));
  const [across, down] = [shares(w, columns), shares(h, rows)];
  return pipe(
    x,
    (x) => taken(x, columns, 3),
    weighed(tf.tensor2d(across)),
    (x) => tf.sum(x, 4),
    (x) => taken(x, rows, 2),
    weighed(tf.tensor3d(down.map((row) => row.map((share) => [share])))),
    (x) => tf.sum(x, 3),
  );
}

function adaptiveMaximum(x, rows, columns) {
  return pipe(
    x,
    (x) => taken(x, columns, 3),
    (x) => tf.max(x, 4),
    (x) => taken(x, rows, 2),
    (x) => tf.max(x, 3),
  );
}

/**
 * The systems by program name. `prepare` prepares the weights, `run` computes. Attention has the default eight heads.
 * The caller disposes the results; inputs and weights are kept.
 */
export const byHand = {
  "conv-reduce": {
    prepare: (get) => convolution(get, "conv1x1"),
    run: (layer, { x }) => ({ y: pipe(x, toNHWC, conv(layer), toNCHW) }),
  },

  "flatten-linear-reduce": {
    prepare: (get) => linear(get, "fc"),
    run: (layer, { x }) => {
      const [n, c, h, w] = x.shape;
      return { y: pipe(x, shape([n, c * h * w]), dense(layer), shape([n, -1, h, w])) };
    },
  },

  // One product and one transpose compute queries, keys and values.
  "attention-reduce": {
    prepare: (get) => {
      const bias = get("attention.in_proj_bias");
      const d = bias.size / 3;
      const weight = tf.transpose(tf.reshape(get("attention.in_proj_weight"), [3 * d, d]));
      const scale = tf.concat([tf.fill([d], 1 / Math.sqrt(d / 8)), tf.ones([2 * d])]);
      return {
        input: { weight: tf.mul(weight, scale), bias: tf.mul(bias, scale) },
        output: linear(get, "attention.out_proj"),
        reduce: linear(get, "fc"),
      };
    },
    run: ({ input, output, reduce }, { x }) => {
      const [n, c, h, w] = x.shape;
      const t = h * w;
      const parts = pipe(
        x,
        shape([n, c, t]),
        (x) => tf.transpose(x, [0, 2, 1]),
        shape([n * t, c]),
        dense(input),
        shape([n, t, 3, 8, c / 8]),
        (x) => tf.transpose(x, [2, 0, 3, 1, 4]),
      );
      const [q, k, v] = using([parts], (x) => tf.unstack(x));
      const scores = using([q, k], (q, k) => tf.matMul(q, k, false, true));
      const share = using([scores], (x) => tf.softmax(x));
      const seen = using([share, v], (share, v) => tf.matMul(share, v));
      const tokens = using([seen], (x) => tf.transpose(x, [0, 2, 1, 3]));
      const rows = using([tokens], shape([n * t, c]));
      const reduced = consume(rows, dense(output), dense(reduce));
      const width = reduced.shape[1];
      const y = consume(reduced, shape([n, t, width]), (x) => tf.transpose(x, [0, 2, 1]), shape([n, width, h, w]));
      return { y };
    },
  },

  autoencoder: {
    prepare: (get) => ["encoder.0", "encoder.2", "decoder.0", "decoder.2"].map((path) => convolution(get, path)),
    run: (layers, { x }) => {
      const [a, b, c, d] = layers.map((layer) => conv(layer, { pad: "same", activation: "relu" }));
      const code = pipe(x, toNHWC, a, b);
      const y = pipe(code, c, d, toNCHW);
      return { code: using([code], toNCHW), y };
    },
  },

  "concat-conv-fuse": {
    prepare: (get) => normalised(convolution(get, "conv"), get, "bn"),
    run: (layer, { h, l }) => ({
      y: consume(joined(h, l), conv(layer, { activation: "relu" }), toNCHW),
    }),
  },

  "concat-linear-fuse": {
    prepare: (get) => linear(get, "linear"),
    run: (layer, { h, l }) => {
      const [n, c, height, width] = h.shape;
      const rows = using([joined(h, l)], shape([n * height * width, 2 * c]));
      return { y: consume(rows, dense(layer), shape([n, height, width, c]), toNCHW) };
    },
  },

  "add-fuse": {
    prepare: () => ({}),
    run: (_, { h, l }) => ({ y: using([resizedNCHW(l, h)], (l) => tf.add(h, l)) }),
  },

  "mul-fuse": {
    prepare: () => ({}),
    run: (_, { h, l }) => ({ y: using([resizedNCHW(l, h)], (l) => tf.mul(h, l)) }),
  },

  se: {
    prepare: (get) => [linear(get, "fc1"), linear(get, "fc2")],
    run: ([fc1, fc2], { x }) => {
      const [n, c] = x.shape;
      const gate = pipe(x, (x) => tf.mean(x, [2, 3]), dense(fc1, "relu"), dense(fc2, "sigmoid"), shape([n, c, 1, 1]));
      return { y: using([gate], (gate) => tf.mul(x, gate)) };
    },
  },

  cbam: {
    prepare: (get) => ({
      fc1: linear(get, "fc1"),
      fc2: linear(get, "fc2"),
      spatial: { weight: tf.transpose(get("spatial.weight"), [2, 3, 1, 0]) },
    }),
    run: ({ fc1, fc2, spatial }, { x }) => {
      const [n, c, h, w] = x.shape;
      const average = pipe(x, (x) => tf.mean(x, [2, 3]), dense(fc1, "relu"), dense(fc2));
      const largest = pipe(x, (x) => tf.max(x, [2, 3]), dense(fc1, "relu"), dense(fc2));
      const sum = using([average, largest], (a, b) => tf.add(a, b));
      const channels = consume(sum, tf.sigmoid, shape([n, c, 1, 1]));
      const gated = using([channels], (gate) => tf.mul(x, gate));
      const mean = pipe(gated, (x) => tf.mean(x, 1), shape([n, h, w, 1]));
      const max = pipe(gated, (x) => tf.max(x, 1), shape([n, h, w, 1]));
      const both = using([mean, max], (a, b) => tf.concat([a, b], 3));
      const places = consume(both, conv(spatial, { pad: "same", activation: "sigmoid" }), shape([n, 1, h, w]));
      return { y: using([gated, places], (x, gate) => tf.mul(x, gate)) };
    },
  },

  // With one channel, NHWC equals NCHW, so the gates can be added without a transpose.
  bam: {
    prepare: (get) => ({
      channel: [normalised(linear(get, "fc1"), get, "fc_bn"), linear(get, "fc2")],
      spatial: [
        normalised(convolution(get, "reduce"), get, "bn0"),
        normalised(convolution(get, "conv1"), get, "bn1"),
        normalised(convolution(get, "conv2"), get, "bn2"),
        convolution(get, "final"),
      ],
    }),
    run: ({ channel: [fc1, fc2], spatial: [reduce, conv1, conv2, final] }, { x }) => {
      const [n, c, h, w] = x.shape;
      const dilated = { pad: "same", dilations: 4, activation: "relu" };
      const channel = pipe(x, (x) => tf.mean(x, [2, 3]), dense(fc1, "relu"), dense(fc2), shape([n, c, 1, 1]));
      const spatial = pipe(
        x,
        toNHWC,
        conv(reduce, { activation: "relu" }),
        conv(conv1, dilated),
        conv(conv2, dilated),
        conv(final),
        shape([n, 1, h, w]),
      );
      const sum = using([channel, spatial], (a, b) => tf.add(a, b));
      const gate = consume(sum, tf.sigmoid, (x) => tf.add(x, 1));
      return { y: using([gate], (gate) => tf.mul(x, gate)) };
    },
  },

  "gap-head": {
    prepare: (get) => linear(get, "fc"),
    run: (layer, { x }) => ({
      y: pipe(
        x,
        (x) => tf.mean(x, [2, 3]),
        dense(layer),
        (x) => tf.softmax(x),
      ),
    }),
  },

  "global-pools": {
    prepare: () => ({}),
    run: (_, { x }) => {
      const [n, c, h, w] = x.shape;
      return {
        gap: tf.mean(x, [2, 3], true),
        gmp: tf.max(x, [2, 3], true),
        gmp_index: pipe(x, shape([n, c, h * w]), (x) => tf.argMax(x, 2), shape([n, c, 1, 1])),
        channel_max: tf.max(x, 1, true),
        channel_mean: tf.mean(x, 1, true),
        adaptive_avg: adaptiveAverage(x, 3, 2),
        adaptive_max: adaptiveMaximum(x, 3, 2),
      };
    },
  },
};

/** Prepares the weights of a system from arrays in PyTorch's layouts. The caller disposes them. */
export function prepareByHand(file, arrays) {
  return tf.tidy(() =>
    byHand[file].prepare((path) => tf.tensor(Float32Array.from(arrays[path].data), arrays[path].shape)),
  );
}
