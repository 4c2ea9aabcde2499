/** @file Conditions that a signature leaves open: both sides are checked, each with its own facts, up to the limit. */
import { expect, test } from "vitest";
import { printRelation } from "../../src/sizes/relation.ts";
import { check, programOf } from "../support/check.ts";

const errors = (text: string) => check(text).filter(({ severity }) => severity === "error");

test("errors before a condition are seen under it", () => {
  // The sum is possible only if a equals b, and that condition comes too late to save the other side.
  const [found, ...others] = errors(`fuse 1

block Main(x: [n, c: a], y: [n, c: b]) -> [n] {
  s = x + y
  return if a == b { mean(s, axis: c) } else { max(s, axis: c) }
}
`);
  expect(others).toEqual([]);
  expect(found).toMatchObject({
    code: "variant-size-mismatch",
    message: "\`+\` is not possible in variant \`a != b\`",
  });
});

test("an expression that is right on both sides is right before the condition", () => {
  const text = (condition: string) => `fuse 1

block Half(x: [n, w]) -> [n, w: ceil(w / 2)] {
  y = maxpool(x, kernel: 2, ceil_mode: true)
  return if ${condition} { y } else { relu(y) }
}
`;
  expect(errors(text("w > 8"))).toEqual([]);
  expect(errors(text("w > 8 and w > 16 or w == 3"))).toEqual([]);
});

test("both sides of every open condition are worlds, in order", () => {
  const program = programOf(`fuse 1

block Main(x: [n, c, h], r: int) -> [n, c, h] {
  y = if c > 4 { relu(x) } else { x }
  return if h > r { y } else { if c > 4 and h == 1 { relu(y) } else { y } }
}
`);
  expect(program.check()).toEqual([]);
  const { sizes } = program.context;
  const worlds = program
    .worlds(program.main.blocks.get("Main")!)
    .map(({ assumptions }) => assumptions.map((one) => printRelation(sizes, one)).join(", "));
  expect(worlds).toEqual([
    "c > 4, h > r",
    "c > 4, h <= r, h == 1",
    "c > 4, h <= r, h != 1",
    "c <= 4, h > r",
    "c <= 4, h <= r",
  ]);
});

test("a condition that choices decide leaves no side open", () => {
  const program = programOf(`fuse 1

block Main(x: [n, c], out: int, stride: 1 | 2, residual: bool) -> [n, c] {
  y = if c == out and stride == 1 { relu(x) } else { x }
  return if c == out or residual { y } else { relu(y) }
}
`);
  expect(program.check()).toEqual([]);
  const counts = new Map<string, number>();
  for (const { choices } of program.worlds(program.main.blocks.get("Main")!)) {
    const key = [...choices.values()].join(", ");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect([...counts]).toEqual([
    ["1, false", 2],
    ["1, true", 2],
    ["2, false", 2],
    ["2, true", 1],
  ]);
});

test("too many worlds are rejected, also if sizes cause them", () => {
  const sizes = Array.from({ length: 9 }, (_, i) => `s${i}`);
  const text = `fuse 1

block Many(x: [n, c], ${sizes.map((name) => `${name}: int`).join(", ")}) -> [n, c] {
  return x |> ${sizes.map((name) => `if ${name} > 7 { relu } else { gelu }`).join(" |> ")}
}
`;
  expect(errors(text)).toMatchObject([{ code: "too-many-variants" }]);
  const fewer = text.replace(", s8: int", "").replace(" |> if s8 > 7 { relu } else { gelu }", "");
  expect(errors(fewer)).toEqual([]);
});
