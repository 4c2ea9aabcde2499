/** @file The entry guard: the inputs it accepts, its messages about others, and that its cost is negligible. */
import { describe, expect, test } from "vitest";
import {
  checkGuard,
  evaluate,
  type Given,
  type Guard,
  type GuardAxis,
  type SizeExpr,
} from "../../src/contract/guard.ts";

const axis = (declared: string, size: SizeExpr): GuardAxis => ({ axis: declared.split(":")[0]!, declared, size });
const c3 = axis("c: 3", 3);

/** model Classifier(image: [n, h: 32*i, w: 32*j, c: 3], mask: [n, h: 2*i, w: k]) where j >= 2, k % j == 0, i != 5 */
const classifier: Guard = {
  model: "Classifier",
  inputs: [
    {
      name: "image",
      dtype: "f32",
      axes: [axis("n", "n"), axis("h: 32*i", ["*", 32, "i"]), axis("w: 32*j", ["*", 32, "j"]), c3],
      at: "net.fuse:3",
    },
    {
      name: "mask",
      dtype: "i32",
      axes: [axis("n", "n"), axis("h: 2*i", ["*", 2, "i"]), axis("w: k", "k")],
      at: "net.fuse:4",
    },
  ],
  variables: [
    { name: "n", input: "image", axis: "n", factor: 1, offset: 0 },
    { name: "k", input: "mask", axis: "w", factor: 1, offset: 0 },
    { name: "i", input: "image", axis: "h", factor: 32, offset: 0 },
    { name: "j", input: "image", axis: "w", factor: 32, offset: 0 },
  ],
  requirements: [
    { op: ">=", a: "j", b: 2, text: "j >= 2", at: "net.fuse:5" },
    { op: "divides", a: "j", b: "k", text: "k % j == 0", at: "net.fuse:5" },
    { op: "!=", a: "i", b: 5, text: "i != 5", at: "net.fuse:6" },
  ],
};

const f32 = (...shape: number[]): Given => ({ dtype: "f32", shape });
const i32 = (...shape: number[]): Given => ({ dtype: "i32", shape });

describe("an entry guard", () => {
  test("solves the variables of the signature", () => {
    const admitted = checkGuard(classifier, { image: f32(2, 64, 96, 3), mask: i32(2, 4, 6) });
    expect(admitted).toEqual({ sizes: { n: 2, k: 6, i: 2, j: 3 } });
  });

  test.each<[string, Record<string, Given>, string[]]>([
    [
      "a size that is no multiple",
      { image: f32(1, 500, 64, 3), mask: i32(1, 4, 2) },
      ['image.h must be a multiple of 32 (declared "h: 32*i", net.fuse:3), got 500. Nearest: 480, 512.'],
    ],
    [
      "a size below the first multiple",
      { image: f32(1, 20, 64, 3), mask: i32(1, 4, 2) },
      ['image.h must be a multiple of 32 (declared "h: 32*i", net.fuse:3), got 20. Nearest: 32.'],
    ],
    [
      "a literal",
      { image: f32(1, 32, 64, 4), mask: i32(1, 2, 2) },
      ['image.c must be 3 (declared "c: 3", net.fuse:3), got 4.'],
    ],
    [
      "a variable with two values",
      { image: f32(3, 32, 64, 3), mask: i32(2, 2, 2) },
      ['mask.n is 2, but image.n is 3 (declared "n", net.fuse:4).'],
    ],
    [
      "an expression over a variable",
      { image: f32(1, 64, 64, 3), mask: i32(1, 5, 2) },
      ['mask.h must be 4 (declared "h: 2*i", net.fuse:4; i is 2), got 5.'],
    ],
    [
      "requirements",
      { image: f32(1, 160, 32, 3), mask: i32(1, 10, 2) },
      ["j >= 2 is required (net.fuse:5), but j is 1.", "i != 5 is required (net.fuse:6), but i is 5."],
    ],
    [
      "a requirement over two variables",
      { image: f32(1, 32, 96, 3), mask: i32(1, 2, 7) },
      ["k % j == 0 is required (net.fuse:5), but k is 7 and j is 3."],
    ],
    [
      "missing and unknown inputs",
      { imgae: f32(1, 32, 64, 3), mask: i32(1, 2, 2) },
      [
        "image is missing (declared [n, h: 32*i, w: 32*j, c: 3], net.fuse:3).",
        'there is no input "imgae"; the inputs are image, mask.',
      ],
    ],
    [
      "rank and dtype, all at once",
      { image: f32(32, 64, 3), mask: { dtype: "f32", shape: [1, 2, 2] } },
      [
        "image must have 4 axes (declared [n, h: 32*i, w: 32*j, c: 3], net.fuse:3), got 3: [32, 64, 3].",
        "mask must be i32 (net.fuse:4), got f32.",
      ],
    ],
    [
      "an empty batch",
      { image: f32(0, 32, 64, 3), mask: i32(0, 2, 2) },
      [
        'image.n must be at least 1 (declared "n", net.fuse:3), got 0.',
        'mask.n must be at least 1 (declared "n", net.fuse:4), got 0.',
      ],
    ],
    [
      "several axes of one input",
      { image: f32(1, 33, 65, 1), mask: i32(1, 2, 2) },
      [
        'image.h must be a multiple of 32 (declared "h: 32*i", net.fuse:3), got 33. Nearest: 32, 64.',
        'image.w must be a multiple of 32 (declared "w: 32*j", net.fuse:3), got 65. Nearest: 64, 96.',
        'image.c must be 3 (declared "c: 3", net.fuse:3), got 1.',
      ],
    ],
  ])("refuses %s", (_, given, problems) => {
    expect(checkGuard(classifier, given)).toEqual({ problems: problems.map((text) => `Classifier: ${text}`) });
  });

  test.each<[SizeExpr, SizeExpr, string, number, string | number]>([
    [2, 1, "t: 2*v + 1", 7, 3],
    [
      2,
      1,
      "t: 2*v + 1",
      8,
      'must be 1 more than a multiple of 2 (declared "t: 2*v + 1", a.fuse:1), got 8. Nearest: 7, 9.',
    ],
    [2, 1, "t: 2*v + 1", 1, 'must be at least 3 (declared "t: 2*v + 1", a.fuse:1), got 1.'],
    [
      4,
      -2,
      "t: 4*v - 2",
      3,
      'must be 2 less than a multiple of 4 (declared "t: 4*v - 2", a.fuse:1), got 3. Nearest: 2, 6.',
    ],
    ["k", 0, "t: k*v", 7, 'must be a multiple of 3 (declared "t: k*v", a.fuse:1; k is 3), got 7. Nearest: 6, 9.'],
    [-1, 9, "t: 9 - v", 4, 5],
    [-1, 9, "t: 9 - v", 9, 'must be at most 8 (declared "t: 9 - v", a.fuse:1), got 9.'],
  ])("solves %j*v + %j", (factor, offset, text, size, outcome) => {
    const guard: Guard = {
      model: "M",
      inputs: [
        {
          name: "a",
          dtype: "f32",
          axes: [axis("k", "k"), axis(text, ["+", ["*", factor, "v"], offset])],
          at: "a.fuse:1",
        },
      ],
      variables: [
        { name: "k", input: "a", axis: "k", factor: 1, offset: 0 },
        { name: "v", input: "a", axis: "t", factor, offset },
      ],
      requirements: [],
    };
    const expected =
      typeof outcome === "number" ? { sizes: { k: 3, v: outcome } } : { problems: [`M: a.t ${outcome}`] };
    expect(checkGuard(guard, { a: f32(3, size) })).toEqual(expected);
  });

  test("an exact quotient of numbers that do not divide", () => {
    const guard: Guard = {
      model: "M",
      inputs: [{ name: "a", dtype: "f32", axes: [axis("n", "n"), axis("c: n/2", ["/", "n", 2])], at: "a.fuse:1" }],
      variables: [{ name: "n", input: "a", axis: "n", factor: 1, offset: 0 }],
      requirements: [{ op: "==", a: ["floor", "n", 2], b: ["ceil", "n", 2], text: "n is even", at: "a.fuse:2" }],
    };
    expect(checkGuard(guard, { a: f32(6, 3) })).toEqual({ sizes: { n: 6 } });
    expect(checkGuard(guard, { a: f32(5, 2) })).toEqual({
      problems: [
        'M: a.c does not match (declared "c: n/2", a.fuse:1; n is 5), got 2.',
        "M: n is even is required (a.fuse:2), but n is 5.",
      ],
    });
  });

  test("names of built-in object properties are ordinary names", () => {
    const guard: Guard = {
      model: "M",
      inputs: [{ name: "__proto__", dtype: "f32", axes: [axis("constructor", "constructor")], at: "a.fuse:1" }],
      variables: [{ name: "constructor", input: "__proto__", axis: "constructor", factor: 1, offset: 0 }],
      requirements: [],
    };
    expect(checkGuard(guard, { ["__proto__"]: f32(4) })).toEqual({ sizes: { constructor: 4 } });
    expect(checkGuard(guard, {})).toEqual({
      problems: ["M: __proto__ is missing (declared [constructor], a.fuse:1)."],
    });
    expect(evaluate("toString", Object.create(null) as Record<string, number>)).toBeNaN();
  });

  test("takes a few microseconds", () => {
    const given = { image: f32(2, 64, 96, 3), mask: i32(2, 4, 6) };
    const times = Array.from({ length: 20 }, () => {
      const start = performance.now();
      for (let i = 0; i < 1000; i++) checkGuard(classifier, given);
      return performance.now() - start;
    });
    // The minimum, because other work on the machine only adds. Milliseconds for 1,000, so microseconds for one.
    expect(Math.min(...times)).toBeLessThan(20);
  });
});
