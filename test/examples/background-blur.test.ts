/** @file The background-blur example: its network against the original on every backend, and no leaks. */
import * as tf from "@tensorflow/tfjs-core";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildFactory, buildPlans } from "../../src/compile.ts";
import type { NdArray } from "../../src/contract/ndarray.ts";
import { readPicture, toTensor } from "../../src/node/pictures.ts";
import { instantiate, model, type Model } from "../../src/runtime/node/index.ts";
import { difference } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { programOf } from "../support/check.ts";
import { loadOriginal } from "../support/originals.ts";
import { download, upload } from "../support/tensors.ts";
import { byTier } from "../support/tier.ts";

const folder = "examples/background-blur";
const path = `${folder}/background-blur.fuse`;
const weights = `${folder}/background-blur.safetensors`;

const program = programOf(readFileSync(path, "utf8"), {}, path);
const { value: plans, diagnostics } = buildPlans(program);
const models: Readonly<Record<string, Model>> = await instantiate(buildFactory(program, plans!), path, model);
/** How often a model runs before what it holds is counted again. */
const runs = byTier({ quick: 40, full: 200 });
const photo = toTensor(await readPicture(`${folder}/astronaut.png`), 3, "0..1");

/** The photograph at the network's input size. */
const resized = (): tf.Tensor4D =>
  tf.tidy(() => tf.image.resizeBilinear(upload(photo) as tf.Tensor4D, [256, 256], false, true));

/** Returns what a backend holds: the bytes of the wasm heap, which only grows, or the handles of native tensors. */
function held(): number {
  const backend = tf.backend() as unknown as { wasm?: { HEAPU8: Uint8Array }; getNumOfTFTensors?: () => number };
  const count = backend.wasm?.HEAPU8.length ?? backend.getNumOfTFTensors?.();
  if (count === undefined) throw new Error("this backend does not say what it holds");
  return count;
}

test("the program has neither errors nor warnings", () => {
  expect(diagnostics).toEqual([]);
});

describe.each(backends())("on $name", ({ name, skipped }) => {
  let x: tf.Tensor4D;
  let want: NdArray;

  beforeAll(async () => {
    if (skipped) return;
    await useBackend(name);
    x = resized();
    const network = await loadOriginal("selfie-segmentation", "selfie");
    const mask = network.predict(x) as tf.Tensor;
    want = download(mask);
    mask.dispose();
    network.dispose();
  });
  afterAll(() => tf.dispose(x));

  test.skipIf(skipped)("the photograph's mask is that of the original network", async () => {
    // By the calls that the original makes: TensorFlow's fused kernels round in other places.
    const selfie = await models["Selfie"]!.load(weights, { prefix: "network", engine: "calls" });
    const { mask } = selfie.run({ x });
    // A person, not a page of zeros.
    expect(tf.tidy(() => mask!.mean().dataSync()[0])).toBeGreaterThan(0.2);
    expect(difference({ ...download(mask!), dtype: "f32" }, want, 1e-4)).toBe(undefined);
    tf.dispose(mask!);
    selfie.dispose();
  });
});

describe.each(backends().filter(({ name }) => name !== "cpu"))("what is left behind on $name", ({ name, skipped }) => {
  let x: tf.Tensor4D;

  beforeAll(async () => {
    if (skipped) return;
    await useBackend(name);
    x = resized();
  });
  afterAll(() => tf.dispose(x));

  test.skipIf(skipped)(`${runs} runs leak nothing`, async () => {
    const selfie = await models["Selfie"]!.load(weights, { prefix: "network" });
    const left: unknown[] = [];
    for (let run = 1; run <= runs; run++) {
      tf.dispose(selfie.run({ x }));
      const { numTensors, numBytes, numDataBuffers } = tf.memory();
      if (run === 5 || run === runs) left.push({ numTensors, numBytes, numDataBuffers, held: held() });
    }
    expect(left[1]).toEqual(left[0]);
    selfie.dispose();
  });

  test.skipIf(skipped)("the model can be loaded and disposed of 50 times", async () => {
    const before = tf.memory();
    for (let i = 0; i < 50; i++) (await models["Selfie"]!.load(weights, { prefix: "network" })).dispose();
    expect(tf.memory()).toEqual(before);
  });
});

describe("the picture", () => {
  beforeAll(() => useBackend("wasm"));

  test.each([
    [64, 64],
    [65, 97],
    [300, 200],
  ])("has the size of the photograph: %i x %i", async (height, width) => {
    const blur = await models["BackgroundBlur"]!.load(weights);
    const input = tf.tidy(() => tf.image.resizeBilinear(upload(photo) as tf.Tensor4D, [height, width]));
    const { picture } = blur.run({ photo: input });
    expect(picture!.shape).toEqual([1, height, width, 3]);
    const [least, greatest] = tf.tidy(() => [picture!.min().dataSync()[0]!, picture!.max().dataSync()[0]!]);
    expect(least).toBeGreaterThanOrEqual(-1e-6);
    expect(greatest).toBeLessThanOrEqual(1 + 1e-6);
    tf.dispose([input, picture!]);
    blur.dispose();
  });

  test("of a photograph that is too small is rejected, with the axis, the value and the line", async () => {
    const blur = await models["BackgroundBlur"]!.load(weights);
    const input = tf.zeros([1, 63, 80, 3]);
    expect(() => blur.run({ photo: input })).toThrowErrorMatchingInlineSnapshot(
      `[GuardError: BackgroundBlur: h >= 64 is required (examples/background-blur/background-blur.fuse:58), but h is 63.]`,
    );
    tf.dispose(input);
    blur.dispose();
  });
});
