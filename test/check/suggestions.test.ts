/** @file "Did you mean": every kind of name that can be misspelt, and the suggestion for it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildGraphs } from "../../src/graphs.ts";
import { applyEdits } from "../../src/source/edits.ts";
import { renderDiagnostic } from "../../src/source/render.ts";
import { check, programOf } from "../support/check.ts";
import { fuse } from "../support/command-line.ts";

const inBlock = (body: string) => `fuse 1\n\nblock Main(x: [n, c, h, w], width: int) {\n  ${body}\n}\n`;

/** The error in an otherwise correct program, its code, and the fix. */
const rows: readonly (readonly [string, string, string, string, string])[] = [
  ["an operator", inBlock("return width * batchnrom(x)"), "unknown-operator", "batchnrom", "batchnorm"],
  ["an operator of PyTorch", inBlock("return x |> Conv2d(c: width) @conv"), "unknown-operator", "Conv2d", "conv"],
  [
    "a block",
    `fuse 1\n\nblock Gate(x: [n, c]) -> [n, c] {\n  return sigmoid(x)\n}\n\nblock Main(x: [n, c]) {\n  return Gaet(x)\n}\n`,
    "unknown-operator",
    "Gaet",
    "Gate",
  ],
  [
    "an imported block",
    'fuse 1\nimport { CBMA as Gate } from "fuse/attention"\n\nblock Main(x: [n, c, h, w]) {\n  return Gate(x) @gate\n}\n',
    "unknown-export",
    "CBMA",
    "CBAM",
  ],
  [
    "a module of the library",
    'fuse 1\nimport { SE } from "fuse/atention"\n\nblock Main(x: [n, c, h, w]) {\n  return SE(x) @gate\n}\n',
    "unknown-module",
    '"fuse/atention"',
    '"fuse/attention"',
  ],
  [
    "an attribute of an operator",
    inBlock("return conv(x, c: width, kernal: 3)"),
    "unknown-attribute",
    "kernal",
    "kernel",
  ],
  ["an attribute of PyTorch", inBlock("return conv(x, c: width, padding: 3)"), "unknown-attribute", "padding", "pad"],
  [
    "an attribute of a block",
    "fuse 1\n\nblock Gate(x: [n, c], rate: int) -> [n, c] {\n  return x * rate\n}\n\nblock Main(x: [n, c]) {\n  return Gate(x, rat: 2)\n}\n",
    "unknown-attribute",
    "rat",
    "rate",
  ],
  [
    "a choice of an operator",
    inBlock("return upsample(x * width, 2, mode: bilinaer)"),
    "unknown-choice",
    "bilinaer",
    "bilinear",
  ],
  [
    "a choice of a parameter",
    "fuse 1\n\nblock Main(x: [n, c], by: double | keep) {\n  return match by { double => x + x, kepe => x, keep => x }\n}\n",
    "unknown-choice",
    "kepe",
    "keep",
  ],
  ["a size", inBlock("return conv(x, c: widht)"), "unknown-size", "widht", "width"],
  [
    "a size of a declared result",
    "fuse 1\n\nblock Main(x: [n, chan]) -> [n, chna] {\n  return x\n}\n",
    "unknown-size",
    "chna",
    "chan",
  ],
  ["a name", inBlock("gate = sigmoid(x)\n  return x * gaet * width"), "unknown-name", "gaet", "gate"],
  [
    "a tensor before an axis",
    inBlock("gate = relu(x)\n  return gaet.c * x * gate * width"),
    "unknown-name",
    "gaet",
    "gate",
  ],
  [
    "an axis of a tensor",
    "fuse 1\n\nblock Main(x: [n, time]) {\n  return x * x.tiem\n}\n",
    "missing-axis",
    "tiem",
    "time",
  ],
  [
    "a named result",
    "fuse 1\n\nblock Two(x: [n, c]) -> (left: [n, c], right: [n, c]) {\n  return x, relu(x)\n}\n\nblock Main(x: [n, c]) {\n  return Two(x).rihgt\n}\n",
    "unknown-name",
    "rihgt",
    "right",
  ],
  [
    "a type",
    "fuse 1\n\nblock Main(x: [n, c], rate: flaot) {\n  return x * rate\n}\n",
    "unknown-type",
    "flaot",
    "float",
  ],
  [
    "a type of another language",
    "fuse 1\n\nblock Main(x: [n, c], rate: f64) {\n  return x * rate\n}\n",
    "unknown-type",
    "f64",
    "float",
  ],
  ["a dtype", "fuse 1\n\nblock Main(x: float32[n, c]) {\n  return relu(x)\n}\n", "unknown-dtype", "float32", "f32"],
  ["a dtype of a cast", inBlock("return cast(x * width, int64)"), "unknown-dtype", "int64", "i32"],
  [
    "an initialiser",
    "fuse 1\n\nblock Main(x: [n, c: 2]) {\n  weight w: [c: 2] = xavier\n  return x * w\n}\n",
    "unknown-initialiser",
    "xavier",
    "glorot",
  ],
];

describe.each(rows)("%s", (_, program, code, wrong, right) => {
  const [found, ...others] = check(program).filter(({ severity }) => severity === "error");

  test("is reported, and nothing else", () => {
    expect(found?.code).toBe(code);
    expect(others).toEqual([]);
  });

  test("comes with the right suggestion", () => {
    const [help] = found!.helps;
    expect(help).toMatchObject({ text: "did you mean", code: right });
    expect(renderDiagnostic(found!, { color: false })).toMatch(new RegExp(`help: did you mean +${right}\n?`));
    const edits = help!.edits!;
    expect(edits.map(({ span }) => program.slice(span.start, span.end))).toEqual([wrong]);
    const left = check(applyEdits(program, edits)).filter(({ severity }) => severity === "error");
    // A second arm for a choice is the next error.
    expect(left.map((next) => next.code)).toEqual(
      code === "unknown-choice" && wrong === "kepe" ? ["duplicate-choice"] : [],
    );
  });
});

test("a label instead of the name of a value changes no name of a weight", () => {
  const text = readFileSync("test/fixtures/check/labels-from-values/input.fuse", "utf8");
  const edits = check(text).flatMap(({ code, helps }) => (code === "label-from-value" ? helps[0]!.edits! : []));
  const fixed = applyEdits(text, edits);
  expect(fixed).toContain("stem = x |> conv(c: 8, kernel: 3) @stem |> relu");
  expect(fixed).toContain("repeat(3) Unit @body");
  expect(check(fixed)).toEqual([]);
  const paths = (program: string) => {
    const { value } = buildGraphs(programOf(program), { settings: { deep: "true" } });
    return value![0]!.weights.map(({ path }) => path);
  };
  expect(paths(fixed)).toEqual(paths(text));
  expect(paths(fixed)).toContain("stem.weight");
});

test("an axis that an operator works on", () => {
  const [found] = check("fuse 1\n\nblock Main(x: [n, time, c]) {\n  return mean(x, axis: tiem)\n}\n");
  expect(found).toMatchObject({ code: "missing-axis", helps: [{ text: "did you mean", code: "time" }] });
});

test("a name that is defined only later", () => {
  const [found] = check("fuse 1\n\nblock Main(x: [n, c]) {\n  y = x + z\n  z = relu(x)\n  return y + z\n}\n");
  expect(found).toMatchObject({ code: "unknown-name", helps: [], labels: [{ text: "it is assigned only here" }] });
});

test.each(["constructor", "__proto__", "toString", "hasOwnProperty"])("%s is unknown", (name) => {
  for (const body of [
    `return ${name}(x) * width`,
    `return x |> ${name}(width: width)`,
    `return x * ${name} * width`,
    `return conv(x, c: ${name}) * width`,
    `return conv(x, c: 8, ${name}: 3) * width`,
    `return upsample(x, 2, mode: ${name}) * width`,
    `return cast(x, ${name}) * width`,
    `return mean(x, axis: ${name}) * width`,
    `weight v: [c: 2] = ${name}\n  return x * width * v`,
    `weight v: [c: 2] = ${name}(1)\n  return x * width * v`,
  ]) {
    const found = check(inBlock(body)).filter(({ severity }) => severity === "error");
    expect(found.map(({ message }) => message)).toEqual([expect.stringContaining(name)]);
    expect(found[0]!.helps.flatMap(({ edits }) => edits ?? []).every(({ text }) => typeof text === "string")).toBe(
      true,
    );
  }
});

describe("on the command line", () => {
  let folder: string;
  const model = "fuse 1\n\nmodel Net(x: [n, c], width: int = 8) -> [n, c] {\n  return x * width\n}\n";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "fuse-suggestions-"));
    writeFileSync(join(folder, "net.fuse"), model);
    writeFileSync(join(folder, "parts.fuse"), "fuse 1\n\nblock Part(x: [n, c]) -> [n, c] {\n  return relu(x)\n}\n");
    writeFileSync(
      join(folder, "uses.fuse"),
      'fuse 1\nimport { Part } from "./part.fuse"\n\nblock Main(x: [n, c]) {\n  return Part(x)\n}\n',
    );
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test.each([
    ["a file", ["check", "nte.fuse"], "help: did you mean    net.fuse"],
    ["an imported file", ["check", "uses.fuse"], 'help: did you mean    "./parts.fuse"'],
    ["a setting", ["check", "net.fuse", "--set", "widht=4"], "did you mean"],
    ["a model", ["summary", "net.fuse", "--model", "Nte"], "did you mean"],
    ["a model that is built", ["build", "net.fuse", "--model", "nets"], "did you mean    Net"],
    ["an input", ["run", "net.fuse", "--in", "xx=x.npy"], "did you mean"],
    ["a command", ["chekc", "net.fuse"], "Did you mean check?"],
    ["an option", ["check", "net.fuse", "--jsno"], "Did you mean --json?"],
  ])("%s", async (_, args, text) => {
    const { code, err } = await fuse(folder, args);
    expect(code).toBeGreaterThan(0);
    expect(err).toContain(text);
  });
});

test("an import of an unknown file gets a hint about paths", () => {
  const found = programOf('fuse 1\nimport { A } from "./prats.fuse"\n\nblock Main(x: [n, c]) {\n  return A(x)\n}\n');
  expect(found.check()[0]).toMatchObject({
    code: "unknown-module",
    helps: [{ text: "a path is relative to this file and ends in `.fuse`" }],
  });
});
