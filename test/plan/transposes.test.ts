/** @file Where transposes end up. */
import { describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { onnxProfile } from "../../src/codegen/onnx/profile.ts";
import type { Value } from "../../src/ir/graph.ts";
import { relu, sigmoid, softmax } from "../../src/ops/activation.ts";
import { conv } from "../../src/ops/conv.ts";
import { dot } from "../../src/ops/dot.ts";
import { add, mul } from "../../src/ops/elementwise.ts";
import { concat, expand } from "../../src/ops/fusion.ts";
import { linear } from "../../src/ops/linear.ts";
import { pad, slice } from "../../src/ops/margin.ts";
import { mean } from "../../src/ops/reduce.ts";
import { resize } from "../../src/ops/resize.ts";
import { rename, reshape, squeeze } from "../../src/ops/shape.ts";
import { plan } from "../../src/plan/plan.ts";
import type { Profile } from "../../src/plan/profile.ts";
import { ModelBuilder } from "../support/model.ts";
import { primitivesOf } from "../support/plan-text.ts";

const NCHW = ["n", "c", "h", "w"];

/** Returns the primitives for what `make` builds from an image with three channels, with NCHW inputs and results. */
function primitives(make: (m: ModelBuilder, x: Value) => Value, profile: Profile = esmProfile(), order = NCHW): string {
  const m = new ModelBuilder();
  const axes = order.map((axis) => (axis === "c" ? "c: 3" : axis));
  const y = make(m, m.input("x", axes));
  return primitivesOf(plan(m.graph({ y: [y, order] }), profile)).join(" ");
}

const convolved = (m: ModelBuilder, x: Value, path: string, c = 3) => m.apply(conv, [x], { c }, { path });

describe("a transpose", () => {
  test("moves before a concatenation if one part has the right layout already", () => {
    const joined = primitives((m, x) => {
      const other = m.input("z", ["n", "c: 3", "h", "w"]);
      return convolved(m, m.apply(concat, [other, convolved(m, x, "a")], { axis: "c" }), "b");
    });
    expect(joined).toBe("transpose conv2d transpose concat conv2d transpose");
  });

  test("moves before elementwise functions whose operands need none, such as those with one channel", () => {
    const gated = primitives((m, x) => {
      const row = m.apply(squeeze, [convolved(m, x, "a", 1)], { axis: ["c"] });
      const all = m.apply(expand, [m.input("v", ["n", "c: 3"])], { like: x.type });
      return m.apply(mul, [x, m.apply(sigmoid, [m.apply(add, [all, row])])]);
    });
    expect(gated).toBe("transpose conv2d reshape reshape binary unary binary");
  });

  test("stays if as many would remain, or if its operand is needed in its own layout", () => {
    const sum = (m: ModelBuilder, x: Value) => m.apply(add, [convolved(m, x, "a"), convolved(m, x, "b")]);
    expect(primitives((m, x) => m.apply(mul, [sum(m, x), sum(m, x)]))).toBe(
      "transpose conv2d conv2d binary binary transpose",
    );
  });

  test("moves before a margin and a slice if the image is transposed anyway", () => {
    const both = primitives((m, x) => {
      const margin = m.apply(pad, [x], { keyed: { h: [1, 1], w: [1, 1] } });
      const part = m.apply(slice, [margin], { keyed: { h: [1, 3], w: [1, 3] } });
      return m.apply(add, [m.apply(mean, [convolved(m, x, "a")], { axis: ["h", "w"] }), convolved(m, part, "b")]);
    });
    expect(both).toMatch(/^transpose (?!.*transpose.*transpose)/);
    expect(both.split(" ").filter((name) => name === "transpose")).toHaveLength(2);
  });

  test("of an activation does not prevent its fusion", () => {
    expect(primitives((m, x) => m.apply(relu, [convolved(m, x, "a")]))).toBe("transpose conv2d transpose");
  });
});

describe("with channels first", () => {
  test("nothing is transposed for convolutions, or maps and softmax of channels", () => {
    const all = primitives((m, x) => {
      const mapped = m.apply(linear, [convolved(m, x, "a")], { keyed: { c: 4 } }, { path: "b" });
      return m.apply(softmax, [m.apply(relu, [mapped])], { axis: ["c"] });
    }, onnxProfile);
    expect(all).toBe("conv2d conv2d unary softmax");
  });

  /** Returns the steps of self-attention from and to this order of axes, without reshapes, and their shapes. */
  const attention = (order: readonly string[]): readonly string[] => {
    const m = new ModelBuilder();
    const map = (from: readonly string[], to: Readonly<Record<string, number>>) => ({
      from,
      to: Object.entries(to).map(([axis, size]) => ({ axis, size: m.sizes.int(size) })),
    });
    const x = m.input(
      "x",
      order.map((axis) => (axis === "c" ? "c: 6" : axis)),
    );
    const project = (path: string) => {
      const mapped = m.apply(linear, [x], { maps: [map(["c"], { head: 2, e: 3 })] }, { path });
      return path === "q" ? mapped : m.apply(rename, [mapped], { maps: [{ from: ["t"], to: [{ axis: "s" }] }] });
    };
    const [q, k, v] = [project("q"), project("k"), project("v")];
    const batch = ["n", "head"];
    const p = m.apply(softmax, [m.apply(dot, [q, k], { contract: ["e"], batch })], { axis: ["s"] });
    const all = m.apply(dot, [p, v], { contract: ["s"], batch });
    const y = m.apply(linear, [all], { maps: [map(["head", "e"], { c: 6 })] }, { path: "o" });
    return plan(m.graph({ y: [y, order] }), onnxProfile)
      .steps.map(
        ({ value: { primitive, shape } }) => `${primitive.name} ${shape.map((size) => m.sizes.print(size)).join()}`,
      )
      .filter((step) => !step.startsWith("reshape"));
  };

  test("attention turns its heads, never its scores: a softmax over columns would turn them twice", () => {
    const map = "conv2d n,6,t,1";
    const scores = ["matmul n,2,t,t", "softmax n,2,t,t"];
    const turned = "transpose n,2,t,3";
    expect(attention(["n", "c", "t"])).toEqual(
      [map, map, map, turned, scores, turned, "matmul n,2,t,3", "transpose n,2,3,t", map].flat(),
    );
  });

  test("attention over rows stays with rows", () => {
    const map = "matmul n*t,6";
    const scores = ["matmul n,2,t,t", "softmax n,2,t,t"];
    const turned = "transpose n,2,t,3";
    const steps = [
      map,
      map,
      map,
      turned,
      "transpose n,2,3,t",
      scores,
      turned,
      "matmul n,2,t,3",
      "transpose n,t,2,3",
      map,
    ];
    expect(attention(["n", "t", "c"]).toSorted()).toEqual(steps.flat().toSorted());
  });
});

describe("a linear map of channels", () => {
  const NHWC = ["n", "h", "w", "c"];
  const resized = (m: ModelBuilder, x: Value, size: number) =>
    m.apply(resize, [x], { keyed: { h: size, w: size }, mode: "bilinear" });

  test("of an image with channels last is a convolution where channels come first anyway", () => {
    const m = new ModelBuilder();
    const parts = [8, 16, 32].map((size) => {
      const x = m.input(`x${size}`, ["n", `h: ${size}`, `w: ${size}`, "c: 3"]);
      const mapped = m.apply(linear, [x], { keyed: { c: 4 } }, { path: `a${size}` });
      return resized(m, convolved(m, mapped, `b${size}`, 4), 64);
    });
    const y = m.apply(relu, [parts.reduce((a, b) => m.apply(add, [a, b]))]);
    // One transpose for each input, and one for the result.
    const branch = "transpose conv2d conv2d resize";
    expect(primitivesOf(plan(m.graph({ y: [y, NHWC] }), onnxProfile)).join(" ")).toBe(
      `${branch} ${branch} binary ${branch} binary unary transpose`,
    );
  });

  test("of heads in windows takes one transpose, after others have moved", () => {
    const m = new ModelBuilder();
    const to = (axis: string, size: number) => [{ axis, size: m.sizes.int(size) }];
    const x = m.input("x", ["n", "head: 3", "a: 8", "b: 8", "i: 7", "j: 7", "e: 32"]);
    const joined = m.apply(linear, [x], { maps: [{ from: ["head", "e"], to: to("c", 96) }] }, { path: "a" });
    const windows = [
      { from: ["a", "i"], to: to("h", 56) },
      { from: ["b", "j"], to: to("w", 56) },
    ];
    const part = m.apply(slice, [m.apply(reshape, [joined], { maps: windows })], { keyed: { h: [0, 53] } });
    const steps = primitivesOf(plan(m.graph({ y: [part, NCHW] }), onnxProfile));
    expect(steps.filter((name) => name !== "reshape")).toEqual(["transpose", "conv2d", "slice"]);
  });

  test("is where fewer channels are turned", () => {
    const wide = (m: ModelBuilder, x: Value) => {
      const mapped = m.apply(linear, [x], { keyed: { c: 8 } }, { path: "a" });
      return m.apply(linear, [resized(m, mapped, 9)], { keyed: { c: 2 } }, { path: "b" });
    };
    expect(primitives(wide, onnxProfile, NHWC)).toBe("transpose conv2d resize conv2d transpose");
    expect(primitives(wide, onnxProfile, NCHW)).toBe("conv2d resize conv2d");
  });
});

test("weights are transposed when they are loaded", () => {
  const m = new ModelBuilder();
  const y = m.apply(linear, [m.input("x", ["n", "d: 3"])], { keyed: { d: 4 } }, { path: "a" });
  const made = plan(m.graph({ y: [y, ["n", "d"]] }), esmProfile());
  expect(made.steps.map(({ value }) => value.attributes)).toEqual([{ transposeA: false, transposeB: false }]);
});
