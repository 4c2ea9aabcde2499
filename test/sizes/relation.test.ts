/** @file Relations by example: how comparisons are read, printed and negated. */
import { describe, expect, it } from "vitest";
import { negate, printRelation, readRelation, substitute, type Comparison } from "../../src/sizes/relation.ts";
import { SizeText } from "../support/size-text.ts";

const COMPARISON = / (==|!=|<=|>=|<|>) /;

function read(t: SizeText, text: string) {
  const [left = "", op, right = ""] = text.split(COMPARISON);
  return readRelation(t.sizes, op as Comparison, t.size(left), t.size(right));
}

describe("a comparison", () => {
  it.each([
    ["c == d", "c == d", "c != d"],
    ["c != 4", "c != 4", "c == 4"],
    ["c > 4", "c > 4", "c <= 4"],
    ["c >= 5", "c >= 5", "c < 5"],
    ["c < 4", "c < 4", "c >= 4"],
    ["c <= 4", "c <= 4", "c >= 5"],
    ["c > d", "c > d", "c <= d"],
    ["c < d", "c < d", "c >= d"],
    ["c >= d", "c >= d", "c < d"],
    ["c <= d", "c <= d", "d < c"],
    // The variable introduced first comes first, as in a signature.
    ["d >= c", "c <= d", "d < c"],
    ["4 < c", "c >= 5", "c < 5"],
    ["4 > c", "c <= 3", "c >= 4"],
    ["h - 204 >= 1", "h >= 205", "h <= 204"],
    ["h - 1 >= 1", "h >= 2", "h <= 1"],
    ["floor((h - 3)/2) + 1 >= 1", "h >= 3", "h <= 2"],
    ["floor(h/4) >= 1", "h >= 4", "h <= 3"],
    ["floor((floor(h/2) - 1)/2) >= 3", "h >= 14", "h <= 13"],
    ["2*h >= 5", "h >= 3", "h <= 2"],
    ["2*floor(h/3) <= 5", "h <= 8", "h >= 9"],
    ["floor(h/2) >= c", "c <= floor(h/2)", "floor(h/2) < c"],
    ["3 >= 4", "3 >= 4", "4 >= 4"],
  ])("%s is printed as %s, and its opposite as %s", (text, printed, opposite) => {
    const t = new SizeText();
    t.size("c + d");
    const relation = read(t, text);
    expect(printRelation(t.sizes, relation)).toBe(printed);
    expect(printRelation(t.sizes, negate(t.sizes, relation))).toBe(opposite);
  });
});

it.each([
  ["4", "c", "c % 4 == 0"],
  ["2*r", "c + d", "(c + d) % (2*r) == 0"],
  ["4", "2*c + 6", "(c + 3) % 2 == 0"],
  ["r", "floor(c/2)", "floor(c/2) % r == 0"],
])("%s divides %s is printed as %s", (divisor, dividend, printed) => {
  const t = new SizeText();
  expect(printRelation(t.sizes, { op: "divides", a: t.size(divisor), b: t.size(dividend) })).toBe(printed);
});

it("keeps its other fields when its sides are replaced", () => {
  const t = new SizeText();
  const relation = { op: "divides", a: t.size("r"), b: t.size("c"), at: 7 } as const;
  const replaced = substitute(relation, (size) => t.sizes.add(size, size));
  expect(printRelation(t.sizes, replaced)).toBe("c % r == 0");
  expect(replaced.at).toBe(7);
});
