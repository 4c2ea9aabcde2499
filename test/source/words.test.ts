/** @file Words of Python and PyTorch: what is suggested for each can be checked as it is. */
import { describe, expect, test } from "vitest";
import { operators } from "../../src/ops/table.ts";
import { applyEdits } from "../../src/source/edits.ts";
import { nearest } from "../../src/source/suggest.ts";
import { functionWords, foreignFunctions, unrelatedFunctions } from "../../src/source/words/functions.ts";
import { propertyWords, statementWords, typeWords, valueWords } from "../../src/source/words/python.ts";
import { argumentsOf, helpOf, helpOfCall, usualTensor, type Word } from "../../src/source/words/word.ts";
import { check } from "../support/check.ts";

/** A program with code in its place: a declaration, an import, parameters, statements or an expression. */
function programWith(code: string, given = usualTensor): string {
  if (/^(?:block|model) /.test(code)) return `fuse 1\n\n${code}\n`;
  if (code.startsWith("import ")) return `fuse 1\n${code}\n\nblock Main(x: [n, c, h, w]) {\n  return x |> SE\n}\n`;
  if (/^\w+: /.test(code)) return `fuse 1\n\nblock Main(x: [n, c], ${code}) {\n  return x\n}\n`;
  if (code.startsWith("return ")) return `fuse 1\n\nblock Main(${given}) {\n  ${code}\n}\n`;
  const [, names] = /(?:^|\n)(?:(?:weight|const) )?((?:\w+, )*\w+)(?: =(?!=)|: \[)[^\n]*$/.exec(code) ?? [];
  const body = names === undefined ? `return ${code}` : `${code.replaceAll("\n", "\n  ")}\n  return ${names}`;
  return `fuse 1\n\nblock Main(${given}) {\n  ${body}\n}\n`;
}

function errors(program: string): string[] {
  return check(program)
    .filter(({ severity }) => severity === "error")
    .map(({ message }) => message);
}

function codes(program: string): (string | undefined)[] {
  return check(program).flatMap(({ helps }) => helps.map(({ code }) => code));
}

/** The call of a word, as a function with each of its names, with a prefix, and as a method. */
function callsOf({ words, use }: Word): readonly string[] {
  const args = argumentsOf(use, use.indexOf("("));
  const inside = use.slice(use.indexOf("(") + 1, -1);
  const [first = "", ...others] = args;
  const rest = inside.slice(first.length).replace(/^, /, "");
  const calls = words.flatMap((word) => [`${word}(${inside})`, `torch.${word}(${inside})`]);
  const isMethod = /^[a-z]\w*$/.test(first) && others.length + 1 === args.length;
  return isMethod ? [...calls, ...words.map((word) => `${first}.${word}(${rest})`)] : calls;
}

const named = (words: readonly Word[]) => words.map((word) => [word.words[0]!, word] as const);

describe.each(named(functionWords))("%s", (_, word) => {
  const help = helpOfCall(word, { args: argumentsOf(word.use, word.use.indexOf("(")) });

  test("has code that checks", () => {
    expect(errors(programWith(help.code!, word.given))).toEqual([]);
  });

  test.each(callsOf(word))("%s is answered with it", (call) => {
    const [name] = /^[\w.]+/.exec(call)!;
    if (!name.includes(".") && Object.hasOwn(operators, name)) return;
    expect(codes(programWith(call, word.given))).toContain(help.code);
  });
});

describe.each(named([...valueWords, ...propertyWords, ...statementWords, ...typeWords]))("%s", (_, word) => {
  const { code } = helpOf(word);

  test("is answered", () => {
    const isDeclaration = statementWords.includes(word) && word.words.includes("import");
    const program = isDeclaration ? `fuse 1\n${word.use}\n` : programWith(word.use);
    const text = `fuse 1\n\nblock Main(x: [n, c]) {\n  ${word.use}\n  return x\n}\n`;
    const found = check(statementWords.includes(word) && !isDeclaration ? text : program);
    expect(found.flatMap(({ helps }) => helps)).toContainEqual(expect.objectContaining(helpOf(word)));
  });

  test("has code that checks", () => {
    if (code === undefined) return;
    const isValue = valueWords.includes(word) && /^\w+$/.test(code);
    expect(errors(programWith(isValue ? word.use.replace(word.words[0]!, code) : code))).toEqual([]);
  });
});

test.each([
  ["photo.chunk(3, dim=1)", "a, b = split(photo, axis: c)"],
  ["torch.cat([photo, relu(x), y], dim=1)", "concat(photo, relu(x), y, axis: c)"],
  ["torch.narrow(photo, 1, 2, 4)", "slice(photo, t: [2, 2 + 4])"],
  ["x |> chunk(2)", "a, b = … |> split(axis: c)"],
  ["x |> zeros_like", "expand(0.0, like: x)"],
  ["x |> expand_as(y)", "expand(like: y)"],
  ["x |> contiguous", undefined],
  ["f(x).view(n, -1)", "reshape(x, [c, h, w] -> d)"],
  ["nn.Conv2d(3, 96, (3, 3))", "conv(x, c: 96, kernel: 3, pad: 0) @conv1"],
  [
    "nn.Conv2d(3, 64, 7, stride=2, padding=(3, 1), groups=1, bias=False)",
    "conv(x, c: 64, kernel: 7, stride: 2, pad: [3, 1], bias: false) @conv1",
  ],
  ["torch.einsum('bhqd,bhkd->bhqk', q, k)", "dot(q, k, contract: d, batch: [b, h])"],
  ['einsum("nd,nd->n", u, v)', "dot(u, v, contract: d, batch: n)"],
  ["einsum('i,j->ij', u, v)", "dot(u, v, contract: [])"],
  ["q @ k", "dot(q, k, contract: e)"],
  ["y ** 3", "pow(y, 3)"],
  ["photo.shape[0]", "photo.c"],
  ["self.conv1(photo)", "conv(photo, c: 64, kernel: 3) @conv1"],
  ["self.relu(x)", "relu(…)"],
  ["conv(x, c: 3, kernel: (3, 3))", "[3, 3]"],
  ["concat([x, y], axis: c)", "x, y"],
  ["conv(x, c: 3, pad: 'same')", "same"],
  ['conv(x, c: 3, pad: "same")', "same"],
])("%s: %s", (wrong, code) => {
  const [found] = check(programWith(wrong, `x: [n, c, h, w], y: [n, c, h, w]`)).filter(
    (one) => one.severity === "error",
  );
  expect(found?.helps[0]?.code).toBe(code);
});

test("fixes quotes, Python's words and `self`", () => {
  const text =
    "fuse 1\nimport { SE } from 'fuse/attention'\n\n" +
    "block Main(self, x: [n, c, h, w]) {\n  return mean(SE(x), axis: h, keepdims: True) + conv(x, c: c, pad: 'same') @a\n}\n";
  let fixed = text;
  for (let round = 0; round < 3; round++)
    for (const found of check(fixed).slice(0, 1)) fixed = applyEdits(fixed, found.helps[0]?.edits ?? []);
  expect(fixed).toContain('from "fuse/attention"');
  expect(fixed).not.toContain("'");
  expect(fixed).not.toContain("self");
});

test("a default `none` becomes a choice", () => {
  const text = "fuse 1\n\nblock Main(x: [n, c], act: relu | gelu = None) {\n  return x\n}\n";
  const found = check(text).find(({ code }) => code === "unknown-choice");
  expect(applyEdits(text, found!.helps[0]!.edits!)).toContain("act: relu | gelu | none = none");
});

test("no word is an operator of another kind", () => {
  const names = Object.keys(operators);
  for (const word of ["clone", "cross", "detach", "narrow", "outer", "select", "chunk", ...unrelatedFunctions]) {
    const [found] = check(programWith(`${word}(x)`));
    expect(found?.helps.map(({ text }) => text)).not.toContain("did you mean");
  }
  for (const word of unrelatedFunctions) expect(foreignFunctions.has(word)).toBe(false);
  expect(nearest("clonw", names)).toBeUndefined();
  expect(nearest("sqtr", names)).toBe("sqrt");
});

test("each spelling has one record", () => {
  for (const words of [functionWords, valueWords, propertyWords, statementWords, typeWords]) {
    const all = words.flatMap((word) => word.words);
    expect(new Set(all).size).toBe(all.length);
  }
});

test("long and unclosed calls have no arguments", () => {
  expect(argumentsOf(`f(${"x, ".repeat(10_000)}`, 1)).toEqual([]);
  expect(argumentsOf("f(a, [b, c], d=2, \"e, f\", 'g')", 1)).toEqual(["a", "[b, c]", "d=2", '"e, f"', "'g'"]);
});
