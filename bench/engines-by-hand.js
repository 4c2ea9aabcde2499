/**
 * @file The models of the engines benchmark, written by hand in TensorFlow.js: channels last, which suits tfjs best, with weights
 * prepared and batch normalisation folded in advance. Every tensor is disposed as soon as it is no longer needed.
 */
import * as tf from "@tensorflow/tfjs-core";
import { consume, conv, convolution, dense, linear, normalised, pipe, shape, using } from "./by-hand.js";

/** Reads a convolution without a bias, and folds in the batch normalisation after it. */
function normalisedConvolution(get, path, norm) {
  const weight = tf.transpose(get(`${path}.weight`), [2, 3, 1, 0]);
  return normalised({ weight, bias: tf.zeros([weight.shape[3]]) }, get, norm);
}

const names = (count) => Array.from({ length: count }, (_, i) => i);

/** The number of blocks in each of the four stages of ResNet-50. */
const stages = [3, 4, 6, 3];

/** Returns explicit pads, because PyTorch's are symmetric. */
const pads = (n) =>
  n === 0
    ? "valid"
    : [
        [0, 0],
        [n, n],
        [n, n],
        [0, 0],
      ];

/** The models by name. `prepare` prepares the weights, `run` computes. The caller disposes the results. */
export const enginesByHand = {
  Fusion: {
    prepare: (get) => convolution(get, "conv"),
    run: (layer, { h, l }) => {
      const up = tf.image.resizeBilinear(l, h.shape.slice(1, 3), false, true);
      const both = using([up], (up) => tf.concat([h, up], 3));
      return { y: consume(both, conv(layer, { activation: "relu" })) };
    },
  },

  SEBlocks: {
    prepare: (get) => names(10).map((i) => [linear(get, `blocks.${i}.fc1`), linear(get, `blocks.${i}.fc2`)]),
    run: (blocks, { x }) => ({
      y: pipe(
        x,
        ...blocks.map(([fc1, fc2]) => (x) => {
          const [n, , , c] = x.shape;
          const gate = pipe(
            x,
            (x) => tf.mean(x, [1, 2]),
            dense(fc1, "relu"),
            dense(fc2, "sigmoid"),
            shape([n, 1, 1, c]),
          );
          return using([gate], (gate) => tf.mul(x, gate));
        }),
      ),
    }),
  },

  Attended: {
    prepare: (get) => ({
      fc1: linear(get, "cbam.fc1"),
      fc2: linear(get, "cbam.fc2"),
      spatial: { weight: tf.transpose(get("cbam.spatial.weight"), [2, 3, 1, 0]) },
    }),
    run: ({ fc1, fc2, spatial }, { x }) => {
      const [n, , , c] = x.shape;
      const average = pipe(x, (x) => tf.mean(x, [1, 2]), dense(fc1, "relu"), dense(fc2));
      const largest = pipe(x, (x) => tf.max(x, [1, 2]), dense(fc1, "relu"), dense(fc2));
      const sum = using([average, largest], (a, b) => tf.add(a, b));
      const channels = consume(sum, tf.sigmoid, shape([n, 1, 1, c]));
      const gated = using([channels], (gate) => tf.mul(x, gate));
      const mean = tf.mean(gated, 3, true);
      const max = tf.max(gated, 3, true);
      const both = using([mean, max], (a, b) => tf.concat([a, b], 3));
      const places = consume(both, conv(spatial, { pad: "same" }), tf.sigmoid);
      return { y: using([gated, places], (x, gate) => tf.mul(x, gate)) };
    },
  },

  AttentionReduce: {
    prepare: (get) => {
      const bias = get("attention.in_proj_bias");
      const d = bias.size / 3;
      const weight = tf.transpose(tf.reshape(get("attention.in_proj_weight"), [3 * d, d]));
      const scale = tf.concat([tf.fill([d], 1 / Math.sqrt(d / 8)), tf.ones([2 * d])]);
      const out = get("attention.out_proj.weight");
      return {
        input: { weight: tf.mul(weight, scale), bias: tf.mul(bias, scale) },
        output: { weight: tf.transpose(tf.reshape(out, [d, d])), bias: get("attention.out_proj.bias") },
        reduce: linear(get, "fc"),
      };
    },
    run: ({ input, output, reduce }, { x }) => {
      const [n, h, w, c] = x.shape;
      const t = h * w;
      const parts = pipe(x, shape([n * t, c]), dense(input), shape([n, t, 3, 8, c / 8]), (x) =>
        tf.transpose(x, [2, 0, 3, 1, 4]),
      );
      const [q, k, v] = using([parts], (x) => tf.unstack(x));
      const scores = using([q, k], (q, k) => tf.matMul(q, k, false, true));
      const share = using([scores], (x) => tf.softmax(x));
      const seen = using([share, v], (share, v) => tf.matMul(share, v));
      const tokens = using([seen], (x) => tf.transpose(x, [0, 2, 1, 3]));
      return { y: consume(tokens, shape([n * t, c]), dense(output), dense(reduce), shape([n, h, w, -1])) };
    },
  },

  Autoencoder: {
    prepare: (get) => ["encoder.0", "encoder.2", "decoder.0", "decoder.2"].map((path) => convolution(get, path)),
    run: (layers, { x }) => {
      const [a, b, c, d] = layers.map((layer) => conv(layer, { pad: "same", activation: "relu" }));
      const code = pipe(x, a, b);
      return { code, y: pipe(code, c, d) };
    },
  },

  Classifier: {
    prepare: (get) => ({
      stem: normalisedConvolution(get, "backbone.conv1", "backbone.bn1"),
      stages: stages.map((blocks, stage) =>
        names(blocks).map((block) => {
          const path = `backbone.layer${stage + 1}.${block}`;
          const layers = [1, 2, 3].map((i) => normalisedConvolution(get, `${path}.conv${i}`, `${path}.bn${i}`));
          if (block === 0) layers.push(normalisedConvolution(get, `${path}.downsample.0`, `${path}.downsample.1`));
          return layers;
        }),
      ),
      fc: linear(get, "fc"),
    }),
    run: ({ stem, stages, fc }, { image }) => {
      const bottleneck =
        ([a, b, c, skip], strides) =>
        (x) => {
          const y = pipe(
            x,
            conv(a, { activation: "relu" }),
            conv(b, { strides, pad: pads(1), activation: "relu" }),
            conv(c),
          );
          if (skip === undefined) return using([using([y], (y) => tf.add(x, y))], tf.relu);
          const down = conv(skip, { strides })(x);
          return using([using([y, down], (a, b) => tf.add(a, b))], tf.relu);
        };
      const blocks = stages.flatMap((blocks, stage) =>
        blocks.map((layers, block) => bottleneck(layers, block === 0 && stage > 0 ? 2 : 1)),
      );
      return {
        probs: pipe(
          image,
          conv(stem, { strides: 2, pad: pads(3), activation: "relu" }),
          (x) =>
            tf.pad(
              x,
              [
                [0, 0],
                [1, 1],
                [1, 1],
                [0, 0],
              ],
              -Infinity,
            ),
          (x) => tf.maxPool(x, 3, 2, "valid"),
          ...blocks,
          (x) => tf.mean(x, [1, 2]),
          dense(fc),
          (x) => tf.softmax(x),
        ),
      };
    },
  },
};
