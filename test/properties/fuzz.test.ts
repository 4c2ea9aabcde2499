/** @file No text crashes the compiler: random programs from fixed seeds, and enormous programs. */
import { describe, expect, test } from "vitest";
import { emitFactory } from "../../src/codegen/esm/emit.ts";
import { buildPlans } from "../../src/compile.ts";
import { buildGraphs } from "../../src/graphs.ts";
import { renderDiagnostics } from "../../src/source/render.ts";
import { textOf } from "../../src/source/source.ts";
import { check, programOf } from "../support/check.ts";
import { repeatInTime } from "../support/properties.ts";
import { info } from "../support/run.ts";
import { fuzz, makeFuzzCase } from "./fuzz.ts";

const repeat = (n: number, piece: (i: number) => string, between = ""): string =>
  Array.from({ length: n }, (_, i) => piece(i)).join(between);
const model = (body: string): string => `fuse 1\n\nmodel A(x: [n, c: 4]) -> (y: [n, c: 4]) {\n${body}\n}\n`;

/** Returns the messages of errors, with their codes: `too-large: …`. */
function errors(text: string, files: Readonly<Record<string, string>> = {}): string[] {
  const { diagnostics } = buildPlans(programOf(text, files));
  renderDiagnostics(diagnostics, { color: false });
  return diagnostics
    .filter(({ severity }) => severity === "error")
    .map(({ code, message }) => `${code}: ${message.replace(/^too large: /, "")}`);
}

test("random programs give messages or modules", () => {
  const kinds = new Set<string>();
  const codes = new Set<string>();
  let built = 0;
  const tried = repeatInTime({ runs: 300, least: 20 }, (index) => {
    const seed = index + 1;
    const { kind, text } = makeFuzzCase(seed);
    kinds.add(kind);
    try {
      const report = fuzz(text);
      if (report.built) built++;
      for (const code of report.codes) codes.add(code);
    } catch (error) {
      throw new Error(`seed ${seed}:\n${text}`, { cause: error });
    }
  });
  // All kinds of programs occur, and all stages are reached. About one program in sixty is still one that can be built.
  expect([kinds.size, codes.size > tried / 10, built > 0 || tried < 300]).toEqual([5, true, true]);
});

describe("enormous programs", () => {
  const many = 10_000;

  test("ten thousand brackets are too many", () => {
    expect(errors(model(`  return ${"(".repeat(many)}x${")".repeat(many)}`))).toEqual([
      "too-large: brackets are nested more than 200 deep",
    ]);
  });

  test.each([
    ["in one line", (i: number) => ` |> pow(${i % 7})`],
    ["in many lines", () => "\n    |> relu"],
  ])("ten thousand stages %s are a program", (_, stage) => {
    const { value, diagnostics } = buildPlans(programOf(model(`  return x${repeat(many, stage)}`)));
    expect(diagnostics).toEqual([]);
    expect(emitFactory(value!, info).length).toBeGreaterThan(many);
  });

  test("ten thousand statements are a program", () => {
    const text = model(`  a0 = x\n${repeat(many, (i) => `  a${i + 1} = a${i} + a${i}\n`)}  return a${many}`);
    expect(check(text)).toEqual([]);
  });

  test("endless repetition is too large", () => {
    const calls = ["too-large: the model makes more than 20,000 calls of operators and blocks"];
    const doubled = repeat(40, (i) => `block R${i + 1}(x: [n, c]) -> [n, c] {\n  return x |> R${i} |> R${i}\n}\n`);
    const start = (body: string) => `block R0(x: [n, c]) -> [n, c] {\n  return ${body}\n}\n`;
    const nested = "block R1(x: [n, c]) -> [n, c] {\n  return x |> repeat(200) R0\n}\n";
    expect(errors(model("  return x |> repeat(1000000000) relu"))).toEqual([
      "too-large: 1000000000 repetitions, more than 20,000",
    ]);
    for (const body of ["relu(x)", "x"]) {
      expect(errors(`${model("  return R40(x)")}${start(body)}${doubled}`)).toEqual(calls);
      expect(errors(`${model("  return x |> repeat(200) R1")}${start(body)}${nested}`)).toEqual(calls);
    }
  });

  test("so is a setting that repeats too often", () => {
    const text = model("  return x |> repeat(depth) linear(c: 4) @layers").replace("c: 4])", "c: 4], depth: int = 2)");
    const { diagnostics } = buildPlans(programOf(text), { settings: { depth: "100000" } });
    expect(diagnostics.map(({ message }) => message)).toEqual(["too large: 100000 repetitions, more than 20,000"]);
  });

  test("weights that double at every level are too many, once", () => {
    const doubled = repeat(
      40,
      (i) => `block R${i + 1}(x: [n, c]) -> [n, c] {\n  return x |> R${i} @a |> R${i} @b\n}\n`,
    );
    const start = "fuse 1\nblock R0(x: [n, c]) -> [n, c] {\n  return linear(x, c: c) @l\n}\n";
    expect(check(start + doubled).map(({ message }) => message)).toEqual([
      "too large: the block has more than 20,000 weights",
    ]);
  });

  test("alternatives in a header are not multiplied out", () => {
    const pairs = repeat(200, (i) => `(p == ${i + 1} or q == ${i + 1})`, " and ");
    const text = `fuse 1\nmodel A(x: [a: p, b: q]) -> (y: [a: p, b: q]) where ${pairs} or p == 999 {\n  return x\n}\n`;
    expect(buildGraphs(programOf(text)).value?.[0]?.guard.requirements).toHaveLength(1);
  });

  test("a proof from too many inequalities is too large, and names one of them", () => {
    const where = repeat(300, (i) => `${i + 1}*a + ${i + 2}*b*c >= ${i}*d + ${i % 7}`, ", ");
    const found = check(`fuse 1\nblock A(x: [n, a, b, c, d]) -> [n, a, b, c, d] where ${where} {\n  return x\n}\n`);
    expect(found.map(({ message }) => message)).toEqual(["too large: this takes too many steps to check"]);
    expect(where).toContain(textOf(found[0]!.span!));
  });

  test("worlds share their budget", () => {
    const flags = repeat(8, (i) => `b${i}: bool`, ", ");
    const used = repeat(8, (i) => `if b${i} { relu } else { identity }`, " |> ");
    const text = `fuse 1\nblock A(x: [n, c], ${flags}) -> [n, c] {\n  return x |> ${used} |> repeat(20000) relu\n}\n`;
    expect(check(text).map(({ message }) => message)).toEqual(["too large: this takes too many steps to check"]);
  });

  test.each([
    ["a value", (name: string) => model(`  ${name} = x\n  return ${name}`), []],
    ["a misspelt value", (name: string) => model(`  ${name} = x\n  return ${name}w`), ["unknown-name"]],
    ["an operator", (name: string) => model(`  return ${name}(x)`), ["unknown-operator"]],
    ["an axis", (name: string) => `fuse 1\nmodel A(x: [${name}]) -> (y: [${name}]) {\n  return relu(x)\n}\n`, []],
    ["a label", (name: string) => model(`  return x |> linear(c: 4) @${name}`), []],
    ["a file", (name: string) => `fuse 1\nimport { A } from "./${name}.fuse"\n`, ["unknown-module", "no-model"]],
    ["a comment", (name: string) => model(`  # ${name}\n  return x`), []],
  ])("a name of a megabyte: %s", (_, program, codes) => {
    const start = performance.now();
    expect(errors(program("v".repeat(1_000_000))).map((text) => text.slice(0, text.indexOf(":")))).toEqual(codes);
    // Far more than it takes, far less than quadratic time would.
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe("enormous numbers", () => {
  const big = "2147483647*2147483647";

  test("no integer of a program is beyond 31 bits", () => {
    for (const number of ["2147483648", "9007199254740993", "9".repeat(100_000)])
      expect(errors(model(`  return x |> linear(c: ${number}) @a`))[0]).toMatch(/the largest integer is 2147483647$/);
  });

  test.each([
    ["an axis", `x: [n, c: ${big}]`, "n", "relu(x)", "4611686014132420609"],
    ["a factor", `x: [n, c: ${big}*k]`, "n", "relu(x)", "4611686014132420609*k"],
    ["an offset", "x: [n, c]", "n", `pad(x, c: [0, ${big}])`, "c + 4611686014132420609"],
    [
      "a quotient",
      "x: [n, c]",
      "n",
      `expand(x, d: ceil(c * (${big}) / (${big} - 1)))`,
      "c + ceil(c/4611686014132420608)",
    ],
    ["an intermediate value", "x: [n, c]", "n", `expand(x, d: ${big}) |> mean(axis: d)`, "4611686014132420609"],
  ])("a size beyond 2^53 is refused, not rounded: %s", (_, input, axis, value, size) => {
    const text = `fuse 1\nmodel A(${input}) -> (y: [${axis}]) {\n  y = ${value}\n  return sum(y, axis: others)\n}\n`;
    const reduced = text.replace(
      "axis: others",
      value.includes("d:") && !value.includes("mean") ? "axis: [c, d]" : "axis: c",
    );
    expect(errors(reduced)).toEqual([`too-large: the size ${size} has a number beyond 2^53`]);
  });

  test("by a setting, too", () => {
    const text = "fuse 1\nmodel A(x: [n], k: int = 2) -> (y: [n, c: k*k]) {\n  return expand(x, c: k*k)\n}\n";
    const built = (k: string) => buildPlans(programOf(text), { settings: { k } });
    expect(built("94906265").value).toBeDefined();
    expect(built("94906266").diagnostics.map(({ message }) => message)).toEqual([
      "too large: the size 9007199326062756 has a number beyond 2^53",
    ]);
  });

  test("where they are compared, they are exact", () => {
    const where = (clause: string) =>
      errors(`fuse 1\nmodel A(x: [n, c: 3]) -> (y: [n, c: 3]) where ${clause} {\n  return relu(x)\n}\n`).length;
    expect(where(`${big} + 1 > ${big}`)).toBe(0);
    expect(where(`${big} + 1 == ${big}`)).toBe(1);
  });

  test("sizes of too many terms, too high powers, too long numbers", () => {
    const size = (text: string) =>
      errors(`fuse 1\nmodel A(x: [n, m, k]) -> (y: [p: ${text}]) {\n  return relu(x)\n}\n`);
    expect(size(repeat(50, (i) => `(n + m*${i + 1} + k)`, " * "))).toEqual([
      "too-large: a size has more than 1,000 terms",
    ]);
    expect(size(repeat(70, () => "n", "*"))).toEqual(["too-large: a size has a power beyond 64"]);
    expect(size(repeat(70, () => "2147483647", "*"))).toEqual([
      "too-large: a size has numbers of more than 1,024 bits",
    ]);
  });

  test("countless variants are counted, not explored", () => {
    const start = performance.now();
    for (const [switches, count] of [
      [20, "1048576"],
      [100, "1267650600228229401496703205376"],
    ] as const) {
      const params = repeat(switches, (i) => `b${i}: bool = true`, ", ");
      expect(errors(`fuse 1\nmodel A(x: [n], ${params}) -> (y: [n]) {\n  return relu(x)\n}\n`)).toEqual([
        `too-many-variants: \`A\` has ${count} variants; at most 256 are checked`,
      ]);
    }
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});

describe("cycles and depths", () => {
  const step = (name: string, body: string) => `block ${name}(x: [n, c]) -> [n, c] {\n  return ${body}\n}\n`;
  const blocks = (n: number) => [
    step("B0", "relu(x)"),
    ...Array.from({ length: n }, (_, i) => step(`B${i + 1}`, `B${i}(x)`)),
  ];

  test("blocks call each other at most a hundred deep, in whatever order they appear", () => {
    expect(errors(`${model("  return B98(x)")}${blocks(98).join("")}`)).toEqual([]);
    const message = "too-large: calls are nested more than 100 deep";
    for (const deep of [100, 2000]) {
      const text = model(`  return B${deep}(x)`);
      expect(errors(`${text}${blocks(deep).join("")}`)).toEqual([message]);
      expect(errors(`${text}${blocks(deep).reverse().join("")}`)).toEqual([message]);
    }
  });

  test("a hundred blocks of two hundred brackets are too deep, without a stack overflow", () => {
    const nested = (i: number) => `${"relu(".repeat(190)}B${i}(x)${")".repeat(190)}`;
    const deep = repeat(98, (i) => step(`B${i + 1}`, nested(i)));
    expect(errors(`${model("  return B98(x)")}${step("B0", "relu(x)")}${deep}`)).toEqual([
      "too-large: calls and brackets are nested too deep",
    ]);
  });

  test("a cycle of any length is one error", () => {
    for (const n of [1, 2, 2000]) {
      const found = errors(model("  return x") + repeat(n, (i) => step(`B${i}`, `B${(i + 1) % n}(x)`)));
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(/^recursive-block: `B0` calls itself: B0 → /);
      expect(found[0]!.length).toBeLessThan(200);
    }
  });

  test("files cannot import each other in a cycle, or endlessly", () => {
    const user = `fuse 1\nimport { B } from "./m0.fuse"\n\nmodel A(x: [n, c]) -> (y: [n, c]) {\n  return B(x)\n}\n`;
    const file = (next: string) => `fuse 1\nimport { B as C } from "${next}"\n\n${step("B", "C(x)")}`;
    const chain = (n: number, last: string) =>
      Object.fromEntries(
        Array.from({ length: n }, (_, i) => [`m${i}.fuse`, i === n - 1 ? last : file(`./m${i + 1}.fuse`)]),
      );
    const end = `fuse 1\n\n${step("B", "relu(x)")}`;
    expect(errors(user, chain(50, end))).toEqual([]);
    expect(errors(user, chain(2000, end))).toEqual(["too-large: imports are nested more than 100 deep"]);
    expect(errors(user, chain(3, file("./m1.fuse")))[0]).toMatch(/^import-cycle: .*m1\.fuse → m2\.fuse → m1\.fuse$/);
    expect(errors(user, chain(1, file("./m0.fuse")))[0]).toMatch(/^import-cycle: .*m0\.fuse → m0\.fuse$/);
    expect(errors(user.replace("./m0", "./main"))[0]).toMatch(/^import-cycle: .*main\.fuse → main\.fuse$/);
  });
});
