/** @file Every example in every graph format, in every variant that can be built, equals the float64 interpreter. */
import { readFileSync } from "node:fs";
import { describe, test } from "vitest";
import { variantsOf } from "../../src/cli/summary/variants.ts";
import { manifestOf } from "../../src/plan/manifest.ts";
import { matchWeights } from "../../src/weights/match.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { seeded } from "../support/arrays.ts";
import { programOf } from "../support/check.ts";
import { graphOf, prepareCase } from "../support/compare.ts";
import { describeTensorFlow, expectOnnx, lazily, type LazyCase } from "../support/formats.ts";
import { manyShapes, type Shapes } from "../support/shapes.ts";
import { systems, systemText } from "../support/systems.ts";
import { byTier } from "../support/tier.ts";

/** A trained network. After this many layers, float32 and float64 differ by more than 1e-4 with random weights. */
interface Trained {
  readonly model: string;
  readonly weights: string;
  readonly prefix: string;
  readonly shapes: Shapes;
}

/** Pixel values, as all networks here take them. */
const brightness = Array.from({ length: 256 }, (_, i) => i / 255);

/** Prepares a case at a few shapes that the guard accepts, with random weights unless it is a trained network. */
function example(name: string, text: string, settings: Readonly<Record<string, string>>, trained?: Trained): LazyCase {
  return lazily(name, () => {
    const graph = graphOf(text, settings, trained?.model);
    if (trained === undefined) return prepareCase(name, graph, manyShapes(graph.guard, seeded(1), 3));
    const stored = readSafetensors(readFileSync(`examples/${trained.weights}`));
    const { tensors } = matchWeights(manifestOf(graph), stored, { prefix: trained.prefix });
    const weights = Object.fromEntries([...tensors].map(([path, load]) => [path, load()]));
    return prepareCase(name, graph, [trained.shapes], 1, brightness, weights);
  });
}

const read = (path: string) => readFileSync(`examples/${path}`, "utf8");
const fusion = read("which-fusion/which-fusion.fuse");
const program = programOf(fusion);
const settings = { c: "16" };
const fusions = variantsOf(program, program.models[0]!, settings, { n: 1, h: 8, w: 8, a: 4, b: 4 }).map(
  ({ variant }) => {
    const name = Object.entries(variant).map(([name, value]) => `${name}: ${value}`);
    return example(`which-fusion, ${name.join(", ")}`, fusion, { ...variant, ...settings });
  },
);

const emotion = { program: "emotion/emotion.fuse", weights: "emotion/emotion.safetensors", prefix: "" };
const blur = {
  program: "background-blur/background-blur.fuse",
  weights: "background-blur/background-blur.safetensors",
};
const trained = [
  { ...emotion, model: "Emotion", shapes: { face: [byTier({ quick: 1, full: 2 }), 64, 64, 1] } },
  { ...emotion, model: "Portrait", shapes: { photo: [1, 207, 320, 3] } },
  { ...blur, model: "Selfie", prefix: "network", shapes: { x: [1, 256, 256, 3] } },
  { ...blur, model: "BackgroundBlur", prefix: "", shapes: { photo: [1, 67, 64, 3] } },
];

const cases: readonly LazyCase[] = [
  ...systems.map(({ file, settings }) => example(file, systemText(file), settings)),
  ...fusions,
  ...trained.map((it) => example(it.model, read(it.program), {}, it)),
];

describeTensorFlow(cases, {});

describe("in ONNX Runtime", () => {
  test.each(cases)("$name", ({ name, get }) => expectOnnx(name, get(), {}));
});
