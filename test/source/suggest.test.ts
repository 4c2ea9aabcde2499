/** @file "Did you mean". */
import { expect, test } from "vitest";
import { nearest } from "../../src/source/suggest.ts";

test.each([
  ["covn", ["conv"], "conv"],
  ["con", ["conv", "cos"], "conv"],
  ["ReLU", ["relu6", "relu"], "relu"],
  ["batchnrom", ["layernorm", "batchnorm"], "batchnorm"],
  ["upsampel", ["upsample"], "upsample"],
  ["dilatoin", ["dilation", "dilution"], "dilation"],
  ["bath", ["batch", "math"], "batch"],
  ["x", ["y", "z"], undefined],
  ["xy", ["yx"], "yx"],
  ["abcd", ["badc"], undefined],
  ["X", ["x"], "x"],
  ["ab", ["cd"], undefined],
  ["", ["a", ""], undefined],
  ["groupnorm", [], undefined],
  ["hardswich", ["hardswish", "hardsigmoid"], "hardswish"],
])("%s of %j is %s", (word, candidates, found) => {
  expect(nearest(word, candidates)).toBe(found);
});

test("long words cost nothing", () => {
  expect(nearest("a".repeat(100_000), ["b", "conv"])).toBeUndefined();
});
