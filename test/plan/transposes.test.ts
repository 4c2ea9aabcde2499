/** @file Where transposes end up. */
import { describe, expect, test } from "vitest";
import type { Value } from "../../src/ir/graph.ts";
import { relu, sigmoid } from "../../src/ops/activation.ts";
import { conv } from "../../src/ops/conv.ts";
import { add, mul } from "../../src/ops/elementwise.ts";
import { concat, expand } from "../../src/ops/fusion.ts";
import { linear } from "../../src/ops/linear.ts";
import { squeeze } from "../../src/ops/shape.ts";
import { plan } from "../../src/plan/plan.ts";
import { esmProfile } from "../../src/plan/profile.ts";
import { ModelBuilder } from "../support/model.ts";
import { primitivesOf } from "../support/plan-text.ts";

const NCHW = ["n", "c", "h", "w"];

/** The primitives of what is made of an image with three channels, NCHW outside. */
function primitives(make: (m: ModelBuilder, x: Value) => Value): string {
  const m = new ModelBuilder();
  const y = make(m, m.input("x", ["n", "c: 3", "h", "w"]));
  return primitivesOf(plan(m.graph({ y: [y, NCHW] }), esmProfile())).join(" ");
}

const convolved = (m: ModelBuilder, x: Value, path: string, c = 3) => m.apply(conv, [x], { c }, { path });

describe("a transpose", () => {
  test("goes before a concatenation of which one part lies as it is needed already", () => {
    const joined = primitives((m, x) => {
      const other = m.input("z", ["n", "c: 3", "h", "w"]);
      return convolved(m, m.apply(concat, [other, convolved(m, x, "a")], { axis: "c" }), "b");
    });
    expect(joined).toBe("transpose conv2d transpose concat conv2d transpose");
  });

  test("goes before elementwise functions whose operands need none, as those with one channel do", () => {
    const gated = primitives((m, x) => {
      const row = m.apply(squeeze, [convolved(m, x, "a", 1)], { axis: ["c"] });
      const all = m.apply(expand, [m.input("v", ["n", "c: 3"])], { like: x.type });
      return m.apply(mul, [x, m.apply(sigmoid, [m.apply(add, [all, row])])]);
    });
    expect(gated).toBe("transpose conv2d reshape reshape binary unary binary");
  });

  test("stays where as many would be left, or what it transposes is needed as it is", () => {
    const sum = (m: ModelBuilder, x: Value) => m.apply(add, [convolved(m, x, "a"), convolved(m, x, "b")]);
    expect(primitives((m, x) => m.apply(mul, [sum(m, x), sum(m, x)]))).toBe(
      "transpose conv2d conv2d binary binary transpose",
    );
  });

  test("of an activation is not in the way of its absorption", () => {
    expect(primitives((m, x) => m.apply(relu, [convolved(m, x, "a")]))).toBe("transpose conv2d transpose");
  });
});

test("weights are transposed when they are loaded", () => {
  const m = new ModelBuilder();
  const y = m.apply(linear, [m.input("x", ["n", "d: 3"])], { keyed: { d: 4 } }, { path: "a" });
  const made = plan(m.graph({ y: [y, ["n", "d"]] }), esmProfile());
  expect(made.steps.map(({ value }) => value.attributes)).toEqual([{ transposeA: false, transposeB: false }]);
});
