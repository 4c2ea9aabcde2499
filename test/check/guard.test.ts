/** @file The entry guards of programs: from declared sizes, from `where`, and from the needs of their operators. */
import { expect, test } from "vitest";
import { checkGuard } from "../../src/contract/guard.ts";
import { graphOf } from "../support/compare.ts";

/** Returns what a guard says about one input of these shapes: the sizes, or the problems. */
function admitted(text: string, shapes: Readonly<Record<string, readonly number[]>>): unknown {
  const given = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { dtype: "f32", shape }]));
  const admission = checkGuard(graphOf(`fuse 1\n${text}`).guard, given);
  return "sizes" in admission ? { ...admission.sizes } : admission.problems;
}

test("declared patterns are solved", () => {
  const text = "model M(x: [n, h: 32*i + 1, c: 3]) -> [n, h: 32*i + 1, c: 3] { return relu(x) }";
  expect(admitted(text, { x: [2, 65, 3] })).toEqual({ n: 2, i: 2 });
  expect(admitted(text, { x: [2, 64, 3] })).toMatchInlineSnapshot(`
    [
      "M: x.h must be 1 more than a multiple of 32 (declared "h: 32*i + 1", main.fuse:2), got 64. Nearest: 33, 65.",
    ]
  `);
});

test("at least one alternative must hold", () => {
  const text = `model M(x: [n, h], y: [n, h: a]) -> [n, h] where h == 2 * a or (h == 3 * a and a >= 2) {
    return x + expand(mean(y, axis: h), h: h)
  }`;
  expect(admitted(text, { x: [1, 4], y: [1, 2] })).toEqual({ n: 1, h: 4, a: 2 });
  expect(admitted(text, { x: [1, 6], y: [1, 2] })).toEqual({ n: 1, h: 6, a: 2 });
  expect(admitted(text, { x: [1, 3], y: [1, 1] })).toMatchInlineSnapshot(`
    [
      "M: h == 2 * a or (h == 3 * a and a >= 2) is required (main.fuse:2), but h is 3 and a is 1.",
    ]
  `);
});

test("an operator's needs of run-time sizes are checked at entry", () => {
  const text = `model M(x: [n, c: 4, h, w]) -> [n, c: 2, h: h - 2, w: floor((w - 2) / 2)] {
    return x |> conv(c: 2, kernel: 3, pad: 0) @conv |> maxpool(kernel: [1, 2])
  }`;
  expect(admitted(text, { x: [1, 4, 3, 4] })).toEqual({ n: 1, h: 3, w: 4 });
  expect(admitted(text, { x: [1, 4, 2, 3] })).toMatchInlineSnapshot(`
    [
      "M: h >= 3 is required (main.fuse:3), but h is 2.",
      "M: w >= 4 is required (main.fuse:3), but w is 3.",
    ]
  `);
});

test("a division of run-time sizes is checked at entry", () => {
  const text = "model M(x: [n, t]) -> [n, g: 4, e: t / 4] { return x |> reshape(t -> [g: 4, e: t / 4]) }";
  expect(admitted(text, { x: [1, 8] })).toEqual({ n: 1, t: 8 });
  expect(admitted(text, { x: [1, 6] })).toMatchInlineSnapshot(`
    [
      "M: t % 4 == 0 is required (main.fuse:2), but t is 6.",
    ]
  `);
});

test("a requirement is not assumed in its own check", () => {
  // If 2 divides h + 2*floor(h/2), the floor is h/2 and the sum is 2*h, which 2 always divides.
  const text = `model M(x: [n, h, w, c: 3]) -> [n, t: (h + 2 * floor(h / 2)) / 2, d: 2, w, c: 3] {
    y = x |> avgpool(kernel: [2, 1], stride: [2, 1]) |> upsample([2, 1])
    return concat(x, y, axis: h) |> reshape(h -> [t: (h + 2 * floor(h / 2)) / 2, d: 2])
  }`;
  expect(admitted(text, { x: [1, 4, 2, 3] })).toEqual({ n: 1, h: 4, w: 2 });
  expect(admitted(text, { x: [1, 3, 2, 3] })).toMatchInlineSnapshot(`
    [
      "M: (h + 2*floor(h/2)) % 2 == 0 is required (main.fuse:4), but h is 3.",
    ]
  `);
});

test("a requirement stays in the guard even if it leaves its size one value", () => {
  const half = "model M(x: [n, h]) -> (y: [n, h: h / 2]) where h >= 5, h <= 6 { return x |> slice(h: [0, h / 2]) }";
  expect(admitted(half, { x: [1, 6] })).toEqual({ n: 1, h: 6 });
  expect(admitted(half, { x: [1, 5] })).toEqual(["M: h % 2 == 0 is required (main.fuse:2), but h is 5."]);
  const patches = `model M(x: [n, c: 3, h, w: 64]) -> (y: [n, c: 3, p: h / 32, q: 32, w: 64]) where h >= 200, h <= 250 {
    return x |> reshape(h -> [p: h / 32, q: 32])
  }`;
  expect(admitted(patches, { x: [1, 3, 224, 64] })).toEqual({ n: 1, h: 224 });
  expect(admitted(patches, { x: [1, 3, 225, 64] })).toEqual([
    "M: h % 32 == 0 is required (main.fuse:3), but h is 225.",
  ]);
});

test("so does a requirement of a block that a block calls", () => {
  const text = `block Inner(x: [n, h]) -> [n, h: h / 2] { return x |> slice(h: [0, h / 2]) }
block Outer(x: [n, h]) -> [n, h: h / 2] { return Inner(x) }
model M(x: [n, h]) -> (y: [n, h: h / 2]) where h >= 5, h <= 6 { return Outer(x) }`;
  expect(admitted(text, { x: [1, 6] })).toEqual({ n: 1, h: 6 });
  expect(admitted(text, { x: [1, 5] })).toEqual([expect.stringMatching(/^M: h % 2 == 0 is required .* but h is 5\.$/)]);
});

test("a size variable is at least 1 at the boundary of a model, through blocks, and with settings", () => {
  const own = "model M(x: [n, w: v + 1]) -> (y: [n, w: v + 1]) { return x }";
  expect(admitted(own, { x: [1, 2] })).toEqual({ n: 1, v: 1 });
  expect(admitted(own, { x: [1, 1] })).toEqual([expect.stringContaining("x.w must be at least 2")]);
  const nested = `block Inner(x: [n, w: v + 1]) -> [n, w: v + 1] { return x }
block Outer(x: [n, w]) -> [n, w] { return Inner(x) }
model M(x: [n, w]) -> (y: [n, w]) { return Outer(x) }`;
  expect(admitted(nested, { x: [1, 2] })).toEqual({ n: 1, w: 2 });
  expect(admitted(nested, { x: [1, 1] })).toEqual([expect.stringContaining("but w is 1.")]);
  const factor = "model M(x: [n, a, c: (a - 1)*v + 1]) -> (y: [n, a, c: (a - 1)*v + 1, v]) { return expand(x, v: v) }";
  expect(admitted(factor, { x: [1, 3, 5] })).toEqual({ n: 1, a: 3, v: 2 });
  expect(admitted(factor, { x: [1, 1, 1] })).toEqual([
    'M: x.c does not determine v (declared "c: (a - 1)*v + 1", main.fuse:2; a is 1).',
  ]);
});

test("a condition under a condition on sizes is checked where that one holds", () => {
  const text = "model M(x: [n, h, w]) -> (y: [n, h, w]) where h == w if n % 2 == 0 { return x }";
  expect(admitted(text, { x: [1, 2, 3] })).toEqual({ n: 1, h: 2, w: 3 });
  expect(admitted(text, { x: [2, 3, 3] })).toEqual({ n: 2, h: 3, w: 3 });
  expect(admitted(text, { x: [2, 2, 3] })).toEqual([
    "M: h == w if n % 2 == 0 is required (main.fuse:2), but n is 2 and h is 2 and w is 3.",
  ]);
});

test("alternatives may be nested", () => {
  const text =
    "model M(x: [n, h, w]) -> (y: [n, h, w]) where n == 1 or (h == 1 or w == 1) and (h == 2 or w == 2) { return x }";
  for (const shape of [
    [1, 5, 5],
    [3, 1, 2],
    [3, 2, 1],
  ])
    expect(admitted(text, { x: shape })).toHaveProperty("n", shape[0]);
  expect(admitted(text, { x: [3, 1, 1] })).toHaveLength(1);
});
