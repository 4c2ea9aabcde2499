/** @file Derived from the records: every example and attribute set of every operator as an ONNX model with symbolic sizes, in ONNX Runtime. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { emitOnnx } from "../src/codegen/onnx/emit.ts";
import { plan } from "../src/plan/plan.ts";
import { onnxProfile } from "../src/plan/profile.ts";
import { difference, seeded } from "./support/arrays.ts";
import { prepareCase } from "./support/compare.ts";
import { runSession } from "./support/onnx.ts";
import { graphOfSet, records, setsOf } from "./support/operator-cases.ts";
import { info } from "./support/run.ts";
import { manyShapes } from "./support/shapes.ts";

/** What ONNX cannot express, by the code of the example, with the reason. */
const unsupported: Readonly<Record<string, string>> = {};

/** At how many shapes each is run. */
const runs = 4;

const sets = [...records.values()].flatMap((op) => setsOf(op).map((set) => ({ op: op.name, ...set })));

test("the guide lists what ONNX cannot express", () => {
  const guide = readFileSync("docs/guide/onnx.md", "utf8");
  const [, section = ""] = /^## What is not expressed\n(.*?)(?=^## |\Z)/ms.exec(guide) ?? [];
  const listed = [...section.matchAll(/^- `(.+?)`: (.+)$/gm)].map(([, code, reason]) => [code, reason]);
  expect(listed).toEqual(Object.entries(unsupported));
});

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
    const results = await runSession(
      emission.files[0]!.bytes,
      samples.map(({ inputs }) => inputs),
    );
    // Of the same name as an input, a result has a number behind it: they are known by their order.
    samples.forEach(({ want, sizes }, run) => {
      const got = Object.values(results[run]!);
      Object.entries(want).forEach(([name, array], i) =>
        expect(difference(got[i]!, array, 1e-4), `${name} at ${JSON.stringify(sizes)}`).toBe(undefined),
      );
    });
  });
});
