/** @file Derived from the records: every example of every operator is checked, interpreted, compiled and run at random admissible sizes. */
import { describe, expect, test } from "vitest";
import type { Attribute } from "../src/ir/attribute.ts";
import { axisNames, printType } from "../src/ir/type.ts";
import { operators, symbols } from "../src/ops/table.ts";
import { describeCases, graphOf, prepareCase, randomShapes } from "./support/compare.ts";
import { programOf } from "./support/check.ts";
import { seeded } from "./support/arrays.ts";
import { resultNames } from "./support/operators.ts";

const records = [
  ...new Map([...Object.values(operators), ...Object.values(symbols)].map((op) => [op.name, op])).values(),
];

/** A model that returns an example; the types of its results are those that the checker finds for the block. */
function modelOf(code: string, inputs: string): { text: string; types: readonly string[] } {
  const results = resultNames(code);
  const body = `{ ${results.join(", ")} = ${code.includes("|>") ? `(${code})` : code} return ${results.join(", ")} }`;
  const block = programOf(`fuse 1\nblock Probe(${inputs}) ${body}`);
  const errors = block.check().filter(({ severity }) => severity === "error");
  expect(errors.map(({ message }) => message)).toEqual([]);
  const [world] = block.worlds(block.main.blocks.get("Probe")!);
  const types = world!.results!.map((type) => printType(block.context.sizes, type!));
  const declared = results.map((name, i) => `${name}: ${types[i]}`).join(", ");
  return {
    text: `fuse 1\nmodel Probe(${inputs}) -> (${declared}) ${body.replaceAll(/\b(first|second|result)\b/g, "$1_")}`,
    types,
  };
}

const examples = records.flatMap((op) => op.examples.map(({ code, inputs }) => ({ op: op.name, code, inputs })));

describe("every operator", () => {
  test.each(records.map((op) => [op.name, op] as const))("%s is documented, with examples", (_, op) => {
    expect(op.doc).toMatch(/^[A-Z0-9`].*[.!?]/);
    expect(op.examples.length).toBeGreaterThan(0);
    for (const [name, { doc }] of Object.entries<Attribute>(op.attributes)) expect(doc, name).not.toBe("");
  });
});

const cases = examples.map(({ code, inputs }, i) => {
  const { text } = modelOf(code, inputs);
  const graph = graphOf(text);
  return prepareCase(`${code} of ${inputs}`, graph, randomShapes(graph.guard, seeded(i + 1), 6), i + 1);
});

test.each(cases)("$name has the type that was inferred", ({ graph, samples }) => {
  for (const { want } of samples)
    for (const { name, order, value } of graph.results) {
      expect(axisNames(value.type).sort()).toEqual([...order].sort());
      expect(want[name]!.dtype).toBe(value.type.dtype);
      expect(want[name]!.shape).toHaveLength(order.length);
    }
});

describeCases(cases);
