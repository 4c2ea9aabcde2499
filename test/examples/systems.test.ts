/** @file The systems of examples/systems: PyTorch's weights load unchanged and give its results on every backend. */
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { planOptimized } from "../../src/optimize/planned.ts";
import { plan } from "../../src/plan/plan.ts";
import { seeded } from "../support/arrays.ts";
import { backends, useBackend } from "../support/backends.ts";
import { programOf } from "../support/check.ts";
import { describeCases, graphOf, prepareCase } from "../support/compare.ts";
import { randomShapes } from "../support/shapes.ts";
import { expectGolden, goldenTensors, systemPath, systems, systemText } from "../support/systems.ts";

const built = systems.map((system) => ({ ...system, graph: graphOf(systemText(system.file), system.settings) }));

test("every program in the folder is a system with golden tensors, and the README lists it", () => {
  const programs = readdirSync("examples/systems").filter((name) => name.endsWith(".fuse"));
  expect(systems.map(({ file }) => `${file}.fuse`).toSorted()).toEqual(programs.toSorted());
  const listed = readFileSync("examples/systems/README.md", "utf8").matchAll(/^\| \[([\w-]+)\]\((.+?)\)/gm);
  expect([...listed].map(([, file, link]) => [file, link])).toEqual(systems.map(({ file }) => [file, `${file}.fuse`]));
});

describe.each(built)("$file", ({ file, name, graph }) => {
  test("has neither errors nor warnings", () => {
    expect(programOf(systemText(file), {}, systemPath(file)).check()).toEqual([]);
  });

  test("has PyTorch's name, inputs, weights and outputs", () => {
    expect(graph.name).toBe(name);
    expect(graph.inputs.map((input) => input.name)).toEqual(Object.keys(goldenTensors(file, "in")));
    expect(graph.results.map((result) => result.name)).toEqual(Object.keys(goldenTensors(file, "out")));
    const stored = Object.keys(goldenTensors(file, "param")).filter((path) => !path.endsWith("num_batches_tracked"));
    expect(graph.weights.map(({ path }) => path).toSorted()).toEqual(stored.toSorted());
  });
});

describe.each(backends())("PyTorch's outputs on $name", ({ name: backend, skipped }) => {
  beforeAll(() => (skipped ? undefined : useBackend(backend)));

  test.skipIf(skipped).each(built)("$file", async ({ file, graph }) => {
    await expectGolden(file, plan(graph, esmProfile()));
    await expectGolden(file, planOptimized(graph, esmProfile(backend)).plan);
  });
});

describeCases(
  built.map(({ file, graph }, i) => prepareCase(file, graph, randomShapes(graph.guard, seeded(i), 2, 9), i)),
);
