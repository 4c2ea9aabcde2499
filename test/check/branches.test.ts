/** @file Arms on true and false, arms and branches with several values, and labels that add nothing to a weight path. */
import { expect, test } from "vitest";
import { check } from "../support/check.ts";
import { graphOf } from "../support/compare.ts";
import { interpret } from "../support/interpret.ts";

const paths = (text: string, settings: Readonly<Record<string, string>> = {}) =>
  graphOf(`fuse 1\n${text}`, settings).weights.map(({ path }) => path);

test("a `match` on a bool has the arms true and false, and an arm may have several values", () => {
  const text = `fuse 1
model M(x: [n], swap: bool = false) -> (y: [n]) {
  a, b = match swap { true => x * 2, x, false => x, x * 2 }
  c, d = if swap { a, b } else { b, a }
  return a * 1000 + b * 100 + c * 10 + d
}`;
  const x = { dtype: "f32", shape: [1], data: Float32Array.of(1) } as const;
  const results = ["true", "false"].map((swap) => interpret(graphOf(text, { swap }), { x })["y"]!.data[0]);
  expect(results).toEqual([2121, 1221]);
});

test("an arm has as many values as names are assigned, and a bool has both arms", () => {
  const body = (arms: string) =>
    `fuse 1\nblock A(x: [n], on: bool = true) {\n  a, b = match on { ${arms} }\n  return a + b\n}`;
  const codes = (arms: string) => check(body(arms)).map(({ code }) => code);
  expect(codes("true => x, x false => x, x")).toEqual([]);
  expect(codes("true => x, x false => x, x, x")).toEqual(["wrong-result-count"]);
  expect(codes("true => x, x")).toEqual(["match-not-exhaustive"]);
  expect(codes("true => x, x no => x, x")).toContain("unknown-choice");
});

test("`@.` adds nothing to the paths of the weights", () => {
  const same = "block Same(x: [n, c, h, w], out: int) { return x |> conv(c: out, kernel: 3) @. }\n";
  const model = (chain: string) =>
    `${same}model M(x: [n, c: 8, h, w]) -> (y: [n, c: 8, h, w]) { return x |> ${chain} }`;
  expect(paths(model("Same(out: 8) @conv"))).toEqual(["conv.weight", "conv.bias"]);
  expect(paths(model("Same(out: 8) @."))).toEqual(["weight", "bias"]);
  expect(paths(model("repeat(2) Same(out: 8) @."))).toEqual(["0.weight", "0.bias", "1.weight", "1.bias"]);
  const twice = check(`fuse 1\n${model("Same(out: 8) @. |> Same(out: 8) @.")}`);
  expect(twice.map(({ code }) => code)).toEqual(["duplicate-weight-path"]);
});

test("the weights of a branch that is a block keep their paths with `@.`", () => {
  const text = `
block Gate(x: [n, c]) { z = x |> linear(c: c) @fc
  return z * sigmoid(z) }
model M(x: [n, c: 8], gate: bool = true) -> (y: [n, c: 8]) {
  return x |> if gate { Gate @. } else { linear(c: 8) @fc }
}`;
  expect(["true", "false"].map((gate) => paths(text, { gate }))).toEqual([
    ["fc.weight", "fc.bias"],
    ["fc.weight", "fc.bias"],
  ]);
});
