/** @file Hostile programs: nothing in them becomes code, and only the files in the command are read or written. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildFactory, buildPlans } from "../../src/compile.ts";
import { openProgram } from "../../src/graphs.ts";
import { operators } from "../../src/ops/table.ts";
import { instantiate, model, type Model } from "../../src/runtime/node/index.ts";
import { check, programOf } from "../support/check.ts";
import { fuse } from "../support/command-line.ts";
import { moduleOf } from "../support/targets.ts";

let folder: string;
const at = (...names: string[]) => join(folder, ...names);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fuse-hostile-"));
  await tf.setBackend("cpu");
  Object.assign(tf.backend(), { firstUse: false });
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Code that leaves a trace if it runs. */
const code = "globalThis.ran = true";
beforeEach(() => {
  Reflect.deleteProperty(globalThis, "ran");
});
const ran = () => Reflect.has(globalThis, "ran");

/** Expects no syntax error, no statements except those of our modules, and no name from a hostile text. */
function expectHarmless(text: string, file: "module.js" | "types.ts"): void {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  const { diagnostics } = ts.transpileModule(text, {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
  });
  expect(diagnostics!.map(({ messageText }) => messageText)).toEqual([]);
  const allowed = [ts.SyntaxKind.ImportDeclaration, ts.SyntaxKind.VariableStatement, ts.SyntaxKind.ExportDeclaration];
  for (const statement of source.statements) expect(allowed).toContain(statement.kind);
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) expect(["globalThis", "ran"]).not.toContain(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** Builds, checks the texts, imports the module as a file, and returns its models. */
async function imported(text: string, path = "net.fuse"): Promise<Readonly<Record<string, Model>>> {
  const program = openProgram(path, text, { read: () => undefined });
  const { value, diagnostics } = buildPlans(program);
  expect(diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message)).toEqual([]);
  const { module, types, map, graph } = moduleOf(program, value!);
  expectHarmless(module, "module.js");
  expectHarmless(types, "types.ts");
  expect((JSON.parse(map) as { sourcesContent: string[] }).sourcesContent).toEqual([text]);
  const runtime = fileURLToPath(new URL("../../src/runtime/node/index.ts", import.meta.url));
  const place = mkdtempSync(at("module-"));
  // Vite looks for the map under a URL rather than a path.
  const named = `${module.slice(0, module.lastIndexOf("//# "))}//# sourceMappingURL=net.js.map\n`;
  writeFileSync(join(place, "net.js"), named.replace('"fuse-lang/runtime"', JSON.stringify(runtime)));
  writeFileSync(join(place, "net.js.map"), map);
  writeFileSync(join(place, "net.graph"), graph);
  const models = (await import(/* @vite-ignore */ join(place, "net.js"))) as Readonly<Record<string, Model>>;
  expect(ran()).toBe(false);
  return models;
}

const words = (
  "constructor __proto__ prototype toString valueOf hasOwnProperty await eval arguments async yield static let var new this " +
  "null undefined default delete export super tf module inputs weights sizes Math Array Object NaN Infinity name length then"
).split(" ");

describe("JavaScript names", () => {
  test.each(words)("%s: as input, axis, size, value, label, result and setting", async (word) => {
    const text = `fuse 1

model Net(${word}: [n, c: 2], x: [${word}: s, c: 2]) -> (${word}: [n, c: 2], y: [${word}: s, c: 2]) {
  return ${word} |> linear(c: 2) @${word}.${word}, x
}

model Sized(x: [n: ${word}, c: 2], k: int = 3) -> (y: [n: ${word}, c: 2]) {
  ${word}1 = x * ${word}
  return ${word}1 + k
}

model Set(x: [n], ${word}: int = 3, t_${word}: bool = true) -> (y: [n]) {
  return if t_${word} { x * ${word} } else { x }
}
`;
    await imported(text);
    const program = programOf(text, {}, "net.fuse");
    const models = await instantiate(buildFactory(program, buildPlans(program).value!), "net.js", model);
    const x = tf.tensor2d([[1, 2]]);
    const weights = {
      [`${word}.${word}.weight`]: [
        [0, 1],
        [1, 0],
      ],
      [`${word}.${word}.bias`]: [0, 0],
    };
    const tensors = Object.fromEntries(
      Object.entries(weights).map(([path, data]) => [
        path,
        { shape: path.endsWith("bias") ? [2] : [2, 2], data: data.flat() },
      ]),
    );
    const net = await models.Net!.load(tensors);
    const result = net.run(
      Object.fromEntries([
        ["x", x],
        [word, x],
      ]),
    );
    expect(Object.keys(result).toSorted()).toEqual([word, "y"].toSorted());
    expect([...result[word]!.dataSync()]).toEqual([2, 1]);
    const sized = (await models.Sized!.load()).run({ x });
    expect([...sized.y!.dataSync()]).toEqual([4, 5]);
    expect([...(await models.Set!.load()).run({ x: tf.tensor1d([2]) }).y!.dataSync()]).toEqual([6]);
    expect(() => net.run({ x })).toThrow(`${word} is missing`);
    expect(ran()).toBe(false);
    expect(Reflect.get(Object.prototype, "shape")).toBeUndefined();
  });

  test("as names of models and blocks, where they begin with a capital", async () => {
    const models = [
      "Array",
      "Math",
      "Object",
      "Infinity",
      "NaN",
      "Model",
      "Tensor",
      "Tensor2D",
      "Shaped",
      "Rank",
      "Function",
    ];
    const declared = models.map((name) => `model ${name}(x: [n, c: 3]) -> (y: [n, c: 3]) {\n  return _Step(x)\n}\n`);
    const step = "block _Step(x: [n, c]) -> [n, c] {\n  return relu(x)\n}\n";
    const found = await imported(`fuse 1\n\n${step}${declared.join("")}`);
    expect(Object.keys(found).toSorted()).toEqual(models.toSorted());
    expect(Object.entries(found).every(([name, { name: own }]) => name === own)).toBe(true);
  });

  test("without a definition are unknown, not found on a prototype", () => {
    for (const word of words.filter((word) => !Object.hasOwn(operators, word))) {
      const text = `fuse 1\nmodel M(x: [n]) -> (y: [n]) {\n  return ${word}(x)\n}\n`;
      expect(
        check(text).map((found) => found.code),
        word,
      ).toContain("unknown-operator");
      expect(
        check(`fuse 1\nmodel M(x: ${word}[n]) -> (y: [n]) {\n  return x\n}\n`).some(
          ({ code }) => code === "unknown-dtype",
        ),
      ).toBe(true);
      expect(check(`fuse 1\nimport { A } from "fuse/${word.toLowerCase()}"\n`)[0]!.severity).toBeDefined();
      expect(
        check(`fuse 1\nmodel M(x: [n]) -> (y: [n]) {\n  return relu(x, ${word}: 1)\n}\n`).map(({ code }) => code),
      ).toContain("unknown-attribute");
    }
  });

  test("in other alphabets are not names", () => {
    // A Cyrillic a, a full-width A, a Greek question mark, a zero-width joiner, a combining accent.
    for (const character of ["\u0430", "\uff21", "\u037e", "\u200d", "e\u0301"])
      for (const text of [`model A${character}(x: [n]) -> (y: [n])`, `model A(x${character}: [n]) -> (y: [n])`])
        expect(check(`fuse 1\n${text} {\n  return relu(x)\n}\n`).map(({ code }) => code)).toContain(
          "unexpected-character",
        );
  });
});

describe("texts", () => {
  const breaks = [
    "*/",
    "\u2028",
    "\u2029",
    "\\",
    "`",
    "${",
    "'",
    '"',
    "</script>",
    "-->",
    "<!--",
    "*/ //",
    "\u202e",
    "\u0085",
    "\f",
  ];
  const hostile = [
    ...breaks.map((text) => `${text} ${code}; ${text}`),
    `*/ ${code} /*`,
    `@import {x} from "y" */ import("data:text/javascript,${code}") /*`,
    "//# sourceMappingURL=https://example.org/x.map",
    "/// <reference path='x' />",
  ];

  test.each(hostile)("in comments and doc comments stay there: %j", async (text) => {
    await imported(`fuse 1
# ${text}
## ${text}
##${text}
model Net(
  # ${text}
  x: [n, c: # ${text}
    2],
) -> (y: [n, c: 2]) where n # ${text}
  >= 1 + 1 {
  # ${text}
  stem = relu(x) # ${text}
  return stem # ${text}
}
`);
  });

  test.each([
    `\n${code} //`,
    `\r${code} //`,
    `\u2028${code} //`,
    `*/ ${code} /*`,
    `"; ${code}; "`,
    "`${" + code + "}`",
    `%0A${code}%0A`,
    "javascript:alert(1)",
    "//example.org/a",
    "?x#y",
    "__proto__",
  ])("in names of programs stay names: %j", async (name) => {
    await imported("fuse 1\nmodel Net(x: [n]) -> (y: [n]) {\n  return relu(x)\n}\n", `${name}.fuse`);
    await imported("fuse 1\nmodel Net(x: [n]) -> (y: [n]) {\n  return relu(x)\n}\n", `${name}/net.fuse`);
  });

  test("of settings are values of their kind, or rejected", () => {
    const text =
      "fuse 1\nmodel Net(x: [n], k: int = 1, f: float = 0.5, b: bool = true) -> (y: [n]) {\n  return if b { x * k } else { x * f }\n}\n";
    const refused: [name: string, value: string][] = [
      ["k", `1); ${code}; (`],
      ["k", "0x10"],
      ["k", "1e3"],
      ["f", `1; ${code}`],
      ["b", code],
      ["__proto__", "1"],
      ["constructor", "1"],
    ];
    for (const setting of refused)
      expect(buildPlans(programOf(text), { settings: Object.fromEntries([setting]) }).value).toBeUndefined();
    const { value } = buildPlans(programOf(text), { settings: { f: " 1e-3 " } });
    const { module, types } = moduleOf(programOf(text), value!);
    for (const made of [module, types]) expect(made).not.toContain("globalThis");
  });
});

describe("what a program reads", () => {
  test("is read by path, and from nowhere else", () => {
    const asked: string[] = [];
    const user = `fuse 1
import { A } from "/etc/passwd.fuse"
import { B } from "./../../up.fuse"
import { C } from "file:///etc/x.fuse"
import { D } from "..\\\\x.fuse"
import { E } from "fuse/../../x"
import { F } from "fuse/evil"
import { G } from "__proto__"
import { H } from "fuse/constructor"
`;
    // A library served by someone else.
    const library =
      'fuse 1\nimport { S } from "../../secret.fuse"\nimport { T } from "./secret.fuse"\nimport { U } from "/secret.fuse"\n';
    const program = openProgram("a/main.fuse", user, {
      read: (path) => {
        asked.push(path);
        return path === "fuse/evil" ? library : undefined;
      },
    });
    expect(program.check().filter(({ code }) => code === "unknown-module").length).toBeGreaterThan(8);
    expect(asked).toEqual(["../up.fuse", "fuse/evil", "fuse/constructor"]);
  });

  test("is a program: other files are neither opened nor shown", async () => {
    mkdirSync(at("reads/sub"), { recursive: true });
    writeFileSync(at("reads/sub/secret"), "the secret");
    writeFileSync(at("reads/loop.fuse"), "");
    rmSync(at("reads/loop.fuse"));
    symlinkSync("loop.fuse", at("reads/loop.fuse"));
    writeFileSync(
      at("reads/main.fuse"),
      'fuse 1\nimport { A } from "sub/secret"\nimport { B } from "./sub.fuse"\nimport { C } from "./loop.fuse"\n',
    );
    mkdirSync(at("reads/sub.fuse"));
    const { code, err } = await fuse(at("reads"), ["check", "main.fuse"]);
    expect(code).toBe(1);
    expect(err.match(/^error\[unknown-module\]/gm)).toHaveLength(3);
    expect(err).not.toContain("the secret");
  });
});

describe("what a command writes", () => {
  const net =
    '# Made by fuse 0.0.0, says this program.\nfuse 1\nimport { Part } from "./part.fuse"\n\nmodel Net(x: [n, c: 2]) -> (y: [n, c: 2]) {\n  return x |> Part() @part\n}\n';
  const part =
    "# Made by fuse 0.0.0, says this program.\nfuse 1\n\nblock Part(x: [n, c]) -> [n, c] {\n  return x |> linear(c: c) @fc\n}\n";
  let count = 0;
  let place: string;
  const here = (...names: string[]) => join(place, ...names);
  const run = (line: string) => fuse(place, line.split(" "));

  beforeEach(async () => {
    place = at(`writes-${count++}`);
    mkdirSync(here("out"), { recursive: true });
    writeFileSync(here("net.fuse"), net);
    writeFileSync(here("part.fuse"), part);
    writeFileSync(here("other.fuse"), part);
    writeFileSync(here("x.npy"), "");
    expect((await run("weights net.fuse --init w.safetensors")).code).toBe(0);
  });

  /** Expects the program texts to be unchanged. */
  function expectUnharmed(): void {
    expect([readFileSync(here("net.fuse"), "utf8"), readFileSync(here("part.fuse"), "utf8")]).toEqual([net, part]);
    expect(readFileSync(here("other.fuse"), "utf8")).toBe(part);
  }

  test.each(["net.js", "net.d.ts", "net.js.map", "net.safetensors"])(
    "%s is never a program that it leads to",
    async (name) => {
      for (const [make, target] of [
        [symlinkSync, "net.fuse"],
        [symlinkSync, "part.fuse"],
        [linkSync, "part.fuse"],
        [symlinkSync, "other.fuse"],
      ] as const) {
        make(here(target), here("out", name));
        const { code, err } = await run("build net.fuse --weights w.safetensors -o out");
        expect([code, err.split(":")[0]]).toEqual([1, "error[would-overwrite]"]);
        expect(readdirSync(here("out"))).toEqual([name]);
        rmSync(here("out", name));
        expectUnharmed();
      }
    },
  );

  test("nor a file that another program made, nor anything outside the folder", async () => {
    writeFileSync(here("out/net.d.ts"), "export const mine = 1;\n");
    expect((await run("build net.fuse -o out")).code).toBe(1);
    expect(readdirSync(here("out"))).toEqual(["net.d.ts"]);
    rmSync(here("out/net.d.ts"));
    // A dangling link is replaced by the file, and nothing appears at its target.
    symlinkSync("../elsewhere.js", here("out/net.js"));
    const before = readdirSync(place).toSorted();
    expect((await run("build net.fuse -o out")).code).toBe(0);
    expect(lstatSync(here("out/net.js")).isSymbolicLink()).toBe(false);
    expect(readdirSync(place).toSorted()).toEqual(before);
    expect(readdirSync(here("out"))).toContain("net.js");
    expectUnharmed();
  });

  test("and weights and results replace no program, by whatever name it is reached", async () => {
    symlinkSync("part.fuse", here("link.safetensors"));
    linkSync(here("part.fuse"), here("hard.safetensors"));
    symlinkSync("other.fuse", here("other.safetensors"));
    for (const name of [
      "net.fuse",
      "part.fuse",
      "other.fuse",
      "link.safetensors",
      "hard.safetensors",
      "other.safetensors",
    ]) {
      for (const line of [
        `weights net.fuse --init ${name}`,
        `weights net.fuse --convert w.safetensors -o ${name}`,
        `run net.fuse --backend cpu --weights w.safetensors --in x=x.npy --out y=${name}`,
      ]) {
        const { code, err } = await run(line);
        expect(code, line).not.toBe(0);
        expect(err, line).toMatch(/^error|a result is written as/);
      }
      expectUnharmed();
    }
  });

  test("under names that would be something else elsewhere", async () => {
    const names = [
      "constructor",
      "__proto__",
      "await",
      "-o",
      "a b",
      "a?b#c",
      "%2e%2e%2fx",
      "$(touch ran)",
      "раrts",
      "..",
      "a\nb",
      "a\\..\\b",
    ];
    for (const name of names) {
      writeFileSync(here(`${name}.fuse`), "fuse 1\nmodel Net(x: [n]) -> (y: [n]) {\n  return relu(x)\n}\n");
      const { code, err } = await fuse(place, ["build", "-o", "out", "--", `${name}.fuse`]);
      expect([code, err]).toEqual([0, ""]);
      const base = name.split("\\").at(-1)!;
      const module = readFileSync(here("out", `${base}.js`), "utf8");
      expectHarmless(module, "module.js");
      const [, url] = /\n\/\/# sourceMappingURL=(\S+)\n$/.exec(module)!;
      expect(decodeURIComponent(url!)).toBe(`${base}.js.map`);
      const map = JSON.parse(readFileSync(here("out", decodeURIComponent(url!)), "utf8")) as { sources: string[] };
      expect(existsSync(fileURLToPath(new URL(map.sources[0]!, `file://${here("out")}/`)))).toBe(true);
    }
    expect(existsSync(here("ran"))).toBe(false);
    const own = names.map((name) => name.split("\\").at(-1)!);
    for (const name of readdirSync(here("out")))
      expect(
        own.some((base) => name.startsWith(`${base}.`)),
        name,
      ).toBe(true);
  });
});
