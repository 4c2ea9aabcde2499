/** @file What commands read and write: arrays in every format and order, modules, weights, JSON. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { largestDifference } from "../../src/cli/run/expectation.ts";
import { countText, numberText, parseBytes } from "../../src/cli/terminal/numbers.ts";
import { readPicture, writePicture } from "../../src/node/pictures.ts";
import { openWeights } from "../../src/node/tensor-files.ts";
import { bytesText } from "../../src/source/bytes-text.ts";
import { readNpy, writeNpy } from "../../src/weights/npy.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";
import { fuse } from "../support/command-line.ts";

let folder: string;
const at = (name: string) => join(folder, name);

const orders = `fuse 1

## The same picture in several orders and dtypes.
model Orders(x: [c: 3, h, w]) -> (y: [c: 3, h, w], grey: [h, w], turned: [w, n: 1, h, c: 3], whole: i32[h, w], bright: bool[h, w]) {
  g = mean(x, axis: c)
  return x, g, expand(x, n: 1), cast(10 * g, i32), g > 0.5
}
`;
const net = `fuse 1
import { Scale } from "./scale.fuse"

model Net(x: [n, c: 2]) -> (y: [n, c: 2]) {
  return x |> linear(c: 2) @fc |> Scale()
}

model Other(x: [n, c: 2]) -> (y: [n, c: 2]) {
  return x |> linear(c: 2) @fc
}
`;
const picture = { width: 3, height: 2, channels: 3 as const, data: Uint8Array.from({ length: 18 }, (_, i) => i * 14) };
const weights = new Map([
  ["fc.weight", { dtype: "f32" as const, shape: [2, 2], data: Float32Array.of(1, 0.5, -2, 4) }],
  ["fc.bias", { dtype: "f32" as const, shape: [2], data: Float32Array.of(0, Infinity) }],
]);

/** What is said about a file with these weights. */
const infinite = (file: string) =>
  `warning[non-finite-weights]: \`${file}\` has 1 value that is not finite\n  = fc.bias: 1 infinite of 2 values\n`;

/** What a command says that uses the weights: those after the first that is not finite are not counted. */
const firstInfinite = (file: string) => `${infinite(file)}  = \`fuse weights --check\` counts those of all weights\n`;

/** Runs a command that succeeds, and returns its output. */
async function done(command: string, warning = ""): Promise<string> {
  const { code, out, err } = await fuse(folder, command.split(" "));
  expect(err).toBe(warning);
  expect(code).toBe(0);
  return out;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "fuse-files-"));
  writeFileSync(at("orders.fuse"), orders);
  writeFileSync(at("net.fuse"), net);
  writeFileSync(at("scale.fuse"), "fuse 1\n\nblock Scale(x: [n, c]) -> [n, c] {\n  return 2 * x\n}\n");
  writeFileSync(at("bad.fuse"), net.replace("Scale()", "Scale(r: 1)"));
  await writePicture(at("x.png"), picture);
  writeFileSync(at("half.safetensors"), writeSafetensors(weights, { dtype: () => "F16" }));
  writeFileSync(at("row.npy"), writeNpy({ dtype: "f32", shape: [1, 2], data: Float32Array.of(1, 2) }));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("run", () => {
  test("reads and writes pictures in every order of axes, and arrays in every form", async () => {
    const paths = "--out y=y.png --out grey=g.npy --out turned=turned.png --out whole=r.safetensors#i";
    await done(`run orders.fuse --backend cpu --in x=x.png ${paths} --out bright=r.safetensors`);
    expect(await readPicture(at("y.png"))).toEqual(picture);
    expect(await readPicture(at("turned.png"))).toEqual(picture);
    const grey = readNpy(readFileSync(at("g.npy")));
    expect(grey.shape).toEqual([2, 3]);
    const expected = [14, 56, 98, 140, 182, 224].map((value) => value / 255);
    grey.data.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
    const tensors = await openWeights(at("r.safetensors"));
    expect([...tensors.values()].map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
      ["i", "I32", [2, 3]],
      ["bright", "BOOL", [2, 3]],
    ]);
    expect([...tensors.get("i")!.read().data]).toEqual([0, 2, 3, 5, 7, 8]);
    expect([...tensors.get("bright")!.read().data]).toEqual([0, 0, 0, 1, 1, 1]);
    const out = await done(
      "run orders.fuse --backend cpu --in x=x.png --expect y=x.png --expect whole=r.safetensors#i --expect turned=x.png",
    );
    expect(out.match(/matches: largest difference 0$/gm)).toHaveLength(3);
  });

  test("replaces its own results, and no other safetensors file", async () => {
    const out = "run orders.fuse --backend cpu --in x=x.png --out bright=";
    for (let time = 0; time < 2; time++) await done(`${out}own.safetensors`);
    const before = readFileSync(at("half.safetensors"));
    const { code, err } = await fuse(folder, `${out}half.safetensors#bright`.split(" "));
    expect(err).toMatch(
      /^error\[would-overwrite\]: .*half.safetensors`\n {2}= `fuse` did not write the existing file\n/,
    );
    expect(code).toBe(1);
    expect(readFileSync(at("half.safetensors")).equals(before)).toBe(true);
  });

  test("takes pixels from 0 to 255, and lists kernels", async () => {
    const out = await done("run orders.fuse --backend cpu --in x=x.png --pixels 0..255 --debug --out y=y.png");
    expect(out).toMatch(/^kernel +result +ms\n/);
    expect(out).toMatch(/^y \[c: 3, h: 2, w: 3\] {2}min 0 {2}mean 119 {2}max 238 {2}-> y.png$/m);
    expect(await readPicture(at("y.png"))).toEqual(picture);
  });

  test("prints all numbers of a small result, and counts what is not finite in a large one", async () => {
    const run = "run net.fuse --model Net --backend cpu --weights half.safetensors --in";
    expect(await done(`${run} x=row.npy`, firstInfinite("half.safetensors"))).toMatch(
      /^y \[n: 1, c: 2\] {2}4 {2}Infinity$/m,
    );
    const data = Float32Array.from({ length: 20 }, (_, i) => 1 + (i % 2));
    writeFileSync(at("rows.npy"), writeNpy({ dtype: "f32", shape: [10, 2], data }));
    expect(await done(`${run} x=rows.npy`, firstInfinite("half.safetensors"))).toMatch(
      /^y \[n: 10, c: 2\] {2}min 4 {2}mean 4 {2}max 4 {2}not finite 10$/m,
    );
  });

  test("rejects a model that does not fit into memory", async () => {
    const big =
      "model Big(x: [n, c: 2]) -> (y: [n, c: 2, h: 1000000, w: 1000000]) { return expand(x, h: 1000000, w: 1000000) }";
    writeFileSync(at("big.fuse"), `fuse 1\n\n${big}\n`);
    const { code, err } = await fuse(folder, "run big.fuse --backend cpu --in x=row.npy".split(" "));
    expect(err).toMatch(
      /^error\[bad-input\]: `Big` needs 7.3 TiB of memory for inputs of this size, and cpu has .* here\n$/,
    );
    expect(code).toBe(1);
  });
});

describe("build", () => {
  test("writes module, types and weights, keeps how numbers are stored, and replaces its own files", async () => {
    for (let time = 0; time < 2; time++) {
      const out = await done(
        "build net.fuse --weights half.safetensors -o made/here",
        firstInfinite("half.safetensors"),
      );
      expect(out.replace(/\(.*\)/g, "(…)")).toBe(
        ["js", "d.ts", "js.map", "graph", "plan", "safetensors"]
          .map((name) => `wrote made/here/net.${name} (…)\n`)
          .join(""),
      );
    }
    const stored = await openWeights(at("made/here/net.safetensors"));
    expect([...stored.values()].map(({ name, dtype }) => `${name} ${dtype}`)).toEqual(["fc.weight F16", "fc.bias F16"]);
    expect(
      await done(
        "build net.fuse --weights made/here/net.safetensors -o made/here",
        firstInfinite("made/here/net.safetensors"),
      ),
    ).toMatch(/^made.*net.safetensors matches the program\n/);
    expect(readdirSync(at("made/here")).toSorted()).toEqual([
      "net.d.ts",
      "net.graph",
      "net.js",
      "net.js.map",
      "net.plan",
      "net.safetensors",
    ]);
  });

  test("does not replace weights that it did not write", async () => {
    writeFileSync(at("made/here/net.safetensors"), readFileSync(at("half.safetensors")));
    const { code, err } = await fuse(folder, "build net.fuse --weights half.safetensors -o made/here".split(" "));
    expect(err.startsWith(firstInfinite("half.safetensors"))).toBe(true);
    expect(err).toMatch(/^error\[would-overwrite\]: .*net.safetensors`\n/m);
    expect(code).toBe(1);
  });
});

describe("weights", () => {
  test("initial ones depend only on the seed, and are stored in the chosen dtype", async () => {
    for (const [name, options] of [
      ["a", "--seed 1"],
      ["b", "--seed 1"],
      ["c", "--seed 2 --dtype bf16"],
    ])
      await done(`weights net.fuse --model Other --init ${name}.safetensors ${options}`);
    const [a, b, c] = ["a", "b", "c"].map((name) => readFileSync(at(`${name}.safetensors`)));
    expect(a!.equals(b!)).toBe(true);
    expect(a!.equals(c!)).toBe(false);
    expect((await openWeights(at("c.safetensors"))).get("fc.weight")!.dtype).toBe("BF16");
  });

  test("are renamed one by one and by prefix", async () => {
    writeFileSync(
      at("old.safetensors"),
      writeSafetensors(new Map([...weights].map(([name, array]) => [name.replace("fc.", "m.head."), array]))),
    );
    const renames = ["m.head.*=fc.*", "m.head.weight=fc.weight"].map((rename) => `--rename ${rename}`).join(" ");
    await done(
      `weights net.fuse --model Other --convert old.safetensors ${renames} -o new.safetensors`,
      infinite("old.safetensors"),
    );
    const stored = await openWeights(at("new.safetensors"));
    expect([...stored.get("fc.weight")!.read().data]).toEqual([1, 0.5, -2, 4]);
  });

  test("of a model.json do not replace it, nor a shard of it", async () => {
    const entries = [...weights].map(([name, { shape }]) => ({ name, shape, dtype: "float32" }));
    const bytes = Buffer.concat(
      [...weights.values()].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
    );
    mkdirSync(at("tfjs/shards"), { recursive: true });
    writeFileSync(at("tfjs/shards/one.bin"), bytes);
    writeFileSync(
      at("tfjs/model.json"),
      JSON.stringify({
        modelTopology: { node: [] },
        weightsManifest: [{ paths: ["shards/one.bin"], weights: entries }],
      }),
    );
    const convert = "weights net.fuse --model Other --convert tfjs/model.json -o";
    for (const path of ["tfjs/shards/one.bin", "tfjs/model.json", "tfjs/../tfjs/shards/one.bin"]) {
      const { code, err } = await fuse(folder, [...convert.split(" "), path]);
      expect(err).toMatch(/^error\[would-overwrite\]/);
      expect(code).toBe(1);
    }
    expect(readFileSync(at("tfjs/shards/one.bin")).equals(bytes)).toBe(true);
    await done(`${convert} tfjs/shards/two.safetensors`, infinite("tfjs/model.json"));
  });
});

describe("check", () => {
  test("reports an error shared by two files once, and continues after an unreadable file", async () => {
    const { code, out, err } = await fuse(folder, "check absent.fuse net.fuse scale.fuse bad.fuse".split(" "));
    expect(code).toBe(1);
    expect(out).toBe("net.fuse: 2 models, 2 variants\nscale.fuse: 1 block, 1 variant\n");
    expect(err.match(/^error.*$/gm)).toEqual([
      "error[unreadable-file]: cannot read `absent.fuse`: no such file",
      "error[unknown-attribute]: `Scale` has no attribute `r`",
    ]);
  });

  test("prints JSON", async () => {
    const { code, out, err } = await fuse(folder, "check absent.fuse bad.fuse --json".split(" "));
    expect([code, err]).toEqual([1, ""]);
    const { diagnostics } = JSON.parse(out) as { diagnostics: unknown[] };
    expect(diagnostics).toMatchObject([
      { code: "unreadable-file", severity: "error", file: "absent.fuse", span: null },
      { code: "unknown-attribute", file: "bad.fuse", span: { line: 5, column: 41, endLine: 5, endColumn: 42 } },
    ]);
  });
});

test("summary prints JSON, with numbers where sizes are given", async () => {
  const read = async (options: string) =>
    JSON.parse(await done(`summary net.fuse --model Other --json ${options}`.trim())) as unknown;
  const layer = { name: "fc", operator: "linear", weights: ["fc.weight", "fc.bias"], parameters: 6 };
  expect(await read("")).toMatchObject({ models: [{ at: null, layers: [{ ...layer, macs: "4*n" }] }] });
  expect(await read("--at n=3")).toMatchObject({
    models: [
      {
        at: { n: 3 },
        layers: [{ ...layer, results: ["[n: 3, c: 2]"], macs: 12 }],
        totals: { macs: 12, parameters: 6 },
      },
    ],
  });
});

test.each<[string, number[], number[], number, number, boolean]>([
  ["equal", [1, 2], [1, 2], 0, 0, true],
  ["relative beyond 1", [1000.5, 2], [1000, 2], 1e-3, 0.5, true],
  ["absolute below 1", [0.5, 0.002], [0.5, 0], 1e-3, 0.002, false],
  ["infinite and equal", [Infinity], [Infinity], 0, 0, true],
  ["infinite instead", [Infinity, 1], [1, 1], 1e9, Infinity, false],
  ["finite instead", [1, 1], [-Infinity, 1], 1e9, Infinity, false],
  ["NaN instead", [1, NaN], [1, 1], 1e9, NaN, false],
  ["NaN expected", [1, NaN], [1, NaN], 0, 0, true],
  ["NaN expected, but not there", [1, 1], [1, NaN], 1e9, NaN, false],
])("comparison: %s", (_, got, want, tolerance, difference, within) => {
  const array = (data: number[]) => ({ dtype: "f32" as const, shape: [data.length], data: Float64Array.from(data) });
  expect(largestDifference(array(got), array(want), tolerance)).toMatchObject({ difference, within });
});

test("numbers", () => {
  expect([1, 1234567, 10n ** 15n].map(countText)).toEqual(["1", "1,234,567", "1,000,000,000,000,000"]);
  const sizes = [0, 512, 1023, 1024, 1536, 10_240, 2 ** 20 - 1, 2 ** 31, 3e15, 2n ** 64n].map(bytesText);
  expect(sizes).toEqual([
    "0 B",
    "512 B",
    "1023 B",
    "1 KiB",
    "1.5 KiB",
    "10 KiB",
    "1 MiB",
    "2 GiB",
    "2.7 PiB",
    "16 EiB",
  ]);
  expect(["2GiB", "500 MB", "1.5kB", "7", "", "GiB", "-1", "1e3", "2gb"].map(parseBytes)).toEqual([
    ...[2 ** 31, 5e8, 1500, 7],
    ...[undefined, undefined, undefined, undefined, undefined],
  ]);
  expect([0, 1 / 3, 1e-7, 123456].map((value) => numberText(value))).toEqual(["0", "0.3333", "1e-7", "123500"]);
});
