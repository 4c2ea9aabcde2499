/** @file Products of which only slices are used. */
import { describe, expect, test } from "vitest";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { onnxProfile } from "../../src/codegen/onnx/profile.ts";
import { savedModelProfile } from "../../src/codegen/saved-model/profile.ts";
import { plan } from "../../src/plan/plan.ts";
import type { Profile } from "../../src/plan/profile.ts";
import { difference, seeded } from "../support/arrays.ts";
import { graphOf, prepareCase } from "../support/compare.ts";
import { runOn, testedEngines } from "../support/engines.ts";
import { primitivesOf } from "../support/plan-text.ts";
import { randomShapes } from "../support/shapes.ts";

const profiles: readonly Profile[] = [esmProfile("wasm"), savedModelProfile, onnxProfile];

/** Self-attention; `make` is a line that makes q, k and v of x: [n, t, d: 96]. */
const attention = (make: string): string => `fuse 1
model Net(x: [n, t, d: 96]) -> (y: [n, t, d: 96]) {
  ${make}
  p = softmax(dot(q / sqrt(32), rename(k, t -> s), contract: e, batch: [n, head]), axis: s)
  return dot(p, rename(v, t -> s), contract: s, batch: [n, head]) |> linear([head, e] -> d: 96) @o
}`;

const merged = {
  "an axis before the heads": "q, k, v = x |> linear(d -> [k: 3, head: 3, e: 32]) @qkv |> unstack(axis: k)",
  "an axis after the heads": "q, k, v = x |> linear(d -> [head: 3, k: 3, e: 32]) @qkv |> unstack(axis: k)",
  "more heads": "q, k, v = x |> linear(d -> [head: 9, e: 32]) @qkv |> split(axis: head)",
  "more channels": `a, b, c = x |> linear(d -> j: 288) @qkv |> split(axis: j)
  q = reshape(a, j -> [head: 3, e])
  k = reshape(b, j -> [head: 3, e])
  v = reshape(c, j -> [head: 3, e])`,
};

const three = ["q", "k", "v"].map((name) => `${name} = x |> linear(d -> [head: 3, e: 32]) @${name}`).join("\n  ");

describe.each(profiles)("$name", (profile) => {
  const steps = (text: string) => primitivesOf(plan(graphOf(text), profile));

  test.each(Object.entries(merged))("queries, keys and values, merged as %s, are three products", (_, make) => {
    expect(steps(attention(make)).toSorted()).toEqual(steps(attention(three)).toSorted());
  });

  test("functions of elements and batchnorm may be between a product and its slices", () => {
    const text = `fuse 1
model Net(x: [n, c: 64, h: 32, w: 32]) -> (a: [n, c: 32, h: 32, w: 32], b: [n, c: 32, h: 32, w: 32]) {
  a, b = x |> conv(c: 64) @conv |> batchnorm @bn |> silu |> split(axis: c)
  return a, b
}`;
    const computing = steps(text).filter((name) => name !== "transpose");
    expect(computing.toSorted().join(" ")).toBe("binary binary conv2d conv2d unary unary");
  });
});

const sliced = (body: string, results = "a: [t, c: 64], b: [t, c: 64]"): string => `fuse 1
model Net(x: [t, c: 128], r: [t, c: 128]) -> (${results}) {
  ${body}
}`;
const steps = (text: string): string => primitivesOf(plan(graphOf(text), savedModelProfile)).join(" ");

describe("one product and slices remain", () => {
  test("if the whole is used too", () => {
    const body = "y = x |> linear(c: 128) @l\n  a, b = split(y, axis: c)\n  return a, b, y";
    const all = steps(sliced(body, "a: [t, c: 64], b: [t, c: 64], y: [t, c: 128]"));
    expect(all).toBe("matmul slice slice");
  });

  test("if the whole is used by a function of elements that stays whole", () => {
    const body =
      "y = x |> linear(c: 128) @l\n  a, b = split(y, axis: c)\n  c, d = split(y * r, axis: c)\n  return a + c, b + d";
    expect(
      steps(sliced(body))
        .split(" ")
        .filter((name) => name === "matmul"),
    ).toHaveLength(1);
  });

  test("if slices overlap", () => {
    const body = "y = x |> linear(c: 128) @l\n  return slice(y, c: [0, 64]), slice(y, c: [32, 96])";
    expect(steps(sliced(body))).toBe("matmul slice slice");
  });

  test("if they are of different axes, at the same places", () => {
    const body = "y = x |> linear(c: 64) @l\n  b = slice(y, c: [0, 32])\n  return slice(y, t: [0, 32]), b";
    expect(steps(sliced(body, "a: [t: 32, c: 64], b: [t, c: 32]"))).toBe("matmul slice slice");
  });

  test("if they are so narrow that the input would be read too often", () => {
    const names = Array.from({ length: 16 }, (_, i) => `a${i}`);
    const text = `fuse 1
model Net(x: [t, c: 512]) -> (${names.map((name) => `${name}: [t, c: 2]`).join(", ")}) {
  ${names.join(", ")} = x |> linear(c: 32) @l |> split(axis: c)
  return ${names.join(", ")}
}`;
    expect(
      steps(text)
        .split(" ")
        .filter((name) => name === "matmul"),
    ).toHaveLength(1);
  });

  test("if there is so little to compute that steps matter more", () => {
    const text = `fuse 1
import { LSTMCell } from "fuse/recurrent"
model Net(x: [n, d: 32], h: [n, k: 64], c: [n, k: 64]) -> (h: [n, k: 64], c: [n, k: 64]) {
  return LSTMCell(x, h, c) @cell
}`;
    expect(
      steps(text)
        .split(" ")
        .filter((name) => name === "matmul"),
    ).toHaveLength(2);
  });
});

test("a choice between functions of elements is a function of elements", () => {
  const body = "y = x |> linear(c: 1024) @l\n  a, b = where(y > 0, y, y * 0.5) |> split(axis: c)\n  return a, b";
  const each = "matmul binary binary select";
  expect(steps(sliced(body, "a: [t, c: 512], b: [t, c: 512]"))).toBe(`${each} ${each}`);
});

test("what is not used is not computed", () => {
  const body = "y = x |> linear(c: 128) @l\n  return slice(y, c: [0, 64]), slice(y, c: [96, 128]) |> relu";
  expect(steps(sliced(body, "a: [t, c: 64], b: [t, c: 32]"))).toBe("matmul matmul");
});

test("a slice of many axes is made of fewer, which wasm copies row by row", () => {
  const made = plan(
    graphOf(`fuse 1
model Net(x: [n, t, k: 3, head: 2, e: 4]) -> (a: [n, t, head: 2, e: 4], b: [n, t, k: 3, e: 4]) {
  a, b, c = unstack(x, axis: k)
  d, e = unstack(x, axis: head)
  return a + c, e
}`),
    esmProfile(),
  );
  const ranks = made.steps.flatMap(({ value }) => (value.primitive.name === "slice" ? [value.shape.length] : []));
  expect(ranks).toEqual([2, 2, 2]);
});

describe.each(testedEngines)("$name", (engine) => {
  test.skipIf(engine.skipped).each(Object.entries(merged))(
    "computes merged queries, keys and values as %s",
    async (_, make) => {
      const graph = graphOf(attention(make));
      const { weights, samples } = prepareCase("merged", graph, randomShapes(graph.guard, seeded(1), 1, 9));
      const [{ inputs, want }] = samples as [(typeof samples)[0]];
      const got = await runOn(engine, graph, inputs, weights);
      for (const [name, array] of Object.entries(want))
        expect(difference(got[name]!, array, 1e-4), name).toBe(undefined);
    },
  );
});
