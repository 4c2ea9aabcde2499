/** @file Execution order, lifetimes, and the memory that a plan holds and moves. */
import { describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { relu, sigmoid } from "../../src/ops/activation.ts";
import { conv } from "../../src/ops/conv.ts";
import { add, mul } from "../../src/ops/elementwise.ts";
import { mean } from "../../src/ops/reduce.ts";
import { reshape } from "../../src/ops/shape.ts";
import { liveBytes, traffic } from "../../src/plan/memory.ts";
import { plan } from "../../src/plan/plan.ts";
import { ModelBuilder } from "../support/model.ts";
import { planText } from "../support/plan-text.ts";

const profile = esmProfile();

describe("order", () => {
  test("a step that frees more than it allocates runs as early as possible", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "h", "w", "c: 3"]);
    const wide = ["a", "b"].map((path) => m.apply(conv, [x], { c: 64 }, { path, name: path }));
    const means = wide.map((value) => m.apply(mean, [value], { axis: ["h", "w"] }));
    const y = m.apply(add, [means[0]!, means[1]!], {}, { name: "y" });
    expect(planText(plan(m.graph({ y: [y, ["n", "c"]] }), profile))).toMatchInlineSnapshot(`
      "a.0 = conv2d(x, a.weight.T, a.bias) [n, h, w, 64]
      pool.1 = pool(a.0) [n, 1, 1, 64]; frees a.0
      mean.2 = reshape(pool.1) [n, 64]; frees pool.1
      b.3 = conv2d(x, b.weight.T, b.bias) [n, h, w, 64]
      pool.4 = pool(b.3) [n, 1, 1, 64]; frees b.3
      mean.5 = reshape(pool.4) [n, 64]; frees pool.4
      y.6 = add(mean.2, mean.5) [n, 64]; frees mean.2, mean.5
      return { y: y.6 }"
    `);
  });

  test("otherwise source order", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "c: 3"]);
    const a = m.apply(relu, [x], {}, { name: "a" });
    const b = m.apply(sigmoid, [x], {}, { name: "b" });
    const c = m.apply(mul, [b, b], {}, { name: "c" });
    const y = m.apply(add, [c, a], {}, { name: "y" });
    const names = plan(m.graph({ y: [y, ["n", "c"]] }), profile).steps.map(({ note }) => note.name);
    expect(names).toEqual(["a", "b", "c", "y"]);
  });
});

describe("bytes", () => {
  test("held: operands and results of a step; a reshape holds nothing", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n", "c: 4"]);
    const a = m.apply(relu, [x], {}, { name: "a" });
    const flat = m.apply(reshape, [a], {
      maps: [{ from: ["n", "c"], to: [{ axis: "d", size: m.sizes.mul(m.size("n"), m.sizes.int(4)) }] }],
    });
    const y = m.apply(sigmoid, [m.apply(sigmoid, [flat])]);
    const made = plan(m.graph({ y: [y, ["d"]] }), profile);
    expect(planText(made)).toMatchInlineSnapshot(`
      "a.0 = relu(x) [n, 4]
      reshape.1 = reshape(a.0) [4*n]; frees a.0
      sigmoid.2 = sigmoid(reshape.1) [4*n]; frees reshape.1
      sigmoid.3 = sigmoid(sigmoid.2) [4*n]; frees sigmoid.2
      return { y: sigmoid.3 }"
    `);
    // Each sigmoid holds its input and its result: 2 * 10 * 4 numbers.
    expect(liveBytes(made, { n: 10 })).toEqual({ peak: 320, atStep: 2 });
    expect(traffic(made, { n: 10 })).toEqual({ read: 480, written: 480 });
  });

  test("a result is held to the end", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n"]);
    const a = m.apply(relu, [x]);
    const b = m.apply(sigmoid, [a]);
    const made = plan(m.graph({ a: [a, ["n"]], b: [b, ["n"]] }), profile);
    expect(made.steps.flatMap(({ frees }) => frees)).toEqual([]);
    expect(liveBytes(made, { n: 3 })).toEqual({ peak: 24, atStep: 1 });
  });
});
