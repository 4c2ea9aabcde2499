/** @file The module without TensorFlow.js: what it contains, runs, checks and refuses. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { standalone } from "../../src/codegen/standalone/target.ts";
import { build, buildPlans } from "../../src/compile.ts";
import type { Program } from "../../src/check/program.ts";
import { typedArrays, type NdArray } from "../../src/contract/ndarray.ts";
import { evaluatePlan } from "../../src/plan/evaluate.ts";
import { plan, type Plan } from "../../src/plan/plan.ts";
import type { Loaded, model } from "../../src/runtime/standalone/model.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";
import { difference, randomArray, seeded } from "../support/arrays.ts";
import { programOf } from "../support/check.ts";
import { graphOf, prepareCase } from "../support/compare.ts";
import { randomWeights } from "../support/run.ts";
import { randomShapes } from "../support/shapes.ts";
import { runStandalone } from "../support/standalone.ts";
import { systems, systemText } from "../support/systems.ts";

type Model = ReturnType<typeof model>;
type Sizes = Readonly<Record<string, number>>;

const text = `fuse 1
  ## Everything at once.
  model Net(x: [n, h: 2*i, w, c: 4], k: i32[n], b: bool[n, c: 4]) -> (y: [n, h: i, w: ceil(w / 2), c: 6], x: [n, h: 2*i, w, c: 4], k: i32[n], m: bool[n, h: 2*i, w, c: 4], s: [c: 4]) where w >= 2 {
    weight scale: [c: 4] = normal(1)
    y = x * scale |> conv(c: 6, kernel: 3, stride: 2, groups: 2) @conv |> batchnorm @bn |> relu
    return y, x, k, x > 0 and b, scale
  }
  model Twice(x: [c: 3]) -> (y: [c: 3]) { return 2 * x }`;
const at = { n: 2, i: 3, w: 5 };

let folder = "";
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "fuse-standalone-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function filesOf(program: Program, at: Sizes, model?: string) {
  const { value: plans } = buildPlans(program, { target: "standalone", model });
  const { value, diagnostics } = build(program, "standalone", plans!, { at });
  return { files: value ?? [], diagnostics };
}

const { files } = filesOf(programOf(text, {}, "net.fuse"), at);
const random = seeded(5);
const net: Plan = buildPlans(programOf(text), { target: "standalone" }).value![0]!;
const weights = randomWeights(net, random);
const file = writeSafetensors(new Map(Object.entries(weights)));
const inputsAt = (n: number, h: number, w: number): Record<string, NdArray> => ({
  x: randomArray(random, "f32", [n, h, w, 4]),
  k: randomArray(random, "i32", [n]),
  b: randomArray(random, "bool", [n, 4]),
});
const given = (arrays: Readonly<Record<string, NdArray>>) =>
  Object.fromEntries(
    Object.entries(arrays).map(([name, { dtype, shape, data }]) => [
      name,
      { shape, data: typedArrays[dtype].from(data) },
    ]),
  );

/** Imports the module from a folder as users do. */
async function imported(): Promise<{ readonly Net: Model; readonly Twice: Model }> {
  for (const { path, bytes } of files) writeFileSync(join(folder, path), bytes);
  return (await import(pathToFileURL(join(folder, "net.standalone.js")).href)) as never;
}

async function loaded(): Promise<Loaded> {
  const { Net } = await imported();
  return Net.load(file, { warn: () => undefined });
}

/** Returns what a call throws: its name, message and details. */
async function thrown(run: () => unknown): Promise<readonly unknown[]> {
  try {
    await run();
  } catch (error) {
    const { name, message, details = [] } = error as { name: string; message: string; details?: readonly string[] };
    return [name, message, ...details];
  }
  return [];
}

describe("the module", () => {
  test("is JavaScript, types, and machine code for each model", () => {
    expect(files.map(({ path }) => path)).toEqual([
      "net.standalone.js",
      "net.standalone.d.ts",
      "net-Net.standalone.wasm",
      "net-Twice.standalone.wasm",
    ]);
  });

  test("imports nothing", () => {
    const [module, types] = files.map(({ bytes }) => new TextDecoder().decode(bytes));
    expect(module!.match(/\b(import\s*[("'{*]|import\s+\w+\s+from|require\s*\(|export\s+\*)/g)).toBe(null);
    expect(types!.match(/\bimport\b/g)).toBe(null);
  });

  test("can be replaced by a later build, other files cannot", () => {
    for (const { path, bytes } of files) expect(standalone.isOurs(path, bytes.slice(0, 200)), path).toBe(true);
    const foreign = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 5, 1, 0x60]);
    expect(standalone.isOurs("net.standalone.wasm", foreign)).toBe(false);
    expect(standalone.isOurs("net.standalone.js", new TextEncoder().encode("export const x = 1;"))).toBe(false);
  });

  test("is the same for the same program", () => {
    expect(filesOf(programOf(text, {}, "net.fuse"), at).files).toEqual(files);
  });

  test("is small: background-blur takes 30 KB without its weights, compressed", () => {
    const path = "examples/background-blur/background-blur.fuse";
    const program = programOf(readFileSync(path, "utf8"), {}, "background-blur.fuse");
    const built = filesOf(program, { n: 1, h: 512, w: 512 }, "BackgroundBlur").files;
    const sent = built.filter(({ path }) => !path.endsWith(".d.ts"));
    const bytes = sent.reduce((sum, { bytes }) => sum + gzipSync(bytes, { level: 9 }).length, 0);
    expect(bytes).toBeLessThan(30_000);
  });
});

describe("a run", () => {
  test("computes what the plan says, again and again", async () => {
    const model = await loaded();
    for (let i = 0; i < 3; i++) {
      const inputs = inputsAt(2, 6, 5);
      const results = model.run(given(inputs));
      const want = evaluatePlan(net, inputs, (path) => weights[path]!);
      for (const [name, { dtype, ...array }] of Object.entries(want)) {
        expect(results[name]!.data, name).toBeInstanceOf(typedArrays[dtype]);
        expect(difference({ dtype, ...results[name]! }, { dtype, ...array }, 1e-5), name).toBe(undefined);
      }
    }
  });

  test("takes arrays without shapes, and writes into given arrays", async () => {
    const { Twice } = await imported();
    const model = await Twice.load();
    const y = new Float32Array(3);
    expect(model.run({ x: Float32Array.of(1, 2, 3) }, { y }).y!.data).toBe(y);
    expect([...y]).toEqual([2, 4, 6]);
    expect(await thrown(() => model.run({ x: y }, { y: new Float32Array(4) }))).toEqual([
      "DataError",
      "the result y is float32 [3], but the array for it is not",
    ]);
  });

  test("says what is wrong with its inputs, as other modules do", async () => {
    const net = await loaded();
    const inputs = given(inputsAt(2, 6, 5));
    expect(await thrown(() => net.run({ ...inputs, k: { shape: [2], data: new Float32Array(2) } }))).toEqual([
      "GuardError",
      "Net: k must be i32 (net.fuse:3), got f32.",
    ]);
    expect(await thrown(() => net.run({ ...inputs, x: { shape: [2, 5, 5, 4], data: new Float32Array(200) } }))).toEqual(
      ["GuardError", 'Net: x.h must be a multiple of 2 (declared "h: 2*i", net.fuse:3), got 5. Nearest: 4, 6.'],
    );
    expect(await thrown(() => net.run({ ...inputs, b: { shape: [2, 4], data: new Uint8Array(8).fill(2) } }))).toEqual([
      "GuardError",
      "Net: b must be 0 or 1 everywhere.",
    ]);
    expect(await thrown(() => net.run({ ...inputs, x: new Float32Array(7) }))).toEqual([
      "GuardError",
      "Net: x has 7 elements, which does not match [2, 6, 5, 4].",
    ]);
    expect(await thrown(() => net.run(new Float32Array(7) as never))).toEqual([
      "GuardError",
      "Net: run() takes its inputs by name: run({ x, k, b }).",
    ]);
    expect(await thrown(() => net.run({ ...inputs, x: null as never }))).toEqual([
      "GuardError",
      "Net: x must have a shape, a list of sizes.",
    ]);
  });

  test("refuses sizes that the module was not built for, and says how to build for them", async () => {
    const net = await loaded();
    expect(await thrown(() => net.run(given(inputsAt(2, 8, 5))))).toEqual([
      "GuardError",
      "Net: the module was built for n=2,w=5,i=3, not for n=2,w=5,i=4: build another one with --at n=2,w=5,i=4.",
    ]);
  });

  test("is impossible after disposal", async () => {
    const net = await loaded();
    net.dispose();
    net.dispose();
    expect(await thrown(() => net.run(given(inputsAt(2, 6, 5))))).toEqual([
      "Error",
      "Net: run() was called after dispose()",
    ]);
  });
});

describe("loading", () => {
  test("reads weights from a file, from bytes and from arrays, with a prefix and renamed", async () => {
    const { Net } = await imported();
    const path = join(folder, "net.safetensors");
    writeFileSync(path, file);
    const prefixed = writeSafetensors(new Map(Object.entries(weights).map(([name, array]) => [`a.${name}`, array])));
    const inputs = given(inputsAt(2, 6, 5));
    const want = (await loaded()).run(inputs);
    for (const [source, options] of [
      [path, {}],
      [pathToFileURL(path), {}],
      [file.buffer as ArrayBuffer, {}],
      [weights, {}],
      [prefixed, { prefix: "a" }],
      [prefixed, { rename: { "a.*": "*" } }],
    ] as const)
      expect((await Net.load(source, options)).run(inputs)).toEqual(want);
  });

  test("refuses other and damaged weights", async () => {
    const { Net } = await imported();
    expect(await thrown(() => Net.load())).toEqual([
      "DataError",
      "Net needs weights: pass load() a path, a URL, bytes or named tensors",
    ]);
    const others = Object.fromEntries(Object.entries(weights).filter(([name]) => name !== "scale"));
    expect((await thrown(() => Net.load({ ...others, "conv.weight": weights["scale"]! }))).slice(0, 2)).toEqual([
      "DataError",
      "weights do not match Net",
    ]);
    for (let length = 0; length < file.length; length += 97)
      expect((await thrown(() => Net.load(file.slice(0, length))))[0], `${length} bytes`).toBe("DataError");
    expect((await thrown(() => Net.load("/missing.safetensors")))[0]).toBe("DataError");
  });

  test("refuses machine code that is not its own", async () => {
    const { Net } = await imported();
    const code = files.find(({ path }) => path === "net-Net.standalone.wasm")!.bytes;
    const other = files.find(({ path }) => path === "net-Twice.standalone.wasm")!.bytes;
    const changed = code.slice();
    changed[changed.length - 3]! ^= 1;
    for (const wrong of [other, changed, code.slice(0, -1), new Uint8Array()])
      expect(await thrown(() => Net.load(file, { code: wrong }))).toEqual([
        "DataError",
        "the machine code of Net does not belong to this module, or is damaged; build the program again",
      ]);
    expect((await Net.load(file, { code })).name).toBe("Net");
  });
});

test("the build asks for all sizes, and checks them", () => {
  const program = programOf(text, {}, "net.fuse");
  const said = (at: Sizes) =>
    filesOf(program, at).diagnostics.map(({ message, helps }) => [message, ...helps.map(({ code }) => code)]);
  expect(said({ n: 1, w: 5 })).toEqual([
    ["standalone is built for given input sizes, and Net leaves some open: i", "--at n=…,w=…,i=…"],
  ]);
  expect(said({ ...at, w: 1 })).toEqual([["Net: w >= 2 is required (net.fuse:3), but w is 1"]]);
  expect(said({ ...at, q: 1 })).toEqual([["the inputs have no size `q`; they have n, w, i"]]);
  expect(filesOf(program, {}, "Twice").diagnostics).toEqual([]);
});

describe("computes what the interpreter computes", () => {
  const folders = ["repeat", "kernels"].flatMap((folder) =>
    readdirSync(`test/fixtures/${folder}`).map((file) => ({
      name: file,
      graph: graphOf(readFileSync(`test/fixtures/${folder}/${file}`, "utf8")),
    })),
  );
  const all = systems.map(({ file, settings }) => ({ name: file, graph: graphOf(systemText(file), settings) }));

  test.each([...all, ...folders])("$name", async ({ name, graph }) => {
    const it = prepareCase(name, graph, randomShapes(graph.guard, seeded(3), 2, 9), 3);
    for (const made of it.graphsFor(standalone.profile))
      for (const { inputs, want, sizes } of it.samples) {
        const results = await runStandalone(plan(made, standalone.profile), inputs, it.weights);
        Object.values(want).forEach((array, i) =>
          expect(difference(results[i]!, array, 1e-4), `${i} at ${JSON.stringify(sizes)}`).toBe(undefined),
        );
      }
  });
});
