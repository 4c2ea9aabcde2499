/** @file Sizes whose computation could exceed 2^53: the guard of a model rejects inputs for which it does. */
import { describe, expect, test } from "vitest";
import { buildGraphs } from "../../src/graphs.ts";
import { checkGuard, type Guard } from "../../src/contract/guard.ts";
import { programOf } from "../support/check.ts";

function guardOf(model: string): Guard {
  const { value, diagnostics } = buildGraphs(programOf(`fuse 1\n\n${model}\n`));
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return value![0]!.guard;
}

const quotient = "floor(h * w * 2147483647 / k)";
const padded = `model M(x: [h, w], y: [k]) -> (z: [h, w: w + ${quotient}]) {
  return pad(x, w: [0, ${quotient}])
}`;

describe("a quotient of large numbers", () => {
  const tensors = (h: number, w: number, k: number) => ({
    x: { dtype: "f32", shape: [h, w] },
    y: { dtype: "f32", shape: [k] },
  });

  test("is accepted if it is exact", () => {
    expect(checkGuard(guardOf(padded), tensors(100, 200, 7))).toHaveProperty("sizes");
  });

  test("is rejected if it is rounded", () => {
    // 2049 * 2051 * 2147483647 is odd and beyond 2^53.
    expect(checkGuard(guardOf(padded), tensors(2049, 2051, 2 ** 31))).toEqual({
      problems: ["floor(2147483647*h*w/k) + w", "floor(2147483647*h*w/k)"].map(
        (size) =>
          `M: ${size} without a number beyond 2^53 is required (main.fuse:4), ` +
          "but h is 2049 and w is 2051 and k is 2147483648.",
      ),
    });
  });
});

const risky = (model: string) =>
  guardOf(model)
    .requirements.filter(({ text }) => text.includes("beyond 2^53"))
    .map(({ text }) => text.split(" without")[0]);

test("those in attributes and numbers count, and each is required once", () => {
  const at = "floor(h * w * 2147483647 / k)";
  expect(
    risky(
      `model M(x: [h, w], y: [k]) -> (z: [h, w: 1]) where w >= ${at} + 1 {\n  return slice(x, w: [${at}, ${at} + 1])\n}`,
    ),
  ).toEqual(["floor(2147483647*h*w/k)", "floor(2147483647*h*w/k) + 1"]);
  expect(risky(`model M(x: i32[h, w], y: i32[k]) -> (z: i32[h, w]) {\n  return x + ${at}\n}`)).toEqual([
    "floor(2147483647*h*w/k)",
  ]);
});

test("a difference of large products", () => {
  expect(
    risky(
      "model M(x: [a, b], y: [c, d]) -> (z: [a, b: b + a * b - c * d]) where a * b >= c * d {\n  return pad(x, b: [0, a * b - c * d])\n}",
    ),
  ).toHaveLength(2);
});

test.each([
  [
    "small quotients",
    "model M(x: [n, c: 3, h, w]) -> (y: [n, c: 3, h: ceil(h / 2), w: ceil(w / 2)]) {\n  return maxpool(x, kernel: 3, stride: 2, pad: 1)\n}",
  ],
  ["products", "model M(x: [n, h, w]) -> (y: [n, t: h * w]) {\n  return x |> reshape([h, w] -> t: h * w)\n}"],
  [
    "a product less a small number",
    "model M(x: [h, w]) -> (y: [t: h * w - 1]) where h >= 2 {\n  return x |> reshape([h, w] -> t: h * w) |> slice(t: [1, h * w])\n}",
  ],
  [
    "half a product, which is as large as a tensor",
    "model M(x: [h, w]) -> (y: [t: floor(h * w / 2)]) where h >= 2 {\n  return x |> reshape([h, w] -> t: h * w) |> slice(t: [0, floor(h * w / 2)])\n}",
  ],
])("nothing is asked for %s", (_, model) => {
  expect(risky(model)).toEqual([]);
});

describe("a size beside i32 tensors", () => {
  const area = "model M(x: i32[h, w]) -> (y: i32[h, w]) {\n  return x + h * w * 1000\n}";

  test("is rejected if an i32 cannot hold it", () => {
    const given = (h: number, w: number) => ({ x: { dtype: "i32", shape: [h, w] } });
    expect(checkGuard(guardOf(area), given(1000, 2147))).toHaveProperty("sizes");
    expect(checkGuard(guardOf(area), given(1000, 2148))).toEqual({
      problems: ["M: 1000*h*w <= 2147483647 is required (main.fuse:4), but h is 1000 and w is 2148."],
    });
  });

  test("may be the size of an axis, or part of one", () => {
    const model = "model M(x: i32[h, w]) -> (y: i32[h, w]) {\n  return (x + h) * (floor(w / 2) - 1)\n}";
    expect(guardOf(model).requirements).toEqual([]);
  });
});
