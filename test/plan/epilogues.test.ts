/** @file Which scales, biases and activations are fused into the convolution or matrix product before them. */
import { describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import type { Value } from "../../src/ir/graph.ts";
import { elu, relu, relu6, sigmoid, tanh } from "../../src/ops/activation.ts";
import { conv } from "../../src/ops/conv.ts";
import { dot } from "../../src/ops/dot.ts";
import { add, div, mul } from "../../src/ops/elementwise.ts";
import { linear } from "../../src/ops/linear.ts";
import { batchnorm } from "../../src/ops/normalise.ts";
import { plan } from "../../src/plan/plan.ts";
import type { Profile } from "../../src/plan/profile.ts";
import { ModelBuilder } from "../support/model.ts";
import { planText } from "../support/plan-text.ts";

const profile = esmProfile();
const NHWC = ["n", "h", "w", "c"];

/** Returns the lines of a plan for what `make` builds from an image with three channels. */
function linesOf(make: (m: ModelBuilder, x: Value) => Value, used: Profile = profile): string[] {
  const m = new ModelBuilder();
  const y = make(m, m.input("x", ["n", "h", "w", "c: 3"]));
  return planText(plan(m.graph({ y: [y, NHWC] }), used))
    .split("\n")
    .slice(0, -1);
}

const convolved = (m: ModelBuilder, x: Value, attributes = {}) =>
  m.apply(conv, [x], { c: 3, ...attributes }, { path: "a" });

describe("an activation", () => {
  test.each([relu, relu6, sigmoid])("$name is fused", (activation) => {
    expect(linesOf((m, x) => m.apply(activation, [convolved(m, x)]))).toEqual([
      `${activation.name}.0 = conv2d(x, a.weight.T, a.bias) [n, h, w, 3] ${activation.name}`,
    ]);
  });

  test("elu is fused, into a depthwise convolution too", () => {
    const [line] = linesOf((m, x) => m.apply(elu, [convolved(m, x, { kernel: 3, groups: 3 })]));
    expect(line).toBe("elu.0 = depthwise_conv2d(x, a.weight.T[3,3,3,1], a.bias) [n, h, w, 3] elu");
  });

  test("one that cannot be fused is not", () => {
    expect(linesOf((m, x) => m.apply(tanh, [convolved(m, x)]))).toHaveLength(2);
  });

  test("not for a profile that cannot fuse it", () => {
    const plain = { ...profile, epilogues: new Set(["bias"] as const) };
    expect(linesOf((m, x) => m.apply(relu, [convolved(m, x)]), plain)).toHaveLength(2);
  });

  test("not if the convolution is used elsewhere", () => {
    const lines = linesOf((m, x) => {
      const a = convolved(m, x);
      return m.apply(mul, [a, m.apply(sigmoid, [a])]);
    });
    expect(lines).toHaveLength(3);
  });

  test("not if it is used elsewhere in another shape", () => {
    const m = new ModelBuilder();
    const a = m.apply(conv, [m.input("x", ["n", "t", "c: 3"])], { c: 4, axis: "t" }, { path: "a" });
    // The rows of the linear map are another reshape of the convolution.
    const [y, z] = [m.apply(relu, [a]), m.apply(linear, [a], { keyed: { c: 2 } }, { path: "b" })];
    const order = ["n", "t", "c"];
    const made = plan(m.graph({ y: [y, order], z: [z, order] }), profile);
    expect(made.steps.filter(({ value }) => value.primitive.name === "conv2d")).toHaveLength(1);
  });

  test("only the first of two", () => {
    expect(linesOf((m, x) => m.apply(sigmoid, [m.apply(relu, [convolved(m, x)])]))).toEqual([
      "relu.0 = conv2d(x, a.weight.T, a.bias) [n, h, w, 3] relu",
      "sigmoid.1 = sigmoid(relu.0) [n, h, w, 3]; frees relu.0",
    ]);
  });

  test("through a reshape: a convolution of one axis, a linear map of rows", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "t", "c: 3"]);
    const a = m.apply(relu, [m.apply(conv, [x], { c: 4, kernel: 3, axis: "t" }, { path: "a" })]);
    const b = m.apply(sigmoid, [m.apply(linear, [a], { keyed: { c: 2 } }, { path: "b" })]);
    expect(planText(plan(m.graph({ y: [b, ["n", "t", "c"]] }), profile))).toMatchInlineSnapshot(`
      "reshape.0 = reshape(x) [n, 1, t, 3]
      conv2d.1 = conv2d(reshape.0, a.weight.T[1,3,3,4], a.bias) [n, 1, t, 4] relu; frees reshape.0
      reshape.2 = reshape(conv2d.1) [n*t, 4]; frees conv2d.1
      matmul.3 = matmul(reshape.2, b.weight.T, b.bias) [n*t, 2] sigmoid; frees reshape.2
      sigmoid.4 = reshape(matmul.3) [n, t, 2]; frees matmul.3
      return { y: sigmoid.4 }"
    `);
  });
});

describe("a bias", () => {
  test("written by hand is fused, and then the activation", () => {
    const lines = linesOf((m, x) => {
      const sum = m.apply(add, [m.weight("b", { c: 3 }), convolved(m, x, { bias: false })]);
      return m.apply(relu, [sum]);
    });
    expect(lines).toEqual(["relu.0 = conv2d(x, a.weight.T, b) [n, h, w, 3] relu"]);
  });

  test("is added to an existing one when the weights are loaded", () => {
    expect(linesOf((m, x) => m.apply(add, [convolved(m, x), m.weight("b", { c: 3 })]))).toEqual([
      "add.0 = conv2d(x, a.weight.T, add(a.bias, b)) [n, h, w, 3]",
    ]);
  });

  test("is not fused unless it is a vector over the channels, or if it is computed", () => {
    const bare = { bias: false };
    expect(linesOf((m, x) => m.apply(add, [convolved(m, x, bare), m.builder.scalar(1)]))).toHaveLength(2);
    const computed = (m: ModelBuilder, x: Value) => m.apply(add, [convolved(m, x, bare), m.input("b", ["c: 3"])]);
    expect(linesOf(computed).at(-1)).toContain("add(");
  });

  test("does not move before an activation", () => {
    const lines = linesOf((m, x) => {
      const a = m.apply(relu, [convolved(m, x, { bias: false })]);
      return m.apply(add, [a, m.weight("b", { c: 3 })]);
    });
    expect(lines).toEqual([
      "relu.0 = conv2d(x, a.weight.T) [n, h, w, 3] relu",
      "add.1 = add(relu.0, b) [n, h, w, 3]; frees relu.0",
    ]);
  });

  test("of a matrix product", () => {
    const m = new ModelBuilder();
    const [x, w] = [m.input("x", ["n", "d: 3"]), m.weight("w", { k: 4, d: 3 })];
    const y = m.apply(add, [m.apply(dot, [x, w], { contract: ["d"] }), m.weight("b", { k: 4 })]);
    expect(planText(plan(m.graph({ y: [y, ["n", "k"]] }), profile))).toMatchInlineSnapshot(`
      "add.0 = matmul(x, w.T, b) [n, 4]
      return { y: add.0 }"
    `);
  });
});

describe("a scale", () => {
  const bn = (path: string) => `mul(${path}.weight, rsqrt(add(${path}.running_var, 0.00001)))`;

  test("and a shift, as in batch normalisation, go into the weights, and then the activation", () => {
    const lines = linesOf((m, x) => m.apply(relu, [m.apply(batchnorm, [convolved(m, x)], {}, { path: "b" })]));
    const shift = `sub(b.bias, mul(b.running_mean, ${bn("b")}))`;
    expect(lines).toEqual([
      `relu.0 = conv2d(x, mul(a.weight.T, ${bn("b")}), add(mul(a.bias, ${bn("b")}), ${shift})) [n, h, w, 3] relu`,
    ]);
  });

  test("of a depthwise convolution has its filter's channels and multiplier", () => {
    const [line, ...more] = linesOf((m, x) =>
      m.apply(mul, [convolved(m, x, { kernel: 3, groups: 3, c: 6 }), m.weight("s", { c: 6 })]),
    );
    expect(more).toEqual([]);
    expect(line).toBe("mul.0 = depthwise_conv2d(x, mul(a.weight.T[3,3,3,2], s[3,2]), mul(a.bias, s)) [n, h, w, 6]");
  });

  test("may be a number, through any reshape; a vector only if the channels stay last", () => {
    const m = new ModelBuilder();
    const a = m.apply(linear, [m.input("x", ["n", "t", "c: 3"])], { keyed: { c: 4 } }, { path: "a" });
    const y = m.apply(mul, [a, m.weight("s", { c: 4 })]);
    const z = m.apply(div, [y, m.builder.scalar(2)]);
    expect(planText(plan(m.graph({ z: [z, ["n", "t", "c"]] }), profile))).toMatchInlineSnapshot(`
      "reshape.0 = reshape(x) [n*t, 3]
      matmul.1 = matmul(reshape.0, div(mul(a.weight.T, s), 2), div(mul(a.bias, s), 2)) [n*t, 4]; frees reshape.0
      div.2 = reshape(matmul.1) [n, t, 4]; frees matmul.1
      return { z: div.2 }"
    `);
  });

  test.each([
    [mul, 2, 1],
    [mul, Infinity, 2],
    [div, 4, 1],
    [div, 0, 2],
    [div, Infinity, 1],
  ])("$0.name by $1 goes into the weights only if they stay finite", (op, number, count) => {
    expect(linesOf((m, x) => m.apply(op, [convolved(m, x), m.builder.scalar(number)]))).toHaveLength(count);
  });

  test("moves before a bias that is added separately", () => {
    const lines = linesOf((m, x) => m.apply(batchnorm, [convolved(m, x)], {}, { path: "b" }), esmProfile("tensorflow"));
    expect(lines.map((line) => line.replace(/\(.*\) /, " "))).toEqual([
      "conv2d.0 = conv2d [n, h, w, 3]",
      "batchnorm.1 = add [n, h, w, 3]; frees conv2d.0",
    ]);
  });

  test("is not fused if the product is used elsewhere, or activated before", () => {
    const twice = linesOf((m, x) => {
      const a = convolved(m, x);
      return m.apply(add, [m.apply(mul, [a, m.weight("s", { c: 3 })]), a]);
    });
    expect(twice).toHaveLength(3);
    const after = linesOf((m, x) => m.apply(mul, [m.apply(relu, [convolved(m, x)]), m.weight("s", { c: 3 })]));
    expect(after).toHaveLength(2);
  });
});
