/** @file The experiment with 45 variants: each has costs, and each matches the interpreter on every backend. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { variantsOf } from "../../src/cli/summary/variants.ts";
import { seeded } from "../support/arrays.ts";
import { programOf } from "../support/check.ts";
import { describeCases, graphOf, prepareCase } from "../support/compare.ts";
import { randomShapes } from "../support/shapes.ts";

const text = readFileSync("examples/which-fusion/which-fusion.fuse", "utf8");
const program = programOf(text);
const [model] = program.models;
const at = { n: 1, h: 64, w: 64, a: 32, b: 32 };

test("there are 45 variants, all possible, without warnings", () => {
  expect(program.check()).toEqual([]);
  const variants = variantsOf(program, model!, {}, at);
  expect(variants).toHaveLength(45);
  expect(variants.filter(({ refused }) => refused !== undefined)).toEqual([]);
});

test("self-attention shows its quadratic cost", () => {
  const live = (attend: string, side: number) => {
    const [variant] = variantsOf(program, model!, { by: "add", reduce: "none", attend }, { ...at, h: side, w: side });
    return variant!.memory!.peak;
  };
  expect(live("self", 128) / live("self", 64)).toBeGreaterThan(15);
  expect(live("se", 128) / live("se", 64)).toBeCloseTo(4, 1);
});

test("a variant made impossible by settings is marked with the reason", () => {
  const variants = variantsOf(program, model!, { c: "24", by: "add", reduce: "none" }, at);
  expect(variants.map(({ variant, refused }) => [variant["attend"], refused])).toMatchInlineSnapshot(`
    [
      [
        "none",
        undefined,
      ],
      [
        "se",
        "impossible: \`c / r\` needs r to divide c, but 16 does not divide 24",
      ],
      [
        "cbam",
        "impossible: \`c / r\` needs r to divide c, but 16 does not divide 24",
      ],
      [
        "bam",
        "impossible: \`c / r\` needs r to divide c, but 16 does not divide 24",
      ],
      [
        "self",
        undefined,
      ],
    ]
  `);
});

const cases = variantsOf(program, model!, { c: "16" }, at).map(({ variant }, i) => {
  const graph = graphOf(text, { ...variant, c: "16" });
  const name = Object.values(variant).join(", ");
  return prepareCase(name, graph, randomShapes(graph.guard, seeded(i), 2, 4), i);
});

describeCases(cases);
