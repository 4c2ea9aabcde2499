/** @file The ES module: its text, names that could break it, and that it is one. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runInThisContext } from "node:vm";
import ts from "typescript";
import { beforeAll, describe, expect, test } from "vitest";
import { emitEsm, emitFactory } from "../../src/codegen/esm/emit.ts";
import { Names } from "../../src/codegen/esm/names.ts";
import { esmProfile } from "../../src/codegen/esm/profile.ts";
import { sizeText } from "../../src/codegen/esm/sizes.ts";
import { docComment, literal } from "../../src/codegen/esm/text.ts";
import { hardswish, relu, sigmoid } from "../../src/ops/activation.ts";
import { conv } from "../../src/ops/conv.ts";
import { add, mul } from "../../src/ops/elementwise.ts";
import { linear } from "../../src/ops/linear.ts";
import { batchnorm } from "../../src/ops/normalise.ts";
import { mean } from "../../src/ops/reduce.ts";
import { plan, type Plan } from "../../src/plan/plan.ts";
import type { Model } from "../../src/runtime/node/index.ts";
import type { Size } from "../../src/sizes/size.ts";
import { Sizes } from "../../src/sizes/sizes.ts";
import { ModelBuilder } from "../support/model.ts";
import { info, modelOf } from "../support/run.ts";

const profile = esmProfile();
const fixture = (name: string) => path.join(import.meta.dirname, "..", "fixtures", "plan", name);

/** A stem, a gate over its channels, and a size of run time in the arithmetic. */
function gatedStem(): Plan {
  const m = new ModelBuilder();
  const x = m.input("photo", ["n", "c: 3", "h: 2*i", "w: 2*j"]);
  const stem = m.apply(
    conv,
    [x],
    { c: 8, kernel: 3, stride: 2, bias: false },
    { path: "stem.conv", line: 4, scope: ["stem"] },
  );
  const bn = m.apply(batchnorm, [stem], {}, { path: "stem.bn", line: 4, scope: ["stem"] });
  const f = m.apply(hardswish, [bn], {}, { line: 4, name: "f" });
  const excite = { scope: ["gate"] };
  const a = m.apply(mean, [f], { axis: ["h", "w"] }, { line: 8, ...excite });
  const b = m.apply(linear, [a], { keyed: { c: 2 } }, { path: "gate.fc1", line: 9, ...excite });
  const c = m.apply(relu, [b], {}, { line: 9, ...excite });
  const d = m.apply(linear, [c], { keyed: { c: 8 } }, { path: "gate.fc2", line: 10, ...excite });
  const gate = m.apply(sigmoid, [d], {}, { line: 10, name: "gate" });
  const area = m.builder.scalar(m.sizes.mul(m.size("i"), m.size("j")));
  const y = m.apply(mul, [m.apply(mul, [f, gate], {}, { line: 12 }), area], {}, { line: 12, name: "y" });
  const graph = m.graph({ picture: [y, ["n", "c", "h", "w"]], gate: [gate, ["n", "c"]] }, "GatedStem");
  return plan({ ...graph, doc: "A stem, and a gate over its channels.", settings: { width: "8" } }, profile);
}

/** Parses, and gives what is wrong. */
function syntaxErrors(text: string, fileName: string): string[] {
  const { diagnostics = [] } = ts.transpileModule(text, {
    fileName,
    reportDiagnostics: true,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext },
  });
  return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

beforeAll(async () => {
  await tf.setBackend("cpu");
  Object.assign(tf.backend(), { firstUse: false });
});

describe("a module", () => {
  test("is readable", async () => {
    const [module, types] = emitEsm([gatedStem()], info);
    expect(module!.path).toBe("net.js");
    expect(types!.path).toBe("net.d.ts");
    await expect(module!.text).toMatchFileSnapshot(fixture("gated-stem.js.txt"));
    await expect(types!.text).toMatchFileSnapshot(fixture("gated-stem.d.ts.txt"));
    expect(syntaxErrors(types!.text, "types.ts")).toEqual([]);
  });

  test("is the same each time", () => {
    expect(emitEsm([gatedStem()], info)).toEqual(emitEsm([gatedStem()], info));
  });

  test("runs as a file", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "fuse-"));
    const runtime = fileURLToPath(new URL("../../src/runtime/node/index.ts", import.meta.url));
    const file = path.join(folder, "net.js");
    const [module, , map] = emitEsm([gatedStem()], info);
    fs.writeFileSync(`${file}.map`, map!.text);
    fs.writeFileSync(file, module!.text.replace('"fuse-lang/runtime"', JSON.stringify(runtime)));
    try {
      const { GatedStem } = (await import(/* @vite-ignore */ file)) as { GatedStem: Model };
      expect(GatedStem.manifest.map(({ path }) => path)).toContain("gate.fc1.weight");
      await expect(GatedStem.load({})).rejects.toThrow("weights do not match GatedStem");
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  test("holds all models of a file", () => {
    const one = () => {
      const m = new ModelBuilder();
      const x = m.input("x", ["n"]);
      return m.graph({ y: [m.apply(relu, [x]), ["n"]] }, "One");
    };
    const plans = [plan(one(), profile), plan({ ...one(), name: "Math" }, profile)];
    const [module, types] = emitEsm(plans, { ...info, source: "models/two.fuse" });
    expect(module!.path).toBe("two.js");
    expect(module!.text).toContain("export const One = model({");
    expect(module!.text).toContain("export { Math2 as Math };");
    expect(types!.text).toContain("export { Math2 as Math };");
    expect(syntaxErrors(types!.text, "types.ts")).toEqual([]);
  });
});

describe("names", () => {
  const hostile = [
    "__proto__",
    "constructor",
    "await",
    "eval",
    "tf",
    "arguments",
    "class",
    "Math",
    "weights",
    "hasOwnProperty",
  ];

  test("of JavaScript or of objects are names like others", async () => {
    const m = new ModelBuilder();
    const inputs = hostile.map((name) => m.input(name, [`n: ${name}`]));
    const results = inputs.map((x, index) => {
      const name = hostile[(index + 1) % hostile.length]!;
      const w = m.weight(`${name}.${name}`, {});
      return [
        hostile[index]!,
        [m.apply(add, [m.apply(mul, [x, w], {}, { name }), m.builder.scalar(m.size(name))]), ["n"]],
      ] as const;
    });
    const hostilePlan = plan(m.graph(Object.fromEntries(results)), profile);
    expect(syntaxErrors(emitFactory([hostilePlan], info), "net.js")).toEqual([]);
    const loaded = await (
      await modelOf(hostilePlan)
    ).load(Object.fromEntries(hostile.map((name, index) => [`${name}.${name}`, { shape: [], data: [index] }])));
    const tensors = Object.fromEntries(hostile.map((name, index) => [name, tf.fill([index + 1], 10)]));
    const got = loaded.run(tensors);
    expect(Object.keys(got).sort()).toEqual([...hostile].sort());
    // Input `index` is 10 everywhere; the weight and the size are those of the next name.
    hostile.forEach((name, index) => {
      const next = (index + 1) % hostile.length;
      expect([...got[name]!.dataSync()]).toEqual(new Array(index + 1).fill(10 * next + next + 1));
    });
    tf.dispose([tensors, got]);
    loaded.dispose();
  });

  test("of files, blocks and comments stay in their comments", () => {
    const m = new ModelBuilder();
    const x = m.input("x", ["n"]);
    const scope = ["*/ throw 1 /*", "\u2028throw 2", "\nthrow 3"];
    const graph = m.graph({ y: [m.apply(relu, [x], {}, { line: 3, scope }), ["n"]] });
    const doc = "*/ throw 4 /*\nthrow 5\u2029throw 6 \u202e";
    const hostilePlan = plan({ ...graph, doc, settings: { "*/": "*/ throw 7" } }, profile);
    const files = emitEsm([hostilePlan], { ...info, source: "a\nthrow 8\u2028throw 9.fuse", hash: "\rthrow 10" });
    const [, , map] = files;
    expect(JSON.parse(map!.text)).toMatchObject({ version: 3 });
    for (const { path, text } of files.slice(0, 2)) {
      expect(syntaxErrors(text, path.endsWith(".d.ts") ? "types.ts" : "module.js")).toEqual([]);
      // All of it is in comments: nothing of it is left without them.
      const { outputText } = ts.transpileModule(text, {
        compilerOptions: { removeComments: true, module: ts.ModuleKind.ESNext },
      });
      expect(outputText).not.toContain("throw");
      expect(text).not.toMatch(/[\r\u2028\u2029\u202e]/);
    }
  });

  test("are unique, and count on", () => {
    const names = new Names();
    const wishes = ["up", "up", "x1", "x1", "up", "blocks.0.conv", "1x1", "", "é", "await", "up2"];
    expect(wishes.map((wish) => names.take(wish))).toEqual([
      "up",
      "up2",
      "x1",
      "x1_2",
      "up3",
      "blocks_0_conv",
      "_1x1",
      "_",
      "_2",
      "await2",
      "up2_2",
    ]);
  });
});

describe("text", () => {
  test("literals read back as what they are", () => {
    const data = {
      a: [-0, NaN, -Infinity, 1e-7],
      "b c": "\u2028\"'`${}</script>",
      __proto__x: { ["__proto__"]: [] },
      d: null,
    };
    const value: unknown = runInThisContext(`(${literal(data)})`);
    expect(value).toEqual(data);
    const long = Array.from({ length: 60 }, (_, i) => ({ i, name: `entry ${i}` }));
    expect(runInThisContext(`(${literal({ long })})`)).toEqual({ long });
    expect(
      Math.max(
        ...literal({ long })
          .split("\n")
          .map((line) => line.length),
      ),
    ).toBeLessThan(100);
  });

  test("doc comments", () => {
    expect(docComment(["One line."])).toBe("/** One line. */\n");
    expect(docComment(["Two", "", "lines */"], "  ")).toBe("  /**\n   * Two\n   *\n   * lines * /\n   */\n");
  });

  test("sizes compute what they are", () => {
    const sizes = new Sizes();
    const [h, s] = ["h", "s"].map((name) => sizes.of(sizes.variable(name, { time: "run" }))) as [Size, Size];
    const of = (n: number) => sizes.int(n);
    const text = (size: Size) => sizeText(sizes, size, ({ name }) => name);
    expect(text(of(4))).toBe("4");
    expect(text(sizes.ceil(h, of(2)))).toBe("Math.ceil(h / 2)");
    const cases: [Size, (h: number, s: number) => number][] = [
      [sizes.mul(of(2), sizes.ceil(h, of(8))), (h) => 2 * Math.ceil(h / 8)],
      [sizes.sub(of(3), sizes.sub(h, s)), (h, s) => 3 - (h - s)],
      [sizes.floor(sizes.add(h, of(5)), sizes.add(s, of(1))), (h, s) => Math.floor((h + 5) / (s + 1))],
      [sizes.mul(sizes.add(h, s), sizes.sub(h, of(7))), (h, s) => (h + s) * (h - 7)],
      [sizes.mod(h, of(3)), (h) => h % 3],
      [sizes.divide(sizes.mul(h, sizes.sub(h, of(1))), of(2)), (h) => (h * (h - 1)) / 2],
    ];
    for (const [size, value] of cases)
      for (const [h, s] of [
        [1, 1],
        [7, 2],
        [64, 3],
      ] as const)
        expect(runInThisContext(`((h, s) => ${text(size)})(${h}, ${s})`), text(size)).toBe(value(h, s));
  });
});
