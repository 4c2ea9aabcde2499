/** @file The emotion example: the network against the original on every backend, and the face in the photograph. */
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { variantsOf } from "../../src/cli/summary/variants.ts";
import { buildFactory, buildPlans } from "../../src/compile.ts";
import { readPicture, toTensor } from "../../src/node/pictures.ts";
import { instantiate, model, type Model } from "../../src/runtime/node/index.ts";
import { difference } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { programOf } from "../support/check.ts";
import { loadOriginal } from "../support/originals.ts";
import { download, upload } from "../support/tensors.ts";

const path = "examples/emotion/emotion.fuse";
const weights = "examples/emotion/emotion.safetensors";
const program = programOf(readFileSync(path, "utf8"), {}, path);
const { value: plans, diagnostics } = buildPlans(program);
const models: Readonly<Record<string, Model>> = await instantiate(buildFactory(program, plans!), path, model);
const photo = toTensor(await readPicture("examples/background-blur/astronaut.png"), 3, "0..1");

/** Rows 50 to 205 and columns 165 to 300 of the photograph, grey, 64 x 64, from -1 to 1. */
const face = (): tf.Tensor4D =>
  tf.tidy(() => {
    const cropped = tf.slice(upload(photo), [0, 50, 165, 0], [1, 155, 135, 3]);
    const grey = tf.sum<tf.Tensor4D>(tf.mul(cropped, tf.tensor1d([0.2989, 0.587, 0.114])), 3, true);
    return tf.mul(tf.sub(tf.image.resizeBilinear(grey, [64, 64], false, true), 0.5), 2);
  });

test("the program has neither errors nor warnings", () => {
  expect(diagnostics).toEqual([]);
});

test("a flattened, fully connected head costs eighty times the weights", () => {
  const variants = variantsOf(program, program.models[0]!, {}, { n: 1 });
  expect(variants.map(({ variant, weights }) => [variant["head"], weights])).toEqual([
    ["gap", 205_127],
    ["gmp", 205_127],
    ["flatten", 16_974_407],
  ]);
});

describe.each(backends())("on $name", ({ name, skipped }) => {
  beforeAll(() => (skipped ? undefined : useBackend(name)));

  test.skipIf(skipped)("the seven probabilities are the original network's: happy", async () => {
    const network = await loadOriginal("emotion", "emotion");
    const emotion = await models["Emotion"]!.load(weights);
    const x = face();
    const want = network.predict(x) as tf.Tensor;
    const { probabilities } = emotion.run({ face: x });
    expect(difference(download(probabilities!), download(want), 1e-4)).toBe(undefined);
    // angry, disgust, fear, happy, sad, surprise, neutral
    expect(download(probabilities!).data[3]).toBeGreaterThan(0.99);
    tf.dispose([x, want, probabilities!]);
    emotion.dispose();
    network.dispose();
  });

  test.skipIf(skipped)("the whole photograph gives the same, and a picture of where it is seen", async () => {
    const portrait = await models["Portrait"]!.load(weights);
    const input = upload(photo);
    const { probabilities, picture } = portrait.run({ photo: input });
    expect(download(probabilities!).data[3]).toBeGreaterThan(0.99);
    expect(picture!.shape).toEqual([1, 155, 135, 3]);
    // The smile is redder than before; the hair is not.
    const redder = (y: number, x: number): number => {
      const at = (array: { data: ArrayLike<number> }, width: number, row: number, column: number) =>
        array.data[(row * width + column) * 3]! - array.data[(row * width + column) * 3 + 2]!;
      return at(download(picture!), 135, y, x) - at(photo, 512, 50 + y, 165 + x);
    };
    expect(redder(95, 60)).toBeGreaterThan(redder(5, 60) + 0.1);
    tf.dispose([input, probabilities!, picture!]);
    portrait.dispose();
  });
});

test("a photograph smaller than the rectangle is rejected, with the axis, the value and the line", async () => {
  await useBackend("wasm");
  const portrait = await models["Portrait"]!.load(weights);
  const input = tf.zeros([1, 200, 512, 3]);
  expect(() => portrait.run({ photo: input })).toThrowErrorMatchingInlineSnapshot(
    `[GuardError: Portrait: h >= 205 is required (examples/emotion/emotion.fuse:52), but h is 200.]`,
  );
  tf.dispose(input);
  portrait.dispose();
});
