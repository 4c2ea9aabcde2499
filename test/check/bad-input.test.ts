/** @file Bad inputs and weights for the systems: each error names the axis, the value and the line. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import { buildPlans } from "../../src/compile.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { DataError, type LoadedModel } from "../../src/runtime/node/index.ts";
import { seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { programOf } from "../support/check.ts";
import { modelOf, randomWeights } from "../support/run.ts";
import { goldenBytes, goldenTensors, systemPath, systems, systemText } from "../support/systems.ts";
import { upload } from "../support/tensors.ts";

type Settings = Readonly<Record<string, string>>;

const settingsOf = (file: string): Settings => systems.find((system) => system.file === file)!.settings;

function build(file: string, settings: Settings = settingsOf(file)) {
  return buildPlans(programOf(systemText(file), {}, systemPath(file)), { settings });
}

function planOf(file: string, settings?: Settings): Plan {
  const { value, diagnostics } = build(file, settings);
  if (value === undefined) throw new Error(diagnostics.map(({ message }) => message).join("\n"));
  return value[0]!;
}

/** Loads a system with random weights. */
async function loaded(file: string, settings?: Settings): Promise<LoadedModel> {
  const plan = planOf(file, settings);
  return (await modelOf(plan)).load(randomWeights(plan, seeded(1)));
}

/** Returns the message and details of a data error. Any other error fails the test. */
async function refusal(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof DataError) return [error.message, ...error.details].join("\n");
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Returns what a loaded system says about inputs of these shapes. Nothing may leak. */
async function refusedInputs(
  file: string,
  shapes: Readonly<Record<string, readonly number[]>>,
  settings?: Settings,
): Promise<string> {
  const model = await loaded(file, settings);
  const before = tf.memory().numTensors;
  const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, tf.zeros([...shape])]));
  const message = await refusal(() => model.run(inputs));
  tf.dispose(inputs);
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
  return message;
}

beforeAll(() => useBackend("cpu"));

describe("a weight file for other sizes", () => {
  const loading = (file: string, settings: Settings) => async () =>
    (await modelOf(planOf(file, settings))).load(goldenBytes(file), { prefix: "param" });

  test("another number of channels", async () => {
    expect(await refusal(loading("se", { c: "64", r: "4" }))).toMatchInlineSnapshot(`
      "weights do not match SE
      wrong shape (4):
        fc1.weight from "param.fc1.weight" is [8, 32], expected [c: 16, c': 64], at examples/systems/se.fuse:5
        fc1.bias from "param.fc1.bias" is [8], expected [c: 16], at examples/systems/se.fuse:5
        fc2.weight from "param.fc2.weight" is [32, 8], expected [c: 64, c': 16], at examples/systems/se.fuse:5
        fc2.bias from "param.fc2.bias" is [32], expected [c: 64], at examples/systems/se.fuse:5"
    `);
  });

  test("another kernel", async () => {
    expect(await refusal(loading("cbam", { c: "32", r: "4", kernel: "3" }))).toMatchInlineSnapshot(`
      "weights do not match CBAM
      wrong shape (1):
        spatial.weight from "param.spatial.weight" is [1, 2, 7, 7], expected [c: 1, c': 2, h: 3, w: 3], at examples/systems/cbam.fuse:11"
    `);
  });

  test("another size of the map", async () => {
    const settings = { c: "6", h: "4", w: "4", width: "3" };
    expect(await refusal(loading("flatten-linear-reduce", settings))).toMatchInlineSnapshot(`
      "weights do not match FlattenLinearReduce
      wrong shape (2):
        fc.weight from "param.fc.weight" is [60, 120], expected [c: 3, h: 4, w: 4, c': 6, h': 4, w': 4], at examples/systems/flatten-linear-reduce.fuse:11
        fc.bias from "param.fc.bias" is [60], expected [c: 3, h: 4, w: 4], at examples/systems/flatten-linear-reduce.fuse:11"
    `);
  });

  test("the file of another system", async () => {
    const se = async () => (await modelOf(planOf("cbam"))).load(goldenBytes("se"), { prefix: "param" });
    expect(await refusal(se)).toMatchInlineSnapshot(`
      "weights do not match CBAM
      missing (1):
        spatial.weight [c: 1, c': 2, h: 7, w: 7], at examples/systems/cbam.fuse:11"
    `);
  });
});

describe("an input of a size that the guard rejects", () => {
  test("another number of channels", async () => {
    expect(await refusedInputs("se", { x: [2, 16, 8, 10] })).toMatchInlineSnapshot(
      `"SE: x.c must be 32 (declared "c", examples/systems/se.fuse:4), got 16."`,
    );
  });

  test("the axes of channels last", async () => {
    expect(await refusedInputs("gap-head", { x: [2, 8, 8, 32] })).toMatchInlineSnapshot(
      `"GapHead: x.c must be 32 (declared "c", examples/systems/gap-head.fuse:4), got 8."`,
    );
  });

  test("another size than the setting", async () => {
    expect(await refusedInputs("flatten-linear-reduce", { x: [2, 6, 4, 5] })).toMatchInlineSnapshot(`
      "FlattenLinearReduce: x.h must be 5 (declared "h", examples/systems/flatten-linear-reduce.fuse:5), got 4.
      FlattenLinearReduce: x.w must be 4 (declared "w", examples/systems/flatten-linear-reduce.fuse:5), got 5."
    `);
  });

  test("two maps, each with its own batch and channels", async () => {
    expect(await refusedInputs("add-fuse", { h: [2, 32, 16, 16], l: [1, 16, 8, 8] })).toMatchInlineSnapshot(`
      "AddFuse: l.n is 1, but h.n is 2 (declared "n", examples/systems/add-fuse.fuse:5).
      AddFuse: l.c is 16, but h.c is 32 (declared "c", examples/systems/add-fuse.fuse:5)."
    `);
  });

  test("another rank", async () => {
    expect(await refusedInputs("cbam", { x: [32, 8, 8] })).toMatchInlineSnapshot(
      `"CBAM: x must have 4 axes (declared [n, c, h, w], examples/systems/cbam.fuse:4), got 3: [32, 8, 8]."`,
    );
  });

  test("an input is missing, another is unknown", async () => {
    expect(await refusedInputs("mul-fuse", { h: [1, 2, 4, 4], low: [1, 2, 4, 4] })).toMatchInlineSnapshot(`
      "MulFuse: l is missing (declared [n, c, h: a, w: b], examples/systems/mul-fuse.fuse:5).
      MulFuse: there is no input "low"; the inputs are h, l."
    `);
  });

  test("a picture smaller than a kernel", async () => {
    const text = `fuse 1

model Edges(x: [n, c: 1, h, w]) -> (y: [n, c: 1, h: h - 4, w: w - 4]) {
  return x |> conv(c: 1, kernel: 5, pad: 0) @conv
}
`;
    const [plan] = buildPlans(programOf(text, {}, "edges.fuse")).value!;
    const model = await (await modelOf(plan!)).load(randomWeights(plan!, seeded(1)));
    const x = tf.zeros([1, 1, 4, 9]);
    expect(await refusal(() => model.run({ x }))).toMatchInlineSnapshot(
      `"Edges: h >= 5 is required (edges.fuse:4), but h is 4."`,
    );
    x.dispose();
    model.dispose();
  });
});

describe("an empty batch", () => {
  test.each(systems)("$file rejects it", async ({ file, name }) => {
    const inputs = Object.entries(goldenTensors(file, "in"));
    const empty = inputs.map(([input, { shape }]) => [input, [0, ...shape.slice(1)]] as const);
    const message = await refusedInputs(file, Object.fromEntries(empty));
    expect(message).toMatch(
      new RegExp(`^${name}: ${inputs[0]![0]}\\.n must be at least 1 \\(declared "n", .*\\.fuse:\\d+\\), got 0\\.`),
    );
  });

  test("with its message", async () => {
    expect(await refusedInputs("se", { x: [0, 32, 8, 10] })).toMatchInlineSnapshot(
      `"SE: x.n must be at least 1 (declared "n", examples/systems/se.fuse:4), got 0."`,
    );
    expect(await refusedInputs("add-fuse", { h: [0, 32, 16, 16], l: [2, 32, 0, 8] })).toMatchInlineSnapshot(`
      "AddFuse: h.n must be at least 1 (declared "n", examples/systems/add-fuse.fuse:5), got 0.
      AddFuse: l.h must be at least 1 (declared "h: a", examples/systems/add-fuse.fuse:5), got 0."
    `);
  });
});

describe.each(backends())("NaN in an input on $name", ({ name, skipped }) => {
  beforeAll(() => (skipped ? undefined : useBackend(name)));

  test.skipIf(skipped).each(systems)("$file runs, and its results have their shapes", async ({ file }) => {
    const model = await loaded(file);
    const inputs = Object.entries(goldenTensors(file, "in")).map(([input, array]) => {
      const data = Float64Array.from(array.data);
      data[0] = NaN;
      data[data.length - 1] = Infinity;
      return [input, upload({ ...array, data })] as const;
    });
    const results = model.run(Object.fromEntries(inputs));
    for (const [output, { shape }] of Object.entries(goldenTensors(file, "out"))) {
      expect(results[output]!.shape).toEqual(shape);
      expect(results[output]!.dataSync()).toHaveLength(results[output]!.size);
    }
    tf.dispose([inputs.map(([, tensor]) => tensor), results]);
    model.dispose();
  });

  test.skipIf(skipped)("a sum with NaN is NaN there, and nowhere else", async () => {
    const model = await loaded("add-fuse");
    const h = tf.tensor([NaN, 1, 2, 3], [1, 1, 2, 2]);
    const l = tf.ones([1, 1, 1, 1]);
    const { y } = model.run({ h, l });
    expect([...y!.dataSync()]).toEqual([NaN, 2, 3, 4]);
    tf.dispose([h, l, y!]);
    model.dispose();
  });
});
