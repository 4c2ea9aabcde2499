/** @file What operators complain about, by the codes of the diagnostics. */
import { expect, test } from "vitest";
import { operators } from "../../src/ops/table.ts";
import { OperatorTest, type Written } from "../support/operators.ts";

const image = "[n, c, h, w]";

const wrong: readonly (readonly [string, string | readonly string[], Written, string])[] = [
  ["add", ["[n, c]", "[n, h]"], {}, "broadcast-needs-subset"],
  ["add", ["[n]", "i32[n]"], {}, "dtype-mismatch"],
  ["div", ["i32[n]", "i32[n]"], {}, "dtype-mismatch"],
  ["add", ["bool[n]", "bool[n]"], {}, "dtype-mismatch"],
  ["logical_and", ["[n]", "[n]"], {}, "dtype-mismatch"],
  ["where", ["[n]", "[n]", "[n]"], {}, "dtype-mismatch"],
  ["where", ["bool[h]", "[n]", "[n]"], {}, "broadcast-needs-subset"],
  ["relu", "i32[n]", {}, "dtype-mismatch"],
  ["mean", "i32[n]", { axis: "n" }, "dtype-mismatch"],
  ["clamp", "[n]", {}, "missing-attribute"],
  ["clamp", "i32[n]", { min: 0.5 }, "bad-attribute"],
  ["softmax", "[n]", { axis: "c" }, "missing-axis"],
  ["mean", image, { axis: ["h", "h"] }, "duplicate-axis"],
  ["concat", ["[n, c]", "[n, c, h]"], { axis: "c" }, "unexpected-axis"],
  ["concat", ["[n, c, h]", "[n, c]"], { axis: "c" }, "missing-axis"],
  ["concat", ["[n, c]", "i32[n, c]"], { axis: "c" }, "dtype-mismatch"],
  ["stack", ["[n, c]", "[n, c]"], { axis: "c" }, "axis-exists"],
  ["split", "[n, c]", { parts: 2 }, "missing-attribute"],
  ["split", "[n, c]", { keyed: { c: ["c"], n: ["n"] } }, "bad-attribute"],
  ["split", "[n, c]", { keyed: { c: ["c"] }, axis: "c" }, "bad-attribute"],
  ["expand", "[n, c]", {}, "missing-attribute"],
  ["expand", "[n, c]", { keyed: { c: 3 } }, "axis-exists"],
  ["expand", "[n, c]", { like: "[n, h]" }, "unexpected-axis"],
  ["conv", "[n, t, d]", { c: 8 }, "missing-axis"],
  ["conv", "[n, h, w]", { c: 8 }, "missing-axis"],
  ["conv", "[n, c, h]", { c: 8 }, "missing-axis"],
  ["conv", "[n, c, d, h, w]", { c: 8 }, "unexpected-axis"],
  ["conv", image, { c: 8, axis: "c" }, "bad-attribute"],
  ["conv", image, { c: 8, kernel: [1, 2, 3] }, "bad-attribute"],
  [
    "conv",
    image,
    {
      c: 8,
      kernel: 3,
      pad: [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
    },
    "bad-attribute",
  ],
  ["conv", "i32[n, c, w]", { c: 8 }, "dtype-mismatch"],
  ["conv_transpose", image, { c: 8, kernel: 3, pad: "same" }, "bad-attribute"],
  ["linear", "[n, c]", {}, "missing-attribute"],
  ["linear", "[n, c]", { keyed: { d: 8 } }, "missing-axis"],
  ["linear", "[n, c]", { maps: [[["c"], [["k", null]]]] }, "unknown-size"],
  ["linear", "[n, c]", { maps: [[["c"], [["n", 4]]]] }, "axis-exists"],
  ["linear", "[n, c]", { keyed: { c: 8 }, maps: [[["c"], [["k", 4]]]] }, "bad-attribute"],
  ["dot", ["[n, t, d]", "[n, t, d]"], { contract: "d", batch: "n" }, "dot-shared-axis"],
  ["dot", ["[n, d]", "[n, t]"], { contract: "d", batch: "n" }, "missing-axis"],
  ["dot", ["[n, d]", "[n, d]"], { contract: ["d", "n"], batch: "n" }, "bad-attribute"],
  ["resize", image, {}, "missing-attribute"],
  ["resize", image, { keyed: { t: 3 } }, "missing-axis"],
  ["resize", image, { keyed: { h: 3 }, align_corners: true }, "bad-attribute"],
  ["resize", image, { like: "[n, h]" }, "missing-axis"],
  ["resize", "[a, b, c]", { keyed: { a: 1, b: 1, c: 1 } }, "unexpected-axis"],
  ["upsample", image, { scale: [1, 2, 3] }, "bad-attribute"],
  ["reshape", "[n, t]", {}, "missing-attribute"],
  [
    "reshape",
    "[n, t]",
    {
      maps: [
        [
          ["t"],
          [
            ["a", null],
            ["b", null],
          ],
        ],
      ],
    },
    "unknown-size",
  ],
  ["reshape", "[n, t]", { maps: [[["t"], [["n", "t"]]]] }, "axis-exists"],
  ["reshape", "[n, t]", { maps: [[["d"], [["n", "t"]]]] }, "missing-axis"],
  [
    "reshape",
    "[n, t]",
    {
      maps: [
        [["t"], [["a", "t"]]],
        [["t"], [["b", "t"]]],
      ],
    },
    "duplicate-axis",
  ],
  ["rename", "[n, t]", { maps: [[["t", "n"], [["a", null]]]] }, "bad-attribute"],
  ["rename", "[n, t]", { maps: [[["t"], [["n", null]]]] }, "axis-exists"],
  ["unsqueeze", "[n, t]", { axis: "t" }, "axis-exists"],
  ["slice", "[n, t]", { keyed: { t: [1] } }, "bad-attribute"],
  ["slice", "[n, t]", {}, "missing-attribute"],
  ["pad", "i32[t]", { keyed: { t: 1 }, value: 0.5 }, "bad-attribute"],
  ["pad", "[t]", { keyed: { t: [1, 2, 3] } }, "bad-attribute"],
  ["dropout", "[n]", { p: 2 }, "bad-attribute"],
  ["iota", [], {}, "missing-attribute"],
  ["iota", [], { keyed: { a: 1, b: 2 } }, "bad-attribute"],
];
test.each(wrong)("%s of %s with %j: %s", (op, inputs, attributes, code) => {
  const context = new OperatorTest();
  const node = context.apply(
    operators[op]!,
    [inputs].flat().map((type) => context.input(type)),
    attributes,
  );
  expect(node).toBeUndefined();
  expect(context.asked.at(-1)).toBe(code);
});
