/** @file What the optimizer makes of programs as people write them, and what it leaves alone. */
import { describe, expect, test } from "vitest";
import { onnxProfile } from "../../src/codegen/onnx/profile.ts";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { savedModelProfile } from "../../src/codegen/saved-model/profile.ts";
import { buildGraphs } from "../../src/graphs.ts";
import type { Value } from "../../src/ir/graph.ts";
import type { ModelGraph } from "../../src/ir/model-graph.ts";
import { optimize, type OptimizeOptions } from "../../src/optimize/optimize.ts";
import { planOptimized } from "../../src/optimize/planned.ts";
import { planCost } from "../../src/plan/cost.ts";
import { nominalNumbers } from "../../src/plan/buffers.ts";
import { plan } from "../../src/plan/plan.ts";
import type { Profile } from "../../src/plan/profile.ts";
import { programOf } from "../support/check.ts";

function graphOf(header: string, body: string, imports = ""): ModelGraph {
  const text = `fuse 1\n${imports}\nmodel Net${header} {\n${body}\n}\n`;
  const { value, diagnostics } = buildGraphs(programOf(text));
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return value![0]!;
}

/** Prints a value as nested operators over the names of the inputs; scales and shifts are `mul` and `add` by weights. */
function textOf(value: Value): string {
  if (value.kind === "input") return value.name;
  if (value.kind === "pick") return `${textOf(value.of)}[${value.index}]`;
  if (value.kind !== "node") return value.kind;
  return `${value.op.name}(${value.inputs.map(textOf).join(", ")})`;
}

function optimized(graph: ModelGraph, profile: Profile = savedModelProfile, options: OptimizeOptions = {}): string {
  return optimize(graph, profile, options)
    .graph.results.map(({ value }) => textOf(value))
    .join("; ");
}

const large = "h: [n, h: 256, w: 256, c: 64], l: [n, h: 128, w: 128, c: 64]";

describe("products move before what makes tensors larger", () => {
  test("out of a concat, before the resize of its operand", () => {
    const graph = graphOf(
      `(${large}) -> (y: [n, h: 256, w: 256, c: 64])`,
      "  return concat(h, resize(l, like: h, mode: bilinear), axis: c) |> conv(c: 64) @conv |> relu",
    );
    expect(optimized(graph)).toBe("relu(add(conv(h), resize(conv(l))))");
  });

  test("before a resize, and the author's operator is kept", () => {
    const header = "(x: [n, h: 33, w: 33, c: 64]) -> (y: [n, h: 129, w: 129, c: 21])";
    const body = (operator: string) => `  return x |> resize(h: 129, w: 129, mode: bilinear) |> ${operator}(c: 21) @fc`;
    expect(optimized(graphOf(header, body("conv")))).toBe("resize(conv(x))");
    expect(optimized(graphOf(header, body("linear")))).toBe("resize(linear(x))");
  });

  test("after a mean, with its bias, as a linear map if no image is left", () => {
    const header = "(x: [n, h: 28, w: 28, c: 256]) -> (y: [n, c: 64])";
    expect(optimized(graphOf(header, "  return x |> conv(c: 64) @conv |> mean(axis: [h, w])"))).toBe("linear(mean(x))");
  });

  test("before a gate for each position, with the bias after it", () => {
    const header = (c: number) =>
      `(x: [n, h: 32, w: 32, c: 256], g: [n, h: 32, w: 32]) -> (y: [n, h: 32, w: 32, c: ${c}])`;
    const narrow = graphOf(header(32), "  return x * sigmoid(g) |> conv(c: 32) @conv");
    expect(optimized(narrow)).toBe("add(mul(conv(x), sigmoid(g)), weight)");
    const wide = graphOf(header(512), "  return x * sigmoid(g) |> conv(c: 512) @conv");
    expect(optimized(wide)).toBe("conv(mul(x, sigmoid(g)))");
  });

  test("with the batch normalisation that follows, through all branches", () => {
    const graph = graphOf(
      "(a: [n, h: 64, w: 64, c: 16], b: [n, h: 16, w: 16, c: 64]) -> (y: [n, h: 64, w: 64, c: 128])",
      [
        "  u = a |> linear(c: 128) @one",
        "  v = b |> linear(c: 128) @two |> resize(h: 64, w: 64, mode: bilinear)",
        "  return concat(u, v, axis: c) |> conv(c: 128, bias: false) @fuse |> batchnorm @bn |> relu",
      ].join("\n"),
    );
    const { graph: better } = optimize(graph, savedModelProfile);
    expect(better.weights).toEqual(graph.weights);
    // One product for each operand instead of three.
    const products = textOf(better.results[0]!.value).match(/conv|linear/g);
    expect(products).toHaveLength(2);
  });

  test("for siblings that only save together", () => {
    const graph = graphOf(
      "(a: [n, h: 20, w: 20, c: 256], b: [n, h: 40, w: 40, c: 256]) -> (y: [n, h: 40, w: 40, c: 128], z: [n, h: 40, w: 40, c: 128])",
      [
        "  x = concat(resize(a, like: b), b, axis: c)",
        "  return x |> conv(c: 128) @cv1 |> silu, x |> conv(c: 128) @cv2 |> silu",
      ].join("\n"),
    );
    for (const profile of [savedModelProfile, onnxProfile, esmProfile("wasm")])
      expect(optimized(graph, profile)).toMatch(
        /^(silu\(add\((resize\(conv\(a\)\), conv\(b\)|conv\(b\), resize\(conv\(a\)\))\)\)(; |$)){2}$/,
      );
  });
});

describe("a view is no obstacle for products", () => {
  const image = "(x: [n, h: 32, w: 32, c: 64]) -> ";
  const tokens = "reshape([h, w] -> t) |> rename(c -> d)";

  test.each([
    [
      "two products, before and after a rename",
      "(y: [n, h: 32, w: 32, d: 16])",
      "conv(c: 64) @a |> rename(c -> d) |> linear(d: 16) @b",
      "linear(x)",
    ],
    [
      "two products, before and after tokens are made",
      "(y: [n, t: 1024, d: 16])",
      `conv(c: 64) @a |> ${tokens} |> linear(d: 16) @b`,
      "reshape(linear(x))",
    ],
    [
      "a product of two axes that were one",
      "(y: [n, h: 32, w: 32, d: 16])",
      "conv(c: 64) @a |> reshape(c -> [k: 8, e: 8]) |> linear([k, e] -> d: 16) @b",
      "linear(x)",
    ],
    ["a product and a sum over what it makes", "(y: [n, h: 32, w: 32])", "conv(c: 64) @a |> sum(axis: c)", "linear(x)"],
    [
      "a product after a resize, of tokens",
      "(y: [n, t: 4096, d: 16])",
      `resize(h: 64, w: 64, mode: bilinear) |> ${tokens} |> linear(d: 16) @b`,
      "reshape(resize(linear(x)))",
    ],
  ])("%s", (_, result, body, want) => {
    const graph = graphOf(`${image}${result}`, `  return x |> ${body}`);
    expect(optimized(graph)).toBe(want);
  });

  test.each([
    [
      "before",
      "x: [n, h, w, c: 64]",
      "y: [n, c: 64, t: 8]",
      "h * w == 64",
      "x |> reshape([h, w] -> t: 64) |> linear(t: 8) @b",
    ],
    [
      "after",
      "x: [n, c: 64], s: [k]",
      "y: [n, g: k, c: 64 / k]",
      "64 % k == 0",
      "x |> linear(c: 64) @a |> linear(c: 64) @b |> reshape(c -> [g: k, c: 64 / k])",
    ],
  ])("but one %s a product stays if its sizes are known in a run only", (_, inputs, result, condition, body) => {
    const graph = graphOf(`(${inputs}) -> (${result}) where ${condition}`, `  return ${body}`);
    expect(optimized(graph)).toContain("reshape");
    for (const profile of [savedModelProfile, onnxProfile]) planOptimized(graph, profile);
  });

  test("a convolution before attention is part of its projections", () => {
    const graph = graphOf(
      "(x: [n, h: 16, w: 16, c: 32]) -> (y: [n, h: 16, w: 16, c: 256])",
      "  return x |> conv(c: 256) @conv |> SelfAttention @attention",
      'import { SelfAttention } from "fuse/attention"',
    );
    expect(optimized(graph)).not.toContain("conv");
    const number = nominalNumbers(graph.builder.sizes);
    for (const profile of [savedModelProfile, onnxProfile, esmProfile("wasm")]) {
      const { plan: better, asWritten } = planOptimized(graph, profile);
      expect(planCost(better, number)).toBeLessThan(0.8 * planCost(asWritten, number));
    }
  });
});

describe("a sum of a product is a dot", () => {
  const header = "(x: [n, h: 32, w: 32, c: 64], g: [n, h: 32, w: 32]) -> (y: [n, c: 64])";

  test.each([
    ["sum", "dot(x, sigmoid(g))"],
    ["mean", "div(dot(x, sigmoid(g)), constant)"],
  ])("%s", (name, want) => {
    const graph = graphOf(header, `  return x * sigmoid(g) |> ${name}(axis: [h, w])`);
    for (const profile of [savedModelProfile, onnxProfile]) {
      expect(optimized(graph, profile)).toBe(want);
      expect(planOptimized(graph, profile).changes).toHaveLength(1);
    }
    expect(optimize(graph, esmProfile("wasm")).changes).toEqual([]);
  });

  test("with a convolution before it, which is then one of a single vector", () => {
    const graph = graphOf(header, "  return x |> conv(c: 64, bias: false) @conv |> mul(g) |> sum(axis: [h, w])");
    expect(optimized(graph)).toBe("linear(dot(x, g))");
  });

  test.each([
    [
      "of tensors with the same axes, for which engines have no fast code",
      "[n, h: 32, w: 32, c: 64]",
      "x * g |> sum(axis: [h, w])",
    ],
    ["over an axis that only one has", "[n, h: 32, c: 64]", "x * g |> sum(axis: [h, w]) |> relu"],
  ])("but not %s", (_, type, body) => {
    const graph = graphOf(`(x: [n, h: 32, w: 32, c: 64], g: ${type}) -> (y: [n, c: 64])`, `  return ${body}`);
    expect(optimized(graph)).not.toMatch(/dot/);
  });
});

test("a sum over no axis stays", () => {
  const graph = graphOf("(x: [n, t: 4, c: 8], g: [n, t: 4]) -> (y: [n, t: 4, c: 8])", "  return sum(x * g, axis: [])");
  expect(optimized(graph)).toBe("sum(mul(x, g))");
});

describe("what may not move stays", () => {
  const header = "(x: [n, h: 32, w: 32, c: 64]) -> (y: [n, c: 16])";

  test.each([
    ["an activation between", "x |> conv(c: 16) @conv |> relu |> mean(axis: [h, w])"],
    ["a window over the axes that are averaged", "x |> conv(c: 16, kernel: 3) @conv |> mean(axis: [h, w])"],
  ])("%s", (_, expression) => {
    const graph = graphOf(header, `  return ${expression}`);
    expect(optimize(graph, savedModelProfile).changes).toEqual([]);
  });

  test.each([
    ["division by a finite tensor", "x / k", "[4, 1, 2]", 1],
    ["division by a tensor with 0", "x / k", "[4, 0, 2]", 0],
    ["a product with a finite tensor", "x * k", "[4, 0, 2]", 1],
    ["a product with an infinite tensor", "x * k", "[4, inf, 2]", 0],
    ["a sum with a finite tensor", "x + k", "[4, 0, 2]", 1],
    ["a sum with an infinite tensor", "x + k", "[4, -inf, 2]", 0],
    ["a difference from an infinite tensor", "x - k", "[4, -inf, 2]", 0],
    ["division by the negative of a tensor without 0", "x / -k", "[4, 1, 2]", 1],
    ["division by the negative of a tensor with 0", "x / -k", "[4, 0, 2]", 0],
    ["division by a difference that is 0 somewhere", "x / (k - 1)", "[4, 1, 2]", 0],
    ["division by a tensor with 0 after a relu", "x / relu(k)", "[4, -1, 2]", 0],
    ["a product with a reciprocal that is infinite somewhere", "x * (1 / k)", "[4, 0, 2]", 0],
    ["a product with a reciprocal that is finite", "x * (1 / k)", "[4, 1, 2]", 1],
    ["a sum with a logarithm that is infinite somewhere", "x + log(k)", "[4, 0, 2]", 0],
    ["division by a softmax, which is a composite", "x / softmax(k, axis: c)", "[4, 0, 2]", 1],
    ["division by a composite that is 0 somewhere", "x / silu(k)", "[4, 0, 2]", 0],
    ["division by a weight times a tensor with 0", "x / (w * k)", "[4, 0, 2]", 0],
    ["division by a weight times a tensor without 0", "x / (w * k)", "[4, 1, 2]", 1],
  ])("%s, before a product", (_, expression, numbers, count) => {
    const graph = graphOf(
      "(x: [n, h: 32, w: 32, c: 3]) -> (y: [n, h: 32, w: 32, c: 16])",
      `  const k: [c: 3] = ${numbers}\n  weight w: [c: 3] = ones\n  return (${expression}) |> conv(c: 16) @conv`,
    );
    expect(optimize(graph, savedModelProfile).changes).toHaveLength(count);
  });

  test.each([
    ["t", /pad\(div\(x/],
    ["t - 1", /div\(pad\(x/],
  ])("a division by %s after a margin of zeros, which stays where it may be 0", (divisor, want) => {
    const graph = graphOf(
      "(x: [n, t, h: 64, c: 64]) -> (y: [n, t: 8*t, h: 64, c: 64])",
      `  return upsample(pad(x, t: [t, 2*t]), 2, axis: t) / (${divisor})`,
    );
    expect(optimized(graph)).toMatch(want);
  });

  test("a mean before a sum over the same axis", () => {
    const graph = graphOf(
      "(x: [n, h: 32, w: 32, c: 64]) -> (y: [n])",
      "  return x |> mean(axis: [h, w]) |> sum(axis: c)",
    );
    expect(optimized(graph)).toMatch(/sum\(mean\(x\)\)|mean\(sum\(x\)\)/);
  });

  test("a shared convolution, which would be computed twice", () => {
    const graph = graphOf(
      "(x: [n, h: 16, w: 16, c: 64]) -> (y: [n, h: 16, w: 16, c: 64], z: [n, h: 32, w: 32, c: 64])",
      "  y = x |> conv(c: 64) @conv\n  return y, resize(relu(y), h: 32, w: 32)",
    );
    expect(optimized(graph)).toBe("conv(x); resize(relu(conv(x)))");
  });
});

describe("options", () => {
  const graph = graphOf(
    "(x: [n, h, w, c: 64]) -> (y: [n, h: 4*h, w: 4*w, c: 8])",
    "  return x |> resize(h: 4*h, w: 4*w, mode: bilinear) |> conv(c: 8) @conv",
  );

  test("no more changes than the limit", () => {
    expect(optimize(graph, savedModelProfile, { limit: 0 })).toEqual({ graph, changes: [] });
    expect(optimize(graph, savedModelProfile, { limit: 1 }).changes).toHaveLength(1);
  });

  test("a change that saves for all sizes is proved", () => {
    expect(optimize(graph, savedModelProfile).changes.map(({ isProved }) => isProved)).toEqual([true]);
  });

  test("one that only saves for large sizes depends on the sizes", () => {
    // For tiny images, two steps more cost more than the products that they save.
    const shrinking = graphOf(
      "(a: [n, h, w, c: 32], b: [n, h: 2*h, w: 2*w, c: 32]) -> (y: [n, h: 2*h, w: 2*w, c: 8])",
      "  return concat(resize(a, like: b), b, axis: c) |> conv(c: 8) @conv",
    );
    const [large] = optimize(shrinking, savedModelProfile, { at: { h: 256, w: 256 } }).changes;
    expect(large?.isProved).toBe(false);
    expect(optimize(shrinking, savedModelProfile, { at: { h: 1, w: 1 } }).changes).toEqual([]);
  });

  test("the plan is never dearer than that of the program as written", () => {
    const number = nominalNumbers(graph.builder.sizes);
    for (const profile of [savedModelProfile, onnxProfile, esmProfile()]) {
      const { plan: better, changes } = planOptimized(graph, profile);
      expect(planCost(better, number)).toBeLessThanOrEqual(planCost(plan(graph, profile), number));
      expect(better.graph).toBe(graph);
      expect(changes.length).toBeGreaterThan(0);
    }
  });
});

describe("hostile programs end", () => {
  const chain = (line: (i: number) => string, count: number, last: string) =>
    graphOf(
      "(x: [n, h: 32, w: 32, c: 8]) -> (y: [n, h: 16, w: 16, c: 8])",
      ["  y0 = x", ...Array.from({ length: count }, (_, i) => line(i + 1)), `  return ${last}`].join("\n"),
    );
  const last = "avgpool(kernel: 2) |> conv(c: 8) @last";

  test.each([
    ["sums that double their terms", (i: number) => `  y${i} = y${i - 1} + y${i - 1}`],
    ["residuals without activations", (i: number) => `  y${i} = y${i - 1} + (y${i - 1} |> conv(c: 8) @c.${i})`],
    ["sums of the two before", (i: number) => `  y${i} = y${i - 1} + y${Math.max(0, i - 2)}`],
  ])("%s", (_, line) => {
    const count = 60;
    const graph = chain(line, count, `y${count} |> ${last}`);
    const { graph: better } = optimize(graph, savedModelProfile);
    expect(plan(better, savedModelProfile).steps.length).toBeLessThan(4 * count);
  });

  test("a product of weights that takes longer than it saves in a thousand runs is not made", () => {
    const graph = graphOf(
      "(x: [n, t, d: 512]) -> (y: [n, t, v: 16000])",
      "  return x |> linear(d: 512) @proj |> linear(d -> v: 16000, bias: false) @head",
    );
    expect(optimize(graph, savedModelProfile).changes).toEqual([]);
  });
});
