/** @file Calls of blocks: how the header's sizes are computed from the tensors, and the errors if they cannot be. */
import { expect, test } from "vitest";
import { check, programOf } from "../support/check.ts";
import { graphOf } from "../support/compare.ts";
import { nodesOf } from "../support/operator-cases.ts";

const errors = (text: string) =>
  check(`fuse 1\n${text}`)
    .filter(({ severity }) => severity === "error")
    .map(({ code, message, notes, helps }) => ({
      code,
      message,
      notes: notes.map((note) => note.text),
      helps: helps.map(({ text, code }) => `${text}: ${code}`),
    }));

test("an unsolvable size is an error in the header, and no number is tried for it", () => {
  const found = errors(`
block B(x: [n, h: ceil(12 / k)]) { return x }
block C(x: [n, h: 4]) { return B(x) }
`);
  expect(found.map(({ code }) => code)).toEqual(["unsolvable-size", "argument-size-mismatch"]);
  expect(found[1]).toMatchObject({
    message: "`B` expects x.h = ceil(12 / k), got 4",
    notes: ["`B` declares `h: ceil(12 / k)`", "`k` cannot be inferred from it"],
    helps: [],
  });
});

test("a variable is solved only from a whole multiple of it, each named once", () => {
  const unsolvable = (size: string) =>
    errors(`block B(x: [n, c, h: ${size}]) { return x }`).map(({ message }) => message);
  expect(unsolvable("k * k + k")).toEqual(["the size of axis `h`, k * k + k, cannot be solved for k"]);
  expect(unsolvable("k / 4")).toEqual(["the size of axis `h`, k / 4, cannot be solved for k"]);
  expect(unsolvable("k - k + 1")).toEqual(["the size of axis `h`, k - k + 1, cannot be solved for k"]);
  expect(unsolvable("k + j * k")).toEqual(["the size of axis `h`, k + j * k, cannot be solved for k and j"]);
  expect(unsolvable("2 * k + 1")).toEqual([]);
  expect(unsolvable("c * k + floor(c / 2) - 1")).toEqual([]);
  expect(unsolvable("k + c / 2")).toEqual([]);
});

test("a size is solved exactly, and its conditions are required of the caller", () => {
  const program = programOf(`fuse 1

block B(x: [n, c, h: c * k + c / 2]) -> [n, c, h: k] { return mean(x, axis: h) |> expand(h: k) }
block C(x: [n, c, h: 3 * c + c / 2]) -> [n, c, h: 3] { return B(x) }
`);
  expect(program.check()).toEqual([]);
  const { sizes } = program.context;
  const [world] = program.worlds(program.main.blocks.get("C")!);
  const asked = world!.requirements.map(({ relation }) => relation.op === "divides" && sizes.print(relation.b));
  expect(asked).toContain("c");
});

test("a solved variable is at least 1", () => {
  const block = "block B(x: [n, h: k + 4]) { return x }\n";
  expect(errors(`${block}block C(x: [n, h: 5]) { return B(x) }`)).toEqual([]);
  expect(errors(`${block}block C(x: [n, h: 4]) { return B(x) }`)).toMatchObject([
    {
      code: "size-not-positive",
      message: "`k` of `B` is 0, but must be at least 1",
      notes: ["required by `h: k + 4`"],
    },
  ]);
  expect(errors(`${block}block C(x: [n, h]) { return B(x) }\nblock D(x: [n, h: 3]) { return C(x) }`)).toMatchObject([
    { code: "size-not-positive", message: "`k` of `B` is -1, but must be at least 1" },
  ]);
});

test("a missing parameter cannot be computed together with a size", () => {
  const found = errors(`
block B(x: [n, h: r * k], r: int = 2) { return x }
block C(x: [n, h: 4]) { return B(x) }
`);
  expect(found).toMatchObject([
    {
      message: "`B` expects x.h = r * k, got 4",
      notes: ["`B` declares `h: r * k`", "`r` and `k` cannot be inferred from it"],
      helps: ["pass it: r: …"],
    },
  ]);
});

test("the help for a caller uses the caller's sizes", () => {
  const helps = (text: string) => errors(text).map(({ code, helps }) => [code, ...helps]);
  const block = "block B(x: [n, h: r * i], r: int) { return x }\n";
  expect(helps(`${block}block C(x: [n, h], s: int) { return B(x, r: s) }`)).toEqual([
    ["argument-size-mismatch", "declare it in the signature: h: s*i"],
  ]);
  // A name of the caller's own is not mistaken for another size.
  expect(helps(`${block}block C(x: [n, h], i: int) { return B(x, r: i) }`)).toEqual([
    ["argument-size-mismatch", "declare it in the signature: h: i*j"],
  ]);
});

test("a condition that a call does not meet is reported as written, whichever way round", () => {
  const found = (condition: string, sizes: string) =>
    errors(`block B(x: [n, c, d]) where ${condition} { return x }\nblock C(x: [n, ${sizes}]) { return B(x) }`);
  for (const [condition, opposite] of [
    ["c > 4", "4 <= 4"],
    ["c < 4", "4 >= 4"],
    ["c >= 5", "4 < 5"],
    ["4 <= d", "4 > 2"],
    ["not c == 4", "4 == 4"],
    ["c < d", "4 >= 2"],
  ] as const)
    expect(found(condition, "c: 4, d: 2")).toMatchObject([
      {
        code: "constraint-not-met",
        message: `\`B\` requires \`${condition}\`, but ${opposite} here`,
        notes: [`required by \`${condition}\``],
      },
    ]);
  // A bound is passed on; an equality must be declared.
  for (const condition of ["c > d", "d < c", "c >= d", "d <= c"]) expect(found(condition, "c, d")).toEqual([]);
  expect(found("c != d", "c, d")).toMatchObject([
    {
      notes: ["required by `c != d`", "for example c = 1, d = 1:  1  vs  1"],
      helps: ["declare it in the signature: where c != d"],
    },
  ]);
});

test("a condition that is passed on is reported in the callee's sizes", () => {
  expect(
    errors(`
block B(x: [n, c]) where c > 4 { return relu(x) }
block Outer(x: [n, c]) { return B(concat(x, x, axis: c)) }
block C(x: [n, c: 2]) { return Outer(x) }
`),
  ).toMatchObject([{ message: "`Outer` requires `c >= 3`, but 2 < 3 here", notes: ["required by `c > 4`"] }]);
});

const operatorsOf = (text: string, settings: Readonly<Record<string, string>> = {}) =>
  nodesOf(graphOf(`fuse 1\n${text}`, settings)).map(({ op }) => op.name);

test("a call decides the choices of its block, though the caller has a parameter of the same name", () => {
  const fuse = "block Fuse(a: [n], b: [n], by: add | mul = add) { return match by { add => a + b, mul => a * b } }\n";
  const model = (type: string, result: string) =>
    `${fuse}model M(a: [n], b: [n], by: ${type}) -> (y: [n]) { return ${result} }`;
  const same = model("add | mul = add", "Fuse(a, b, by: mul)");
  expect([operatorsOf(same), operatorsOf(same, { by: "mul" })]).toEqual([["mul"], ["mul"]]);
  const passed = model("add | mul = add", "Fuse(a, b, by: by)");
  expect([operatorsOf(passed), operatorsOf(passed, { by: "mul" })]).toEqual([["add"], ["mul"]]);
  const bool = model("bool = false", "if by { Fuse(a, b) } else { Fuse(a, b, by: mul) }");
  expect([operatorsOf(bool), operatorsOf(bool, { by: "true" })]).toEqual([["mul"], ["add"]]);
  const other = model("first | second = second", "match by { first => Fuse(a, b), second => Fuse(b, a, by: mul) }");
  expect([operatorsOf(other), operatorsOf(other, { by: "first" })]).toEqual([["mul"], ["add"]]);
});

test("integer choices are those of the call, too", () => {
  const text = `
block Power(x: [n], p: 1 | 2 = 1) { return match p { 1 => relu(x), 2 => square(x) } }
model M(x: [n], p: 1 | 2 = 1) -> (y: [n]) { return Power(x, p: 2) }
`;
  expect([operatorsOf(text), operatorsOf(text, { p: "2" })]).toEqual([["square"], ["square"]]);
});
