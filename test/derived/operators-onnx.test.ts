/** @file Derived from the records: every operator example and attribute set in ONNX Runtime, with symbolic sizes. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { seeded } from "../support/arrays.ts";
import { prepareCase } from "../support/compare.ts";
import { expectOnnx } from "../support/formats.ts";
import { graphOfSet, records, setsOf } from "../support/operator-cases.ts";
import { manyShapes } from "../support/shapes.ts";
import { byTier } from "../support/tier.ts";

/** What ONNX cannot express, by the code of the example, with the reason. */
const unsupported: Readonly<Record<string, string>> = {};

/** The number of shapes that each case runs at. */
const runs = byTier({ quick: 2, full: 4 });

const sets = [...records.values()].flatMap((op) => setsOf(op).map((set) => ({ op: op.name, ...set })));

test("the guide lists what ONNX cannot express", () => {
  const guide = readFileSync("docs/guide/onnx.md", "utf8");
  const [, section] = /^## Limitations\n(.*?)(?=^## |(?![^]))/ms.exec(guide) ?? [];
  expect(section).toMatch(Object.keys(unsupported).length === 0 ? /can express every operator/ : /^- `/m);
  const listed = [...section!.matchAll(/^- `(.+?)`: (.+)$/gm)].map(([, code, reason]) => [code, reason]);
  expect(listed).toEqual(Object.entries(unsupported));
});

describe.each([...records.keys()])("%s", (name) => {
  test.each(sets.filter(({ op }) => op === name))("$code of $inputs", async (set) => {
    const graph = graphOfSet(set);
    const seed = sets.indexOf(set) + 1;
    const shapes = manyShapes(graph.guard, seeded(seed), runs);
    await expectOnnx(set.code, prepareCase(set.code, graph, shapes, seed, set.values), unsupported);
  });
});
