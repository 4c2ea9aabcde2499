/** @file Messages about operands: missing axes, sizes that differ, and what to write instead. */
import { describe, expect, test } from "vitest";
import { fixText } from "../../src/cli/commands/fix.ts";
import { check } from "../support/check.ts";

const inBlock = (params: string, value: string) => `fuse 1\n\nblock F(${params}) {\n  return ${value}\n}\n`;

describe("broadcast-needs-subset", () => {
  const said = (params: string, value: string) => {
    const [found, ...others] = check(inBlock(params, value));
    expect(others).toEqual([]);
    expect(found?.code).toBe("broadcast-needs-subset");
    const [note] = found!.notes;
    return { note: note!.text, helps: found!.helps.map(({ text, code }) => `${text}: ${code ?? ""}`) };
  };
  const expand = "if you mean that, expand one of them explicitly: expand(…, like: x)";

  test("names the axes that each operand has and the other lacks", () => {
    expect(said("x: [n, c, h, w], gate: [n, k]", "x * gate")).toEqual({
      note: "`x` has `c`, `h`, `w`, which `gate` lacks; `gate` has `k`, which `x` lacks",
      helps: [expand],
    });
  });

  test("suggests a rename for the one axis of equal size", () => {
    expect(said("x: [n, c: 64, h: 8, w], gate: [n, k: 64]", "x * gate").helps).toEqual([
      "if they are the same axis, give them the same name: rename(k -> c)",
      expand,
    ]);
    expect(said("gate: [n, k: m], x: [n, c: m, h, w]", "gate * x").helps[0]).toContain("rename(k -> c)");
  });

  test("and for the one axis whose size may be equal", () => {
    expect(said("x: [n, c, h: 8, w: 8], gate: [n, k: 64]", "x * gate").helps[0]).toBe(
      "if they are the same axis, give them the same name and size: rename(k -> c)",
    );
  });

  test.each([
    ["sizes differ", "x: [n, c: 32], gate: [n, k: 64]", "x * gate"],
    ["two could be meant", "x: [n, c: 64, h: 64], gate: [n, k: 64]", "x * gate"],
    ["more would be lacking", "x: [n, c: 64, h: 3], gate: [n, k: 64, t: 5]", "x * gate"],
  ])("but not where %s", (_, params, value) => {
    expect(said(params, value).helps).toEqual([expand]);
  });

  test("blames the two of three operands that do not fit", () => {
    expect(said("m: bool[h], x: [n, c], y: [n]", "where(m, x, y)").note).toBe(
      "`m` has `h`, which `x` lacks; `x` has `n`, `c`, which `m` lacks",
    );
  });

  test("the head of a chain is not named by the whole chain", () => {
    expect(said("x: [n, c: 3], y: [n, k: 5]", "x |> maximum(y)").note).toContain("`k`, which ");
    expect(said("x: [n, c: 3], y: [n, k: 5]", "x |> maximum(y)").note).not.toContain("|>");
  });
});

test("numbers that differ are said, and not that they cannot be proved equal", () => {
  const notes = (text: string) => check(text).flatMap((found) => found.notes.map((note) => note.text));
  expect(notes(inBlock("a: [n, c: 64], b: [n, c: 32]", "a + b"))).toEqual(["64  vs  32"]);
  const chosen = "match by { concat => concat(a, b, axis: c), add => a + b }";
  const text = inBlock("a: [n, c: 64], b: [n, c: 32], by: concat | add = add", chosen);
  expect(check(text).map(({ code }) => code)).toEqual(["variant-size-mismatch"]);
  expect(notes(text)).toEqual(["64  vs  32", "OK in variant `by: concat`"]);
  // Sizes that always differ for other reasons are reported with an example.
  expect(notes(inBlock("a: [n, c], b: [n, c: c + 1]", "a + b"))).toEqual(["for example c = 1:  1  vs  2"]);
});

/** Applies the suggested fix. */
function fixed(text: string): string {
  const now = fixText("main.fuse", { text, diagnostics: check(text) }, (text) => check(text));
  expect(now.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  return now.text;
}

describe("a misspelt axis in an operator call is corrected there", () => {
  test.each([
    ["mean(x, axis: hieght)", "mean(x, axis: height)"],
    ["mean(x, axis: [widht, height])", "mean(x, axis: [width, height])"],
    ["x |> softmax(axis: widht)", "x |> softmax(axis: width)"],
    ["slice(x, widht: [0, 1], height: [0, 1])", "slice(x, width: [0, 1], height: [0, 1])"],
    ["pad(x, height: 1, widht : 1)", "pad(x, height: 1, width : 1)"],
    ["reshape(x, [hieght, width] -> hieght)", "reshape(x, [height, width] -> hieght)"],
    ["mean(mean(x, axis: widht), axis: height)", "mean(mean(x, axis: width), axis: height)"],
    ["dot(x, x, contract: [channels, hieght, width])", "dot(x, x, contract: [channels, height, width])"],
  ])("%s", (wrong, right) => {
    const params = "x: [n, channels, height, width]";
    const found = check(inBlock(params, wrong)).filter(({ code }) => code === "missing-axis");
    expect(found).toHaveLength(1);
    const [edit, ...others] = found[0]!.helps.flatMap(({ edits }) => edits ?? []);
    expect(others).toEqual([]);
    const { span, text } = edit!;
    const program = inBlock(params, wrong);
    expect(program.slice(0, span.start) + text + program.slice(span.end)).toBe(inBlock(params, right));
  });

  test("but not if the call does not name it", () => {
    const [found] = check(inBlock("x: [n, cc, h, w]", "conv(x, c: 3)"));
    expect(found?.code).toBe("missing-axis");
    expect(found?.helps.flatMap(({ edits }) => edits ?? [])).toEqual([]);
  });
});

describe("a library block that is not imported", () => {
  test("gets its import after the first line", () => {
    expect(fixed(inBlock("x: [n, c: 32, h, w]", "SE(x) @a"))).toBe(
      `fuse 1\nimport { SE } from "fuse/attention"\n\nblock F(x: [n, c: 32, h, w]) {\n  return SE(x) @a\n}\n`,
    );
  });

  test("after other imports, and inside one of the same module", () => {
    const before = `fuse 1\nimport { BAM } from "fuse/attention"\n\nblock F(x: [n, c: 32, h, w]) {\n  return SE(BAM(x) @b) @a |> GeM @c\n}\n`;
    expect(fixed(before)).toBe(
      before.replace("{ BAM }", "{ BAM, SE }").replace('attention"', 'attention"\nimport { GeM } from "fuse/pooling"'),
    );
  });

  test("the same block is imported once", () => {
    const once = 'fuse 1\nimport { SE } from "fuse/attention"\n';
    expect(fixed(inBlock("x: [n, c: 32, h, w]", "SE(SE(x) @a) @b")).startsWith(`${once}\n`)).toBe(true);
  });

  test("a name with a leading underscore is private", () => {
    const [found] = check(inBlock("x: [n, c: 32, h, w]", "_SE(x)"));
    expect(found?.helps.flatMap(({ code }) => code ?? []).join()).not.toContain("import");
  });
});

test("an equality that needs an even size suggests requiring one", () => {
  const fixed = (text: string) =>
    fixText("main.fuse", { text, diagnostics: check(text) }, (now) => check(now)).diagnostics;
  const text = inBlock("x: [n, c, h, w: 4*k]", "x + (x |> avgpool(kernel: 2) |> upsample(2))");
  const [found] = check(text);
  expect(found!.helps.map(({ code }) => code)).toEqual(["where h % 2 == 0"]);
  expect(fixed(text)).toEqual([]);
  // An error in one of several variants names that variant.
  const body = "match by { half => x + (x |> avgpool(kernel: 2) |> upsample(2)), none => x }";
  const chosen = inBlock("x: [n, c, h, w: 4*k], by: half | none", body);
  expect(check(chosen).flatMap(({ helps }) => helps.map(({ code }) => code))).toEqual([
    "where h % 2 == 0 if by == half",
  ]);
  expect(fixed(chosen)).toEqual([]);
  // No single divisor makes two variables equal.
  const [other] = check(inBlock("x: [n, h: a], y: [n, h: 2*b]", "x + y"));
  expect(other!.helps.map(({ code }) => code)).toEqual(["where a == 2*b"]);
});
