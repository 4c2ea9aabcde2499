/** @file Derived from the records: every example and attribute set of every operator as an ONNX model with symbolic sizes, in ONNX Runtime. */
import { describe, expect, test } from "vitest";
import { emitOnnx } from "../src/codegen/onnx/emit.ts";
import { readOnnx } from "../src/codegen/onnx/read.ts";
import { runOnnx } from "../src/node/onnx-engine.ts";
import { plan } from "../src/plan/plan.ts";
import { onnxProfile } from "../src/plan/profile.ts";
import { difference, seeded } from "./support/arrays.ts";
import { prepareCase } from "./support/compare.ts";
import { graphOfSet, records, setsOf } from "./support/operator-cases.ts";
import { info } from "./support/run.ts";
import { manyShapes } from "./support/shapes.ts";

/** What ONNX cannot express, by the code of the example, with the reason. */
const unsupported: Readonly<Record<string, string>> = {};

/** At how many shapes each is run. */
const runs = 4;

const sets = [...records.values()].flatMap((op) => setsOf(op).map((set) => ({ op: op.name, ...set })));

describe.each([...records.keys()])("%s", (name) => {
  test.each(sets.filter(({ op }) => op === name))("$code of $inputs", async (set) => {
    const graph = graphOfSet(set);
    const seed = sets.indexOf(set) + 1;
    const { weights, samples } = prepareCase(
      set.code,
      graph,
      manyShapes(graph.guard, seeded(seed), runs),
      seed,
      set.values,
    );
    const emission = emitOnnx([{ plan: plan(graph, onnxProfile), load: (path) => weights[path]! }], info);
    if (!("files" in emission)) {
      const reasons = "unsupported" in emission ? emission.unsupported.map(({ reason }) => reason).join("; ") : "";
      expect(reasons).toBe(unsupported[set.code]);
      return;
    }
    expect(unsupported[set.code]).toBe(undefined);
    const { bytes } = emission.files[0]!;
    const results = readOnnx(bytes).info.results.map((result) => result.name);
    for (const { inputs, want, sizes } of samples) {
      const got = await runOnnx(bytes, inputs, results);
      for (const [name, array] of Object.entries(want))
        expect(difference(got[name]!, array, 1e-4), `${name} at ${JSON.stringify(sizes)}`).toBe(undefined);
    }
  });
});
