/** @file What commands show of the optimizer, and which of its options they refuse. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeNpy } from "../../src/weights/npy.ts";
import { fuse } from "../support/command-line.ts";

/** Stable whatever is calibrated: these are no measurements. */
const costs = { macs: 1000, bytes: 1, rows: 1, resized: 1, step: 1_000_000 };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fuse-optimizer-"));
  const net = `fuse 1

block Up(x: [n, h, w, c]) -> [n, h: 2 * h, w: 2 * w, c] {
  return x |> resize(h: 2 * h, w: 2 * w) |> conv(c: c, bias: false) @conv
}

model Net(x: [n, h: 2 * i, w: 2 * j, c: 16]) -> (y: [n, h: 4 * i, w: 4 * j, c: 16], z: [n, h: 8 * i, w: 8 * j, c: 16]) {
  y = x |> Up @a
  z = y |> relu |> Up @b
  return y, z
}
`;
  const head = `fuse 1

model Head(x: [n, h, w, c: 64]) -> (y: [n, c: 64]) where h >= 2 {
  return x |> conv(c: 64) @conv |> relu |> mean(axis: [h, w])
}
`;
  writeFileSync(join(folder, "net.fuse"), net);
  writeFileSync(join(folder, "head.fuse"), head);
  writeFileSync(
    join(folder, "unit.fuse"),
    "fuse 1\n\nmodel Unit(x: [n, c: 2]) -> (y: [n, c: 2]) {\n  return relu(x)\n}\n",
  );
  writeFileSync(join(folder, "costs.json"), JSON.stringify(costs));
  writeFileSync(join(folder, "x.npy"), writeNpy({ dtype: "f32", shape: [1, 2], data: Float32Array.of(1, -1) }));
  mkdirSync(join(folder, "built.saved-model"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (text: string) => fuse(folder, text.split(" "));

test("summary numbers the changes, tells uses of a block apart, and predicts times", async () => {
  const { code, out } = await run("summary net.fuse --optimized --at i=16,j=16 --costs costs.json");
  expect(code).toBe(0);
  expect(out).toMatchInlineSnapshot(`
    "model Net, target esm, costs of costs.json, at n=1,i=16,j=16

                               as written  optimized
    predicted time                5.25 ms    1.32 ms  -75 %
    MACs                        5,242,880  1,310,720  -75 %
    bytes read                    1.8 MiB    898 KiB  -52 %
    bytes written                 2.8 MiB    1.8 MiB  -34 %
    memory peak                   2.3 MiB    1.5 MiB  -33 %
    steps                               5          5
    weights made when loading           0          0

    2 changes; fuse explain net.fuse --graph says why they are right

    change  saves  operator
         1   15 %  net.fuse:4:45  conv (y) in a, called at net.fuse:8:12
         2   60 %  net.fuse:4:45  conv (z) in b, called at net.fuse:9:20
    "
  `);
});

test("explain shows the same changes, and a limit counts them", async () => {
  const all = await run("explain net.fuse --graph --at i=16 --costs costs.json");
  const titles = (out: string) => out.split("\n").filter((line) => /^\d/.test(line));
  expect(titles(all.out)).toEqual([
    "1  net.fuse:4:45  conv (y) in a, called at net.fuse:8:12",
    "2  net.fuse:4:45  conv (z) in b, called at net.fuse:9:20",
  ]);
  const one = await run("explain net.fuse --graph --at i=16 --costs costs.json --optimize-limit 1");
  expect(titles(one.out)).toEqual(titles(all.out).slice(0, 1));
});

test("JSON has numbers and places of changes and of what is in the way", async () => {
  const { out } = await run("explain net.fuse --graph --json --costs costs.json");
  const [net] = (JSON.parse(out) as { models: { changes: unknown[]; predictedPicoseconds: object }[] }).models;
  expect(net!.changes[1]).toMatchObject({
    number: 2,
    places: [{ operator: "conv", path: "b", file: "net.fuse", line: 4, column: 45, calls: [{ line: 9, column: 20 }] }],
  });
  expect(Object.keys(net!.predictedPicoseconds)).toEqual(["asWritten", "optimized"]);
  const { out: head } = await run("explain head.fuse --graph --json --costs costs.json");
  const [found] = (JSON.parse(head) as { models: { nearMisses: unknown[] }[] }).models;
  expect(found!.nearMisses[0]).toMatchObject({
    operator: "mean",
    file: "head.fuse",
    line: 4,
    column: 44,
    partner: { operator: "conv", file: "head.fuse", line: 4, column: 15 },
    blocker: { operator: "relu", file: "head.fuse", line: 4, column: 36 },
    obstacle: "not linear",
  });
  const { out: summary } = await run("summary net.fuse --optimized --json --costs costs.json");
  const [compared] = (JSON.parse(summary) as { models: { changes: unknown[] }[] }).models;
  expect(compared!.changes[0]).toMatchObject({ number: 1, places: [{ operator: "conv", path: "a" }] });
});

test("a near miss says what would be saved, and only rows with products have MACs", async () => {
  const { out } = await run("explain head.fuse --graph --at h=8,w=8 --costs costs.json");
  expect(out).toMatchInlineSnapshot(`
    "model Head, target esm, costs of costs.json: 0 changes, numbers at n=1,h=8,w=8
    predicted time 0.264 ms

    not done
    head.fuse:4:44  mean
      \`mean\` stays after \`conv\` at line 4: \`relu\` at line 4 is between them, and \`relu\` is not linear
      without that, it would take 98 % less time and 258,048 fewer MACs
    "
  `);
});

test.each([
  ["build head.fuse --at q=2", "the inputs have no size `q`; they have n, h, w"],
  ["explain head.fuse --graph --at q=2", "the inputs have no size `q`; they have n, h, w"],
  ["summary head.fuse --optimized --at q=2", "the inputs have no size `q`; they have n, h, w"],
  ["summary head.fuse --at q=2", "the inputs have no size `q`; they have n, h, w"],
  ["summary head.fuse --variants --at q=2", "the inputs have no size `q`; they have n, h, w"],
  ["check head.fuse --hints --at q=2", "the inputs have no size `q`; they have n, h, w"],
  ["build head.fuse --at h=1", "Head: h >= 2 is required (head.fuse:3), but h is 1"],
  ["explain head.fuse --graph --at h=1", "Head: h >= 2 is required (head.fuse:3), but h is 1"],
  ["summary head.fuse --optimized --at h=1", "Head: h >= 2 is required (head.fuse:3), but h is 1"],
  ["check head.fuse --hints --at h=1", "Head: h >= 2 is required (head.fuse:3), but h is 1"],
])("every command refuses the same sizes: %s", async (command, message) => {
  const { code, out, err } = await run(command);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain(`error[bad-input]: ${message}\n`);
});

test("what nothing is given for is said: sizes that a model refuses, and the target whose costs a file holds", async () => {
  const text =
    "fuse 1\n\nmodel Big(x: [n, h, w, c: 64]) -> (y: [n, c: 64]) where h >= 100 {\n  return x |> conv(c: 64) @conv |> relu |> mean(axis: [h, w])\n}\n";
  writeFileSync(join(folder, "big.fuse"), text);
  const message = "Big: h >= 100 is required (big.fuse:3), but h is 64";
  expect((await run("summary big.fuse --optimized --at w=8")).err).toBe(
    `error[bad-input]: ${message}\n  = no size is given for n, h, so Fuse assumes n=1,h=64\n  help: give the sizes of all inputs    --at n=…,h=…,w=…\n`,
  );
  const explained = await run("explain big.fuse --graph --costs costs.json --backend wasm");
  expect(explained.out.split("\n").slice(0, 2)).toEqual([
    "model Big, target esm on wasm, costs of costs.json: 0 changes, numbers at n=1,h=64,w=64",
    `the model refuses these sizes (${message}); --at gives others`,
  ]);
  const { err } = await run("check big.fuse --hints --costs costs.json");
  expect(err).toContain(`= costs are compared at sizes that the model refuses (${message})\n`);
  expect(err).toContain("= the costs of costs.json are taken as those of target esm, because no --target is given\n");
  const json = await run("explain big.fuse --graph --json --costs costs.json --at h=100");
  const [big] = (JSON.parse(json.out) as { models: object[] }).models;
  expect(big).toMatchObject({
    name: "Big",
    target: "esm",
    backend: null,
    costs: "costs.json",
    at: { n: 1, h: 100, w: 64 },
  });
});

test("sizes that are not given are nominal", async () => {
  const { out } = await run("summary head.fuse --at w=3");
  expect(out).toContain("model Head(x: [n: 1, h: 64, w: 3, c: 64])");
  for (const command of ["explain head.fuse --graph", "summary head.fuse --optimized"])
    expect((await run(`${command} --at w=3`)).out).toContain("at n=1,h=64,w=3");
  expect(await run("build unit.fuse --at n=3 -o out")).toMatchObject({ code: 0, err: "" });
});

test.each([
  ["build head.fuse --no-optimize --optimize-limit 1", "--no-optimize and --optimize-limit exclude each other"],
  ["build head.fuse --no-optimize --at h=4", "--no-optimize and --at exclude each other"],
  ["run head.fuse --no-optimize --optimize-limit 1", "--no-optimize and --optimize-limit exclude each other"],
  [
    "run head.fuse --debug --optimize-limit 1",
    "--debug and --optimize-limit exclude each other: it looks at the model as written",
  ],
  ["run built.saved-model --no-optimize", "--no-optimize is only for programs, and built.saved-model is not one"],
  [
    "run built.saved-model --optimize-limit 1",
    "--optimize-limit is only for programs, and built.saved-model is not one",
  ],
  ["summary head.fuse --optimize-limit 1", "--optimize-limit needs --optimized"],
  ["explain bad-input --optimize-limit 1", "--optimize-limit needs --graph"],
  ["explain bad-input --target onnx", "--target needs --graph"],
  ["check head.fuse --at h=4", "--at needs --hints"],
  ["check head.fuse --target onnx", "--target needs --hints"],
  ["build head.fuse --at h=3,h=4", "option '--at <sizes>' argument 'h=3,h=4' is invalid. h is given twice."],
  ["explain head.fuse", "there is no diagnostic 'head.fuse'; if it is a program, write fuse explain head.fuse --graph"],
])("options without effect, and what is no diagnostic, are refused: %s", async (command, message) => {
  expect(await run(command)).toEqual({ code: 2, out: "", err: `fuse: ${message}\n` });
});

test("--debug says that it runs the model as the program writes it", async () => {
  const { code, out } = await run("run unit.fuse --in x=x.npy --debug --backend cpu");
  expect(code).toBe(0);
  expect(out).toMatch(/^Unit on cpu \(calls\), as the program writes it: /m);
  expect((await run("run --help")).out.replace(/\s+/g, " ")).toContain("run the model as the program writes it");
});

test("hints are for the target, the sizes and the costs that are asked for", async () => {
  const { code, err } = await run("check head.fuse --hints --target onnx --at h=32,w=32 --costs costs.json");
  expect(code).toBe(0);
  expect(err).toMatchInlineSnapshot(`
    "warning[could-be-cheaper]: \`Head\` would take about 99 % less time if \`mean\` came before \`conv\`
      ┌─ head.fuse:4:44
    4 │   return x |> conv(c: 64) @conv |> relu |> mean(axis: [h, w])
      │                                            ^^^^^^^^^^^^^^^^^^
      = \`conv\` is at 4:15
      = \`relu\` is between them at 4:36
      = \`relu\` is not linear
      = the costs of costs.json are taken as those of target onnx
      help: write \`mean\` before \`relu\`, if such a model is as good for you: its results differ, and it must be trained

    1 warning
    "
  `);
  writeFileSync(join(folder, "free.json"), JSON.stringify({ ...costs, macs: 0, bytes: 0 }));
  expect((await run("check head.fuse --hints --costs free.json")).err).toBe("");
});
