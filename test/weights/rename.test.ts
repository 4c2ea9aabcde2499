/** @file Renaming the tensors of a weight file. */
import { describe, expect, test } from "vitest";
import { renamer } from "../../src/weights/rename.ts";

const renamed = (name: string, rename: Readonly<Record<string, string>>) => renamer(rename)(name)?.to;

test.each([
  // Stars.
  ["a.x", "a.*", "b.*", "b.x"],
  ["a.", "a.*", "b.*", "b."],
  ["b.x", "a.*", "b.*", undefined],
  ["enc.layer.0.weight", "*.weight", "*.kernel", "enc.layer.0.kernel"],
  ["weight", "*weight", "*kernel", "kernel"],
  ["a.conv.b.conv.c", "*.conv.*", "*.c.*", "a.c.b.conv.c"],
  ["enc.3.attn.q.weight", "enc.*.attn.*.weight", "dec.*.self.*.w", "dec.3.self.q.w"],
  ["a.w.w", "a.*.w", "b.*.v", "b.w.v"],
  ["aaa", "*a", "*b", "aab"],
  ["module.net.w", "module.*", "*", "net.w"],
  ["w", "*", "net.*", "net.w"],
  ["axbxc", "*x*", "*-*", "a-bxc"],
  // Indices.
  ["features.3.conv.weight", "features.{i}.", "stages.{i}.", "stages.3.conv.weight"],
  ["features.3.conv.weight", "features.{i}.*", "stages.{i + 1}.*", "stages.4.conv.weight"],
  ["layer9.w", "layer{i}.w", "blocks.{i-1}.w", "blocks.8.w"],
  ["layer0.w", "layer{i}.w", "blocks.{i-1}.w", undefined],
  ["a.2.b.3.w", "a.{i}.b.{j}.w", "{2 * i + j}.{j * i}", "7.6"],
  ["a.12.w", "a.{i}.w", "b.{i}.w", "b.12.w"],
  ["a.x.w", "a.{i}.w", "b.{i}.w", undefined],
  ["a.07.w", "a.{i}.w", "b.{i}.w", undefined],
  ["a07", "*{i}", "*-{i}", undefined],
  ["conv12.w", "*{i}.w", "*.{i}.w", "conv.12.w"],
  ["conv12", "conv1{i}", "c.{i}", "c.2"],
  ["x.5.y.6", "*.{i}", "*.{i + 1}", "x.5.y.7"],
  ["layers.0.shared", "layers.{i}.shared", "shared", "shared"],
  ["a.1234567890123456.w", "a.{i}.w", "b.{i}.w", undefined],
  ["a.999999999999999.w", "a.{i}.w", "b.{i * i}.w", undefined],
  // Text of regular expressions and of JavaScript is text.
  ["a+b(c)[d]^$", "a+b(c)[d]^$", "x", "x"],
  ["axb", "a.b", "x", undefined],
  ["a.b", "*.b", "$&.$1", undefined],
  ["__proto__", "__proto__", "constructor", "constructor"],
  ["constructor.w", "constructor.*", "__proto__.*", "__proto__.w"],
  ["k.$&.w", "k.*.w", "v.*.w", "v.$&.w"],
])("%s with %s=%s is %s", (name, from, to, expected) => {
  if (to === "$&.$1") return expect(() => renamed(name, { [from]: to })).toThrow("1 * on the left and 0 on the right");
  expect(renamed(name, Object.fromEntries([[from, to]]))).toBe(expected);
});

test("the most specific rule applies, whatever the order", () => {
  const rules = { "*": "any.*", "a.*": "star.*", "a.{i}.*": "index.{i}.*", "a.1.w": "exact", "a.1.*": "one.*" };
  const all = Object.entries(rules);
  for (const order of [all, all.toReversed()]) {
    const rename = Object.fromEntries(order);
    expect(["a.1.w", "a.1.v", "a.2.w", "a.x", "b"].map((name) => renamed(name, rename))).toEqual([
      "exact",
      "one.v",
      "index.2.w",
      "star.x",
      "any.b",
    ]);
  }
});

test.each([
  ["a.*.b.*", "c.*", "has 2 * on the left and 1 on the right"],
  ["a", "b.*", "has 0 * on the left and 1 on the right"],
  ["a.{i}.", "b.{i}", "ends with a dot on one side only"],
  ["a.{i}", "b.{j}", 'uses "j" on the right, which is no index on the left'],
  ["a.{i}.{i}", "b.{i}", "has {i} twice on the left"],
  ["a.{i}{j}", "b.{i}.{j}", "has two indices side by side"],
  ["a.{i + 1}", "b.{i}", 'has "{i + 1}" on the left'],
  ["a.{}", "b", 'has "{}" on the left'],
  ["a.{i", "b", 'has "a.{i" on the left'],
  ["a.{i}", "b.{i / 2}", 'has "{i / 2}" on the right'],
  ["a.{i}", "b.{i +}", 'has "{i +}" on the right'],
  ["a.{i}", "b.{i", 'has "b.{i" on the right'],
])("%s=%s %s", (from, to, message) => {
  expect(() => renamer({ [from]: to })).toThrow(message);
});

describe("hostile names and rules take time in proportion to their length", () => {
  const long = 200_000;
  test.each([
    ["many stars", `${"a".repeat(long)}b`, `${"*a".repeat(20)}*c`, `${"*".repeat(21)}`],
    ["stars around text", "ab".repeat(long), "*ab*ba*aab*", "*-*-*-*"],
    ["digits", "1".repeat(long), "*{i}x", "*{i}"],
    ["dots", ".".repeat(long), "*.*.*.{i}", "*.*.*.{i}"],
    ["braces", "a", `a${"{".repeat(1000)}`, "a"],
  ])("%s", (_, name, from, to) => {
    const begin = performance.now();
    try {
      renamed(name, { [from]: to });
    } catch (error) {
      expect(String(error)).toContain("on the left");
    }
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});
