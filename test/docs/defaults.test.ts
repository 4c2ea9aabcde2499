/** @file The defaults of the operators are PyTorch's, or differ for a reason that docs/operators/defaults.md gives. */
import { expect, test } from "vitest";
import { comparisons, counterparts } from "../../scripts/reference/defaults.ts";
import { operators } from "../../src/ops/table.ts";

const all = comparisons();

test("every operator is compared", () => {
  expect(Object.keys(operators).toSorted()).toEqual(Object.keys(counterparts).toSorted());
});

test("every difference has a reason", () => {
  const unexplained = all.filter(({ agree, reason }) => !agree && reason === undefined);
  expect(unexplained.map(({ operator, name, ours, theirs }) => [operator, name, ours, theirs])).toEqual([]);
});

test.each(Object.entries(counterparts))("every reason of %s belongs to a difference", (operator, { reasons = {} }) => {
  const differing = all.filter((row) => row.operator === operator && !row.agree).map(({ name }) => name);
  expect(Object.keys(reasons).filter((name) => !differing.includes(name))).toEqual([]);
});

test("the norms begin as PyTorch's", () => {
  const eps = all.filter(({ name }) => name === "eps").map(({ operator, ours, theirs }) => [operator, ours, theirs]);
  expect(eps).toEqual([
    ["batchnorm", "0.00001", "0.00001"],
    ["groupnorm", "0.00001", "0.00001"],
    ["instancenorm", "0.00001", "0.00001"],
    ["layernorm", "0.00001", "0.00001"],
    ["normalize", "1e-12", "1e-12"],
    ["rmsnorm", "1.1920929e-7", "none"],
  ]);
});
