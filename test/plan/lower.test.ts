/** @file Lowering: where transposes go, what happens at load time, and what is simplified away. */
import { describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { targetNames, targets } from "../../src/codegen/targets.ts";
import { softmax } from "../../src/ops/activation.ts";
import { conv } from "../../src/ops/conv.ts";
import { dot } from "../../src/ops/dot.ts";
import { add, mul, sub } from "../../src/ops/elementwise.ts";
import { sqrt } from "../../src/ops/functions.ts";
import { expand, concat } from "../../src/ops/fusion.ts";
import { linear } from "../../src/ops/linear.ts";
import { batchnorm } from "../../src/ops/normalise.ts";
import { identity } from "../../src/ops/other.ts";
import { mean } from "../../src/ops/reduce.ts";
import { rename } from "../../src/ops/shape.ts";
import { PlanBuilder } from "../../src/plan/builder.ts";
import { plan } from "../../src/plan/plan.ts";
import { preparationOf } from "../../src/plan/prepared.ts";
import { reshape, transpose } from "../../src/primitives/layout.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { ModelBuilder } from "../support/model.ts";
import { planText, primitivesOf } from "../support/plan-text.ts";

const profile = esmProfile();
const NCHW = ["n", "c", "h", "w"];
const NHWC = ["n", "h", "w", "c"];

/** Two convolutions with a shortcut around the second. */
function residual(m: ModelBuilder, axes: readonly string[]) {
  const x = m.input("x", axes);
  const a = m.apply(conv, [x], { c: 8 }, { path: "a" });
  return m.apply(add, [a, m.apply(conv, [a], { c: 8, kernel: 3 }, { path: "b" })]);
}

test.each(targetNames)("a product of weights is computed when the model is loaded, for %s", (target) => {
  const m = new ModelBuilder();
  const x = m.input("x", ["n", "c: 3", "h", "w"]);
  const [a, b] = [m.weight("a", { k: 5, c: 3 }), m.weight("b", { o: 4, k: 5 })];
  const weight = m.apply(dot, [b, a], { contract: ["k"] });
  const y = m.apply(dot, [x, weight], { contract: ["c"] });
  const made = plan(m.graph({ y: [y, ["n", "o", "h", "w"]] }), targets[target].profile);
  const multiplying = made.steps.filter(({ value }) => value.primitive.macs !== undefined);
  expect(multiplying.map(({ value }) => value.inputs.map(({ kind }) => kind))).toEqual([
    [expect.stringMatching(/^(input|computation)$/), "prepared"],
  ]);
});

describe("layouts", () => {
  test("a model in NHWC has no transposes", () => {
    const m = new ModelBuilder();
    const y = residual(m, ["n", "h", "w", "c: 3"]);
    expect(primitivesOf(plan(m.graph({ y: [y, NHWC] }), profile))).toEqual(["conv2d", "conv2d", "binary"]);
  });

  test("a model in NCHW has them only at its boundary", () => {
    const m = new ModelBuilder();
    const y = residual(m, ["n", "c: 3", "h", "w"]);
    const steps = ["transpose", "conv2d", "conv2d", "binary", "transpose"];
    expect(primitivesOf(plan(m.graph({ y: [y, NCHW] }), profile))).toEqual(steps);
  });

  test("a value needed twice in one layout is transposed once", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "c: 3", "h", "w"]);
    const [a, b] = ["a", "b"].map((path) => m.apply(conv, [x], { c: 4 }, { path }));
    expect(planText(plan(m.graph({ a: [a!, NHWC], b: [b!, NHWC] }), profile))).toMatchInlineSnapshot(`
      "transpose.0 = transpose(x) [n, h, w, 3]
      conv.1 = conv2d(transpose.0, a.weight.T, a.bias) [n, h, w, 4]
      conv.2 = conv2d(transpose.0, b.weight.T, b.bias) [n, h, w, 4]; frees transpose.0
      return { a: conv.1, b: conv.2 }"
    `);
  });

  test("without image operators the declared order is kept", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "c: 3", "h", "w"]);
    const y = m.apply(mul, [x, m.apply(mean, [x], { axis: ["h", "w"] })]);
    expect(planText(plan(m.graph({ y: [y, NCHW] }), profile))).toMatchInlineSnapshot(`
      "mean.0 = mean(x) [n, 3]
      reshape.1 = reshape(mean.0) [n, 3, 1, 1]; frees mean.0
      mul.2 = mul(x, reshape.1) [n, 3, h, w]; frees reshape.1
      return { y: mul.2 }"
    `);
  });

  test("a layout that only moves axes of size 1 is a reshape", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "c: 1", "h", "w"]);
    const y = m.apply(conv, [x], { c: 1, kernel: 3 }, { path: "a" });
    expect(planText(plan(m.graph({ y: [y, NCHW] }), profile))).toMatchInlineSnapshot(`
      "reshape.0 = reshape(x) [n, h, w, 1]
      conv.1 = conv2d(reshape.0, a.weight[3,3,1,1], a.bias) [n, h, w, 1]; frees reshape.0
      reshape.2 = reshape(conv.1) [n, 1, h, w]; frees conv.1
      return { y: reshape.2 }"
    `);
  });

  test("a tensor expanded for an elementwise operator is never created", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "c: 4", "h", "w"]);
    const gate = m.input("gate", ["n", "c: 4"]);
    const wide = m.apply(expand, [gate], { like: x.type });
    const y = m.apply(mul, [x, wide]);
    expect(planText(plan(m.graph({ y: [y, NCHW] }), profile))).toMatchInlineSnapshot(`
      "reshape.0 = reshape(gate) [n, 4, 1, 1]
      mul.1 = mul(x, reshape.0) [n, 4, h, w]; frees reshape.0
      return { y: mul.1 }"
    `);
    expect(planText(plan(m.graph({ wide: [wide, NHWC] }), profile))).toMatchInlineSnapshot(`
      "expand.0 = reshape(gate) [n, 1, 1, 4]
      broadcast.1 = broadcast(expand.0) [n, h, w, 4]; frees expand.0
      return { wide: broadcast.1 }"
    `);
  });

  test("renaming costs nothing", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "t"]);
    const to = [{ axis: "s", size: undefined }];
    const y = m.apply(softmax, [m.apply(rename, [x], { maps: [{ from: ["t"], to }] })], { axis: "s" });
    expect(primitivesOf(plan(m.graph({ y: [y, ["n", "s"]] }), profile))).toEqual(["softmax"]);
  });
});

test("transposes and reshapes compose", () => {
  const sizes = new Sizes();
  const builder = new PlanBuilder(sizes);
  const shape = [2, 3, 4, 5].map((size) => sizes.int(size));
  const x = builder.input(
    "x",
    "f32",
    ["a", "b", "c", "d"].map((axis, i) => [axis, shape[i]!]),
  );
  const [p, q] = [
    [1, 2, 3, 0],
    [2, 0, 1, 3],
  ];
  const once = builder.emit(transpose, [x], { permutation: p });
  const twice = builder.emit(transpose, [once], { permutation: q });
  expect(twice).toMatchObject({ inputs: [x], attributes: { permutation: [3, 1, 2, 0] } });
  expect(twice.shape.map((size) => sizes.constant(size))).toEqual([5n, 3n, 4n, 2n]);
  const back = builder.emit(transpose, [twice], { permutation: [3, 1, 2, 0] });
  expect(back).toBe(x);
  const flat = builder.emit(reshape, [once], { shape: [sizes.int(120)] });
  expect(builder.emit(reshape, [flat], { shape: once.shape })).toBe(once);
  expect(builder.emit(reshape, [flat], { shape: [sizes.int(6), sizes.int(20)] })).toMatchObject({ inputs: [once] });
});

describe("results", () => {
  test("inputs, weights, constants and values with two names are copied", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "c: 3"]);
    const w = m.weight("w", { c: 3 });
    const y = m.apply(add, [x, w]);
    const results = {
      same: [m.apply(identity, [x]), ["n", "c"]],
      turned: [x, ["c", "n"]],
      weight: [w, ["c"]],
      number: [m.builder.scalar(2), []],
      y: [y, ["n", "c"]],
      again: [y, ["n", "c"]],
    } as const;
    expect(planText(plan(m.graph(results), profile))).toMatchInlineSnapshot(`
      "add.0 = add(x, w) [n, 3]
      transpose.1 = transpose(x) [3, n]
      return { same: copy of x, turned: transpose.1, weight: copy of w, number: copy of 2, y: add.0, again: copy of add.0 }"
    `);
  });
});

describe("preparation", () => {
  test("a batch normalisation keeps only its scale and shift", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "h", "w", "c: 4"]);
    const y = m.apply(batchnorm, [x], {}, { path: "bn" });
    const made = plan(m.graph({ y: [y, NHWC] }), profile);
    expect(planText(made)).toMatchInlineSnapshot(`
      "mul.0 = mul(x, mul(bn.weight, rsqrt(add(bn.running_var, 0.00001)))) [n, h, w, 4]
      batchnorm.1 = add(mul.0, sub(bn.bias, mul(bn.running_mean, mul(bn.weight, rsqrt(add(bn.running_var, 0.00001)))))) [n, h, w, 4]; frees mul.0
      return { y: batchnorm.1 }"
    `);
    expect(made.manifest.map(({ path }) => path)).toEqual([
      "bn.weight",
      "bn.bias",
      "bn.running_mean",
      "bn.running_var",
    ]);
  });

  test("filters are in the target's layout, and equal ones are shared", () => {
    const m = new ModelBuilder();
    const [x, y] = [m.input("x", ["n", "t", "d: 4"]), m.input("y", ["n", "t", "d: 4"])];
    const [a, b] = [x, y].map((input) => m.apply(linear, [input], { keyed: { d: 5 } }, { path: "fc" }));
    const made = plan(m.graph({ a: [a!, ["n", "t", "d"]], b: [b!, ["n", "t", "d"]] }), profile);
    expect(planText(made)).toMatchInlineSnapshot(`
      "reshape.0 = reshape(x) [n*t, 4]
      matmul.1 = matmul(reshape.0, fc.weight.T, fc.bias) [n*t, 5]; frees reshape.0
      linear.2 = reshape(matmul.1) [n, t, 5]; frees matmul.1
      reshape.3 = reshape(y) [n*t, 4]
      matmul.4 = matmul(reshape.3, fc.weight.T, fc.bias) [n*t, 5]; frees reshape.3
      linear.5 = reshape(matmul.4) [n, t, 5]; frees matmul.4
      return { a: linear.2, b: linear.5 }"
    `);
    expect(made.prepared).toHaveLength(2);
  });

  test("constants are computed while planning; equal ones are one tensor", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "d: 64"]);
    const root = m.apply(sqrt, [m.builder.scalar(m.sizes.int(64))]);
    const y = m.apply(sub, [m.apply(mul, [x, root]), m.builder.scalar(8)]);
    const made = plan(m.graph({ y: [y, ["n", "d"]] }), profile);
    expect(planText(made)).toMatchInlineSnapshot(`
      "mul.0 = mul(x, 8) [n, 64]
      sub.1 = sub(mul.0, 8) [n, 64]; frees mul.0
      return { y: sub.1 }"
    `);
    expect(made.prepared).toHaveLength(1);
  });

  test("a run-time size is a step", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "t"]);
    const y = m.apply(mul, [x, m.apply(sqrt, [m.builder.scalar(m.size("t"))])]);
    expect(planText(plan(m.graph({ y: [y, ["n", "t"]] }), profile))).toMatchInlineSnapshot(`
      "constant.0 = scalar() []
      sqrt.1 = sqrt(constant.0) []; frees constant.0
      mul.2 = mul(x, sqrt.1) [n, t]; frees sqrt.1
      return { y: mul.2 }"
    `);
  });

  test("a layer of weights alone is computed when the model is loaded", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "d: 3"]);
    const query = m.weight("query", { m: 2, d: 3 });
    const y = m.apply(
      concat,
      [
        m.apply(rename, [x], { maps: [{ from: ["n"], to: [{ axis: "m", size: undefined }] }] }),
        m.apply(linear, [query], { keyed: { d: 3 } }, { path: "q" }),
      ],
      { axis: "m" },
    );
    expect(planText(plan(m.graph({ y: [y, ["m", "d"]] }), profile))).toMatchInlineSnapshot(`
      "concat.0 = concat(x, add(matmul(query, q.weight.T), q.bias)) [n + 2, 3]
      return { y: concat.0 }"
    `);
  });

  test("what is used twice is prepared once: 60 doublings are 60 steps at load and none in a run", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["c: 4"]);
    let w: Parameters<typeof m.apply>[1][number] = m.weight("w", { c: 4 });
    for (let i = 0; i < 60; i++) w = m.apply(add, [w, w]);
    const made = plan(m.graph({ y: [m.apply(add, [x, w]), ["c"]] }), profile);
    expect(primitivesOf(made)).toEqual(["binary"]);
    expect(preparationOf(made.prepared.map(({ value }) => value)).steps).toHaveLength(61);
  });
});

test("chains of 10,000 operators do not overflow the stack", () => {
  const m = new ModelBuilder();
  let x: Parameters<typeof m.apply>[1][number] = m.input("x", ["n", "c: 2"]);
  const w = m.weight("w", { c: 2 });
  for (let i = 0; i < 10_000; i++) x = m.apply(i % 2 === 0 ? mul : add, [x, w]);
  const made = plan(m.graph({ y: [x, ["n", "c"]] }), profile);
  expect(made.steps.length).toBe(10_000);
  expect(made.steps.every(({ frees }, index) => frees.length === (index === 0 ? 0 : 1))).toBe(true);
});
