/** @file Networks with repetitions, shared layers and computed kernels: PyTorch's weights load by name and give its results. */
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { planOptimized } from "../../src/optimize/planned.ts";
import { plan } from "../../src/plan/plan.ts";
import { seeded } from "../support/arrays.ts";
import { useBackend } from "../support/backends.ts";
import { programOf } from "../support/check.ts";
import { describeCases, graphOf, prepareCase } from "../support/compare.ts";
import { randomShapes } from "../support/shapes.ts";
import { expectGolden, goldenTensors } from "../support/systems.ts";

const folders = ["repeat", "kernels"];

const networks = folders.flatMap((folder) =>
  readdirSync(`test/fixtures/${folder}`).map((file) => {
    const name = file.replace(".fuse", "");
    const text = readFileSync(`test/fixtures/${folder}/${file}`, "utf8");
    return { name, text, graph: graphOf(text), golden: `${folder}/${name}` };
  }),
);

test.each(folders)("every network in %s has a program", (folder) => {
  const stored = readdirSync(`test/golden/${folder}`).map((file) => `${folder}/${file.replace(".safetensors", "")}`);
  expect(networks.flatMap(({ golden }) => (golden.startsWith(folder) ? [golden] : []))).toEqual(stored);
});

describe.each(networks)("$name", ({ text, graph, golden }) => {
  beforeAll(() => useBackend("wasm"));

  test("has neither errors nor warnings, and PyTorch's weights", () => {
    expect(programOf(text).check()).toEqual([]);
    const stored = Object.keys(goldenTensors(golden, "param"));
    expect(graph.weights.map(({ path }) => path).toSorted()).toEqual(stored.toSorted());
  });

  test("gives PyTorch's results", async () => {
    const profile = esmProfile("wasm");
    for (const made of [plan(graph, profile), planOptimized(graph, profile).plan]) await expectGolden(golden, made);
  });
});

describeCases(
  networks.map(({ name, graph }, i) => prepareCase(name, graph, randomShapes(graph.guard, seeded(i), 2, 9), i)),
);
