/** @file Plans for browsers: few axes in every call, and nothing that webgl or webgpu computes wrongly. */
import { describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { backendNames } from "../../src/contract/backends.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { plan } from "../../src/plan/plan.ts";
import { difference, seeded } from "../support/arrays.ts";
import { graphOf, prepareCase } from "../support/compare.ts";
import { faultsOf } from "../support/faults.ts";
import { primitivesOf } from "../support/plan-text.ts";
import { randomShapes } from "../support/shapes.ts";

const model = (inputs: string, result: string, body: string): string =>
  `fuse 1\nmodel M(${inputs}) -> (y: ${result}) {\n  return ${body}\n}\n`;

const all = "[a, b, c, d, e, f]";

/** Where neighbouring axes differ so often that no four can be made of them. */
const programs = {
  "a product that spreads axes in turn": model(`x: ${all}, y: [a, c, e]`, all, "x * y"),
  "a choice that spreads axes in turn": model(`m: bool[b, d, f], x: ${all}, y: [a, c, e]`, all, "where(m, x, y)"),
  "an expansion": model(`x: [a, c, e], y: ${all}`, all, "expand(x, like: y)"),
  "a sum over axes in turn": model(`x: ${all}`, "[a, c, e]", "sum(x, axis: [b, d, f])"),
  "a mean over axes in turn": model(`x: ${all}`, "[b, d, f]", "mean(x, axis: [a, c, e])"),
  "the largest integer": model(`x: i32${all}`, "i32[b, d, f]", "max(x, axis: [a, c, e])"),
  "the place of the largest": model(`x: ${all}`, "i32[a, b, d, e, f]", "argmax(x, axis: c)"),
  "the place of the smallest integer": model("x: i32[a]", "i32[]", "argmin(x, axis: a)"),
  "a flip of axes in turn": model(`x: ${all}`, all, "flip(x, axis: [a, c, e])"),
  "margins of axes in turn": model(
    `x: ${all}`,
    "[a, b: b + 1, c, d: d + 2, e, f: f + 1]",
    "pad(x, b: [1, 0], d: 1, f: [0, 1])",
  ),
  "margins of all axes": model(
    `x: ${all}`,
    "[a: a + 1, b: b + 1, c: c + 1, d: d + 1, e: e + 1, f: f + 1]",
    "pad(x, a: [0, 1], b: [1, 0], c: [0, 1], d: [1, 0], e: [0, 1], f: [1, 0], value: 7)",
  ),
  "slices of axes in turn": model(
    "x: [a: a + 1, b, c: c + 1, d, e: e + 2, f]",
    "[a, b, c, d, e, f]",
    "slice(x, a: [1, a + 1], c: [0, c], e: [1, e + 1])",
  ),
  "a transpose": model(`x: ${all}`, "[f, e, d, c, b, a]", "x"),
  "a transpose of eight axes": model("x: [a, b, c, d, e, f, g, h]", "[h, g, f, e, d, c, b, a]", "x"),
  "a transpose of integers": model(`x: i32${all}`, "i32[a, c, b, f, e, d]", "x + 1"),
  "a transpose of integers between others": model(`x: i32${all}`, "i32[a, d, c, b, e, f]", "x + 1"),
  "a transpose of truth values": model("x: bool[a, b, c]", "bool[a, c, b]", "x"),
  "a running sum": model(`x: ${all}`, all, "cumsum(x, axis: c)"),
  "a running sum of integers": model("x: i32[a, b, c]", "i32[a, b, c]", "cumsum(x, axis: b)"),
  "a logarithm": model(`x: ${all}`, all, "log1p(x)"),
};

describe.each(["webgl", "webgpu", undefined] as const)("for %s", (backend) => {
  const profile = esmProfile(backend);

  test.each(Object.entries(programs))("%s", (_, text) => {
    const graph = graphOf(text);
    const it = prepareCase("", graph, randomShapes(graph.guard, seeded(1), 4, 3));
    const planned = plan(graph, profile);
    for (const { inputs, want } of it.samples) {
      const { y } = evaluatePlan(planned, inputs, (path) => it.weights[path]!);
      expect(difference(y!, want["y"]!, 1e-9)).toBe(undefined);
    }
    if (backend !== "webgl") expect(faultsOf(planned)).toEqual([]);
  });
});

test("axes that stay neighbours are one, at no cost", () => {
  const text = model("x: [n, a, b, c, d, e]", "[n, d, e, a, b, c]", "relu(x)");
  expect(primitivesOf(plan(graphOf(text), esmProfile())).filter((name) => name !== "reshape")).toEqual([
    "unary",
    "transpose",
  ]);
});

test("a module for one engine of Node stays as it was", () => {
  for (const backend of backendNames.filter((name) => esmProfile(name).faults?.size === 0)) {
    const planned = plan(graphOf(programs["a product that spreads axes in turn"]), esmProfile(backend));
    const product = planned.steps.find(({ value }) => value.primitive.name === "binary")!.value;
    expect(product.shape).toHaveLength(6);
  }
});
